// Every word the page says, in the reader's language: the chosen one, at first the browser's.
// SPDX-License-Identifier: MIT
import { signal } from "@preact/signals";
import { ApiError } from "./api/http";
import { en, type Words } from "./strings/en";
import { zh } from "./strings/zh";

export const languages = { en, zh };
export type Language = keyof typeof languages;

const storageKey = "coterie.language";
const preferred = navigator.languages.find((tag) => /^(zh|en)\b/i.test(tag)) ?? "en";
const languageOf = (tag: string): Language => (/^zh/i.test(tag) ? "zh" : "en");

export const language = signal<Language>("en");

// What is said; views are drawn anew when the language changes, so they just read it.
export let t: Words = en;
// With the region, which decides how dates and times are written.
export let locale = preferred;

function speak(next: Language): void {
  t = languages[next];
  locale = languageOf(preferred) === next ? preferred : t.language;
  document.documentElement.lang = t.language;
  language.value = next;
}

export function chooseLanguage(next: Language): void {
  localStorage.setItem(storageKey, next);
  speak(next);
}

const chosen = localStorage.getItem(storageKey);
speak(chosen !== null && chosen in languages ? (chosen as Language) : languageOf(preferred));

// A failed call in the reader's language, as far as the server's codes tell; else in its words.
export function describe(error: unknown): string {
  if (!(error instanceof ApiError)) throw error;
  if (error.status === 0) return t.noAnswer;
  if (error.status === 429 && error.retryAfterSeconds)
    return t.waitSeconds(error.retryAfterSeconds);
  return t.errors[error.code] ?? error.message;
}
