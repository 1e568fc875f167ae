// A message in one line, for lists and notifications.
// SPDX-License-Identifier: MIT
import { type Id, type Message, MessageType } from "./api/model";
import { plainText } from "./markdown";
import { t } from "./strings";
import { displayName } from "./names";

export function said(message: Message): string {
  if (message.type === MessageType.image) return t.fileMessage.image;
  if (message.type === MessageType.video) return t.fileMessage.video;
  return plainText(message.content ?? "");
}

export function summaryOf(message: Message, readerId: Id | null): string {
  const author = message.userId === readerId ? t.you : displayName(message.user);
  return `${author}: ${said(message)}`;
}
