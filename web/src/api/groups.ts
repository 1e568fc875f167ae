// Groups: creating, joining, looking inside.
// SPDX-License-Identifier: MIT
import { get, post, postForm } from "./http";
import type { Id } from "./model";

export interface NewGroup {
  name: string;
  coverId: Id;
  description?: string;
}

export const uploadCover = (picture: Blob) => postForm("/api/group/cover", { file: picture });
export const create = (group: NewGroup) => post("/api/group", group);
export const join = (code: string) => post("/api/group/join", { code });
export const detail = (id: Id) => get("/api/group/{id}", { id });
