// Groups: creating, joining, looking inside.
// SPDX-License-Identifier: MIT
import { form, get, post } from "./http";
import type { File, Group, GroupDetail, Id } from "./model";

export interface NewGroup {
  name: string;
  coverId: Id;
  description?: string;
}

export const uploadCover = (picture: Blob) =>
  post<File>("/api/group/cover", form({ file: picture }));
export const create = (group: NewGroup) =>
  post<Group & { inviteCode: string }>("/api/group", group);
export const join = (code: string) => post<void>("/api/group/join", { code });
export const detail = (id: Id) => get<GroupDetail>(`/api/group/${id}`);
