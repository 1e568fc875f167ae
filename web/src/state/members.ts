// Who is in which group: read when a group is opened, kept until the session ends.
// SPDX-License-Identifier: MIT
import { effect, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { ApiError } from "../api/http";
import * as groups from "../api/groups";
import type { GroupDetail, Id } from "../api/model";
import { token } from "./session";

const known = new Map<Id, Signal<GroupDetail | null>>();

function entry(groupId: Id): Signal<GroupDetail | null> {
  let detail = known.get(groupId);
  if (!detail) known.set(groupId, (detail = signal(null)));
  return detail;
}

export const detailOf = (groupId: Id): ReadonlySignal<GroupDetail | null> => entry(groupId);

export async function loadDetail(groupId: Id): Promise<void> {
  entry(groupId).value = await groups.detail(groupId);
}

// For what can do without: names to mention.
export function prepareDetail(groupId: Id): void {
  loadDetail(groupId).catch((error: unknown) => {
    if (!(error instanceof ApiError)) throw error;
  });
}

export function startMembers(): void {
  effect(() => {
    if (token.value === null) known.clear();
  });
}
