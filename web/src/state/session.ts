// Who is logged in on this device.
// SPDX-License-Identifier: MIT
import { signal } from "@preact/signals";
import * as accounts from "../api/accounts";
import { ApiError, authorize, onUnauthorized } from "../api/http";
import type { OwnUser } from "../api/model";
import { t } from "../strings";
import { notify } from "./notice";

const storageKey = "coterie.token";

export const token = signal<string | null>(null);
export const me = signal<OwnUser | null>(null);

function adopt(next: string | null): void {
  authorize(next);
  if (next === token.peek()) return;
  me.value = null;
  token.value = next;
}

export function openSession(next: string): void {
  localStorage.setItem(storageKey, next);
  adopt(next);
}

function closeSession(): void {
  localStorage.removeItem(storageKey);
  adopt(null);
}

// Who wants to put something by for the next session of the same user, while `me` still says who.
let beforeExpiry: () => void = () => {};
export function onExpiry(listener: () => void): void {
  beforeExpiry = listener;
}

// The server no longer knows this session: it expired, or it was ended from elsewhere.
export function expireSession(): void {
  if (token.value === null) return;
  beforeExpiry();
  closeSession();
  notify(t.sessionEnded, "error");
}

export async function logout(): Promise<void> {
  try {
    await accounts.logout();
  } catch (error) {
    // Leaving must work without the server, too; what it does not hear of expires there.
    if (!(error instanceof ApiError)) throw error;
  }
  closeSession();
}

export async function loadProfile(): Promise<void> {
  me.value = await accounts.profile();
}

export function startSession(): void {
  onUnauthorized(expireSession);
  adopt(localStorage.getItem(storageKey));
  // Logging in or out in one tab is for all tabs of the browser.
  addEventListener("storage", (event) => {
    if (event.key === storageKey) adopt(event.newValue);
  });
}
