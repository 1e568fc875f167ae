// Points in time, told the way people read them.
// SPDX-License-Identifier: MIT
import type { Instant } from "./api/model";
import { locale, t } from "./strings";

const formats = {
  clock: { timeStyle: "short" },
  weekday: { weekday: "long" },
  shortDate: { month: "numeric", day: "numeric" },
  longDate: { year: "numeric", month: "long", day: "numeric", weekday: "long" },
  full: { dateStyle: "long", timeStyle: "medium" },
} satisfies Record<string, Intl.DateTimeFormatOptions>;

// Formatters are dear to make and cheap to use: one for each way and language.
const made = new Map<string, Intl.DateTimeFormat>();

function format(date: Date, name: keyof typeof formats): string {
  const key = `${locale} ${name}`;
  let formatter = made.get(key);
  if (!formatter) made.set(key, (formatter = new Intl.DateTimeFormat(locale, formats[name])));
  return formatter.format(date);
}

const startOfDay = (date: Date) =>
  new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();

// Whole days by the reader's calendar; rounding takes the hour of a clock change out.
function daysAgo(date: Date): number {
  return Math.round((startOfDay(new Date()) - startOfDay(date)) / 86_400_000);
}

export const timeOfDay = (instant: Instant) => format(new Date(instant), "clock");
export const fullTime = (instant: Instant) => format(new Date(instant), "full");
export const isSameDay = (a: Instant, b: Instant) =>
  startOfDay(new Date(a)) === startOfDay(new Date(b));

// For a list: as short as it can be.
export function briefTime(instant: Instant): string {
  const date = new Date(instant);
  const days = daysAgo(date);
  if (days <= 0) return format(date, "clock");
  if (days === 1) return t.yesterday;
  return format(date, days < 7 ? "weekday" : "shortDate");
}

export function dayName(instant: Instant): string {
  const date = new Date(instant);
  const days = daysAgo(date);
  if (days === 0) return t.today;
  return days === 1 ? t.yesterday : format(date, "longDate");
}
