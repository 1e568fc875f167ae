// What travels between the page and the server: the shapes of the answers.
// SPDX-License-Identifier: MIT

export type Id = number;
export type Instant = string; // ISO 8601 with milliseconds and Z.

export const FileType = {
  avatar: "avatar",
  cover: "cover",
  image: "image",
  video: "video",
} as const;
export const MessageType = { text: 0, image: 1, video: 2 } as const;
export const Role = { owner: 0, member: 1 } as const;

interface Row {
  id: Id;
  createAt: Instant;
  updateAt: Instant;
}

export interface File extends Row {
  path: string;
  type: (typeof FileType)[keyof typeof FileType];
  url: string;
  createById: Id;
  // Of pictures, where they are known.
  width?: number;
  height?: number;
  thumbnail?: string; // The address of a smaller one.
}

export interface User extends Row {
  username: string;
  email?: string; // Only one's own.
  nickname: string | null;
  avatarId: Id | null;
  avatar?: File | null;
}

export interface Group extends Row {
  name: string;
  description: string | null;
  inviteCode?: string; // Only for the owner.
  coverId: Id;
  createById: Id;
  cover?: File | null;
}

export interface GroupDetail extends Group {
  users: User[];
}

export interface SentMessage extends Row {
  type: (typeof MessageType)[keyof typeof MessageType];
  content: string | null;
  userId: Id;
  groupId: Id;
  coverId: Id | null;
  fileId: Id | null;
}

export interface Message extends SentMessage {
  user: User;
  file?: File | null;
  cover?: File | null;
}

export interface ReadMark extends Row {
  userRole: (typeof Role)[keyof typeof Role];
  lastMsgId: Id | null;
  userId: Id;
  groupId: Id;
  recentMsg: Message | null;
  unreadNum: number;
}

export interface Conversation extends ReadMark {
  group: Group;
}
