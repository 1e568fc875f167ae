// What is being written, by group: it stays while the reader looks into another one.
// SPDX-License-Identifier: MIT
import { effect, type Signal, signal } from "@preact/signals";
import type { Id } from "../api/model";
import { type Attachment, attachmentOf, attachmentsMax } from "../attachments";
import { MediaError } from "../pictures";
import { t } from "../strings";
import { notify } from "./notice";
import { token } from "./session";

export interface Writing {
  text: Signal<string>;
  attachments: Signal<Attachment[]>;
  preparing: Signal<number>; // Files that are being looked at.
}

const known = new Map<Id, Writing>();

export function writingOf(groupId: Id): Writing {
  let writing = known.get(groupId);
  if (!writing) {
    writing = { text: signal(""), attachments: signal([]), preparing: signal(0) };
    known.set(groupId, writing);
  }
  return writing;
}

export async function attach(groupId: Id, files: Iterable<File>): Promise<void> {
  const { attachments, preparing } = writingOf(groupId);
  for (const file of files) {
    if (attachments.peek().length >= attachmentsMax) {
      return notify(t.attachmentsMax(attachmentsMax), "error");
    }
    preparing.value += 1;
    try {
      const attachment = await attachmentOf(file);
      attachments.value = [...attachments.peek(), attachment];
    } catch (error) {
      if (!(error instanceof MediaError)) throw error;
      notify(error.message, "error");
    } finally {
      preparing.value -= 1;
    }
  }
}

// Hands over what is attached; the group has none any more.
export function takeAttachments(groupId: Id): Attachment[] {
  const { attachments } = writingOf(groupId);
  const taken = attachments.peek();
  attachments.value = [];
  return taken;
}

export function detach(groupId: Id, attachment: Attachment): void {
  const { attachments } = writingOf(groupId);
  attachments.value = attachments.peek().filter((other) => other !== attachment);
  URL.revokeObjectURL(attachment.url);
}

export function startWriting(): void {
  effect(() => {
    if (token.value !== null) return;
    for (const id of known.keys()) {
      for (const { url } of takeAttachments(id)) URL.revokeObjectURL(url);
    }
    known.clear();
  });
}
