// What the reader has chosen for this device: the look, and how new messages are told.
// SPDX-License-Identifier: MIT
import { effect, type Signal, signal } from "@preact/signals";

export const themes = ["system", "light", "dark"] as const;
export type Theme = (typeof themes)[number];

// A value that outlives the page. One that is not among `allowed` was not written by us.
function kept<T extends string>(name: string, allowed: readonly T[]): Signal<T> {
  const key = `coterie.${name}`;
  const stored = localStorage.getItem(key) as T | null;
  const value = signal<T>(stored !== null && allowed.includes(stored) ? stored : allowed[0]!);
  addEventListener("storage", (event) => {
    const next = event.newValue as T | null;
    if (event.key === key && next !== null && allowed.includes(next)) value.value = next;
  });
  effect(() => {
    if (value.value === allowed[0]) localStorage.removeItem(key);
    else localStorage.setItem(key, value.value);
  });
  return value;
}

export const theme = kept("theme", themes);
export const notifications = kept<"on" | "off">("notifications", ["off", "on"]);
export const sound = kept<"on" | "off">("sound", ["off", "on"]);

// The style sheet looks at the attribute; without it the device decides.
effect(() => {
  if (theme.value === "system") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = theme.value;
});
