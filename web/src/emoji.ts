// The emoji of the picker: fetched when it is first opened, found by word, remembered by use.
// SPDX-License-Identifier: MIT
import en from "emoji:en";
import zh from "emoji:zh";
import { language } from "./strings";

export type Emoji = readonly [sign: string, name: string, words: string];
export type EmojiGroups = readonly (readonly Emoji[])[];

const files = { en, zh };
const fetched = new Map<string, Promise<EmojiGroups>>();

export function emojiGroups(): Promise<EmojiGroups> {
  const file = files[language.peek()];
  let groups = fetched.get(file);
  if (!groups) {
    groups = fetch(file).then((answer) => {
      if (!answer.ok) throw new TypeError(`HTTP ${answer.status}`);
      return answer.json() as Promise<EmojiGroups>;
    });
    groups.catch(() => fetched.delete(file)); // Asked for again the next time.
    fetched.set(file, groups);
  }
  return groups;
}

export function findEmoji(groups: EmojiGroups, text: string, limit: number): Emoji[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const matches = ([, name, others]: Emoji) => {
    const known = `${name} ${others}`.toLowerCase();
    return words.every((word) => known.includes(word));
  };
  return groups.flat().filter(matches).slice(0, limit);
}

const storageKey = "coterie.emoji";
const recentMax = 24;
const atFirst = ["👍", "❤️", "😂", "🎉", "😮", "😢", "🙏", "🔥"];

export function recentEmoji(): string[] {
  return localStorage.getItem(storageKey)?.split(" ") ?? atFirst;
}

export function rememberEmoji(sign: string): void {
  const others = recentEmoji().filter((other) => other !== sign);
  localStorage.setItem(storageKey, [sign, ...others].slice(0, recentMax).join(" "));
}
