// Conversations: the list, the history, sending.
// SPDX-License-Identifier: MIT
import { form, get, post, type Transfer, upload } from "./http";
import type { Id } from "./model";

export const list = () => get("/api/conversation/list");

// At most `size` messages, newest first; with a cursor only those with smaller ids.
export const history = (groupId: Id, size: number, cursorId?: Id) =>
  get("/api/conversation/group/message/list", { groupId, size, cursorId });

// At most `limit` messages behind that number, oldest first, and how far the group has come.
export const sync = (groupId: Id, afterSeq: number, limit: number) =>
  get("/api/conversation/group/message/sync", { groupId, afterSeq, limit });

// What is sent carries a name. Sent again under it, it is answered with what was stored.
export const sendText = (groupId: Id, content: string, clientMsgId: string) =>
  post("/api/conversation/group/message/text", { groupId, content, clientMsgId });

// Fields go first, so that a server which reads the upload as a stream can refuse early.
const fields = (groupId: Id, clientMsgId: string, files: Record<string, Blob>) =>
  form({ groupId: String(groupId), clientMsgId, ...files });

export const sendImage = (groupId: Id, file: Blob, clientMsgId: string, transfer: Transfer) =>
  upload("/api/conversation/group/message/image", fields(groupId, clientMsgId, { file }), transfer);

// The first file of the form is the video, the second its cover.
export const sendVideo = (
  groupId: Id,
  file: Blob,
  cover: Blob,
  clientMsgId: string,
  transfer: Transfer,
) =>
  upload(
    "/api/conversation/group/message/video",
    fields(groupId, clientMsgId, { file, cover }),
    transfer,
  );
