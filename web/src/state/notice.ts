// One short line for the reader about what just happened.
// SPDX-License-Identifier: MIT
import { signal } from "@preact/signals";

export interface Notice {
  text: string;
  kind: "info" | "error";
}

export const notice = signal<Notice | null>(null);

const shownMilliseconds = 6000;
let timer: ReturnType<typeof setTimeout> | undefined;

export function notify(text: string, kind: Notice["kind"] = "info"): void {
  clearTimeout(timer);
  notice.value = { text, kind };
  timer = setTimeout(dismissNotice, shownMilliseconds);
}

export function dismissNotice(): void {
  clearTimeout(timer);
  notice.value = null;
}
