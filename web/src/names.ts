// What people are called, and where a text speaks of them.
// SPDX-License-Identifier: MIT
import type { User } from "./api/model";

export const displayName = (user: User) => user.nickname || user.username;

export type Piece = string | { user: User; text: string };

// Behind "@" stands a username or a nickname of a member, and no letter or digit behind that.
export function splitMentions(text: string, members: User[]): Piece[] {
  if (!text.includes("@") || members.length === 0) return [text];
  const names = new Map<string, User>();
  for (const user of members) {
    names.set(user.username.toLowerCase(), user);
    if (user.nickname) names.set(user.nickname.toLowerCase(), user);
  }
  const lengths = [...new Set([...names.keys()].map((name) => name.length))].sort((a, b) => b - a);
  const lower = text.toLowerCase();
  const pieces: Piece[] = [];
  let begin = 0;
  for (let at = text.indexOf("@"); at >= 0; at = text.indexOf("@", at + 1)) {
    if (/[\p{L}\p{N}]$/u.test(text.slice(0, at))) continue; // An e-mail address.
    for (const length of lengths) {
      const user = names.get(lower.slice(at + 1, at + 1 + length));
      const end = at + 1 + length;
      if (!user || /^[\p{Script=Latin}\p{N}_]/u.test(text.slice(end))) continue;
      if (begin < at) pieces.push(text.slice(begin, at));
      pieces.push({ user, text: text.slice(at, end) });
      begin = end;
      break;
    }
  }
  if (begin < text.length || pieces.length === 0) pieces.push(text.slice(begin));
  return pieces;
}

// The word behind the "@" that the cursor stands in, while it is being written.
export function mentionBefore(text: string, cursor: number): string | null {
  return /(?:^|[\s(（，。])@([^\s@]{0,20})$/u.exec(text.slice(0, cursor))?.[1] ?? null;
}

export function matchMembers(members: User[], word: string, limit: number): User[] {
  const wanted = word.toLowerCase();
  const has = (name: string | null) => name?.toLowerCase().includes(wanted) ?? false;
  const starts = ({ username, nickname }: User) =>
    username.toLowerCase().startsWith(wanted) || nickname?.toLowerCase().startsWith(wanted);
  const found = members.filter(({ username, nickname }) => has(username) || has(nickname));
  return [...found.filter(starts), ...found.filter((user) => !starts(user))].slice(0, limit);
}
