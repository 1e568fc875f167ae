// What travels between the page and the server, by the names that docs/openapi.json gives it.
// SPDX-License-Identifier: MIT
import type { components } from "./schema";

type Schemas = components["schemas"];

export type Id = Schemas["Id"];
export type Instant = Schemas["Time"]; // ISO 8601 with milliseconds and Z.

export const MessageType = { text: 0, image: 1, video: 2 } as const;

export type File = Schemas["File"];
export type OwnUser = Schemas["OwnUser"];
// A person as one of a list, or in a message: there without the file of the picture.
export type User = Schemas["PlainUser"] & Partial<Pick<Schemas["User"], "avatar">>;
export type Group = Schemas["Group"];
export type GroupDetail = Schemas["GroupDetail"];
export type Message = Schemas["RecentMessage"] &
  Partial<Pick<Schemas["Message"], "file" | "cover">>;
export type SentMessage = Schemas["NewText"] | Schemas["NewFileMessage"];
export type ReadMark = Schemas["ReadMark"];
export type Conversation = Schemas["Conversation"];
