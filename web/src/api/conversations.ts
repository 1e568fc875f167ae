// Conversations: the list, the history, sending.
// SPDX-License-Identifier: MIT
import { form, get, post, type Transfer, upload } from "./http";
import type { Id } from "./model";

export const list = () => get("/api/conversation/list");

// At most `size` messages, newest first; with a cursor only those with smaller ids.
export const history = (groupId: Id, size: number, cursorId?: Id) =>
  get("/api/conversation/group/message/list", { groupId, size, cursorId });

export const sendText = (groupId: Id, content: string) =>
  post("/api/conversation/group/message/text", { groupId, content });

// The group goes first, so that a server which reads the upload as a stream can refuse early.
export const sendImage = (groupId: Id, picture: Blob, transfer: Transfer) =>
  upload(
    "/api/conversation/group/message/image",
    form({ groupId: String(groupId), file: picture }),
    transfer,
  );

// The first file of the form is the video, the second its cover.
export const sendVideo = (groupId: Id, video: Blob, cover: Blob, transfer: Transfer) =>
  upload(
    "/api/conversation/group/message/video",
    form({ groupId: String(groupId), file: video, cover }),
    transfer,
  );
