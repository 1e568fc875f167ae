// Texts that the server has not accepted when the page is left: kept for this tab, so that they go
// on leaving, under their names, when it was only a reload.
// SPDX-License-Identifier: MIT
import type { Id } from "../api/model";
import type { Draft } from "./outbox";

const storageKey = "coterie.unsent";

type Text = Pick<Draft, "groupId" | "content" | "clientMsgId">;

interface Kept {
  authorId: Id;
  texts: Text[];
}

export function keepUnsent(authorId: Id, drafts: Draft[]): void {
  const texts = drafts
    .filter(({ attachment }) => attachment === null)
    .map(({ groupId, content, clientMsgId }): Text => ({ groupId, content, clientMsgId }));
  if (texts.length === 0) return sessionStorage.removeItem(storageKey);
  const kept: Kept = { authorId, texts };
  sessionStorage.setItem(storageKey, JSON.stringify(kept));
}

// Nobody's texts are sent by somebody else who has logged in since.
export function takeUnsent(authorId: Id): Text[] {
  const stored = sessionStorage.getItem(storageKey);
  sessionStorage.removeItem(storageKey);
  if (stored === null) return [];
  const kept = JSON.parse(stored) as Kept;
  return kept.authorId === authorId ? kept.texts : [];
}
