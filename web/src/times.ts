// Points in time, told the way people read them.
// SPDX-License-Identifier: MIT
import type { Instant } from "./api/model";
import { locale, t } from "./strings";

const clock = new Intl.DateTimeFormat(locale, { timeStyle: "short" });
const weekday = new Intl.DateTimeFormat(locale, { weekday: "long" });
const shortDate = new Intl.DateTimeFormat(locale, { month: "numeric", day: "numeric" });
const longDate = new Intl.DateTimeFormat(locale, {
  year: "numeric",
  month: "long",
  day: "numeric",
  weekday: "long",
});
const full = new Intl.DateTimeFormat(locale, { dateStyle: "long", timeStyle: "medium" });

const startOfDay = (date: Date) =>
  new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();

// Whole days by the reader's calendar; rounding takes the hour of a clock change out.
function daysAgo(date: Date): number {
  return Math.round((startOfDay(new Date()) - startOfDay(date)) / 86_400_000);
}

export const timeOfDay = (instant: Instant) => clock.format(new Date(instant));
export const fullTime = (instant: Instant) => full.format(new Date(instant));
export const isSameDay = (a: Instant, b: Instant) =>
  startOfDay(new Date(a)) === startOfDay(new Date(b));

// For a list: as short as it can be.
export function briefTime(instant: Instant): string {
  const date = new Date(instant);
  const days = daysAgo(date);
  if (days <= 0) return clock.format(date);
  if (days === 1) return t.yesterday;
  return days < 7 ? weekday.format(date) : shortDate.format(date);
}

export function dayName(instant: Instant): string {
  const date = new Date(instant);
  const days = daysAgo(date);
  if (days === 0) return t.today;
  return days === 1 ? t.yesterday : longDate.format(date);
}
