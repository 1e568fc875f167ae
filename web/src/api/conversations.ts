// Conversations: the list, the history, sending.
// SPDX-License-Identifier: MIT
import { form, get, post, type Transfer, upload } from "./http";
import type { Conversation, Id, Message, SentMessage } from "./model";

const base = "/api/conversation";

export const list = () => get<Conversation[]>(`${base}/list`);

// At most `size` messages, newest first; with a cursor only those with smaller ids.
export function history(groupId: Id, size: number, cursorId?: Id): Promise<Message[]> {
  const query = new URLSearchParams({ groupId: String(groupId), size: String(size) });
  if (cursorId !== undefined) query.set("cursorId", String(cursorId));
  return get<Message[]>(`${base}/group/message/list?${query}`);
}

export const sendText = (groupId: Id, content: string) =>
  post<SentMessage>(`${base}/group/message/text`, { groupId, content });

// The group goes first, so that a server which reads the upload as a stream can refuse early.
export const sendImage = (groupId: Id, picture: Blob, transfer: Transfer) =>
  upload<SentMessage>(
    `${base}/group/message/image`,
    form({ groupId: String(groupId), file: picture }),
    transfer,
  );

// The first file of the form is the video, the second its cover.
export const sendVideo = (groupId: Id, video: Blob, cover: Blob, transfer: Transfer) =>
  upload<SentMessage>(
    `${base}/group/message/video`,
    form({ groupId: String(groupId), file: video, cover }),
    transfer,
  );
