// What the admin view watches: asked for again and again while somebody looks.
// SPDX-License-Identifier: MIT
import { batch, signal } from "@preact/signals";
import * as api from "../api/admin";
import { ApiError } from "../api/http";
import { describe } from "../strings";

const everyMilliseconds = 1000;
const samplesMax = 90;

type Rows<T extends (...nothing: never[]) => Promise<unknown>> = Awaited<ReturnType<T>>;

export const overview = signal<api.Overview | null>(null);
export const deliveries = signal<number[]>([]); // A second, sample by sample; newest last.
export const connections = signal<Rows<typeof api.connections>>([]);
export const users = signal<Rows<typeof api.users>>([]);
export const groups = signal<Rows<typeof api.groups>>([]);
export const problem = signal("");

// How many were delivered in each second between two looks. A server that was started in between
// has begun to count anew.
export interface Look {
  at: number; // Milliseconds of this device's clock.
  delivered: number;
}

export function rate(before: Look | null, now: Look): number | null {
  if (!before || now.delivered < before.delivered) return null;
  const seconds = (now.at - before.at) / 1000;
  return seconds > 0 ? (now.delivered - before.delivered) / seconds : null;
}

let lastLook: Look | null = null;

async function look(): Promise<void> {
  try {
    const [now, ...rows] = await Promise.all([
      api.overview(),
      api.connections(),
      api.users(),
      api.groups(),
    ]);
    const thisLook = { at: performance.now(), delivered: now.delivered };
    const perSecond = rate(lastLook, thisLook);
    lastLook = thisLook;
    batch(() => {
      overview.value = now;
      [connections.value, users.value, groups.value] = rows;
      if (perSecond !== null) {
        deliveries.value = [...deliveries.peek(), perSecond].slice(-samplesMax);
      }
      problem.value = "";
    });
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    problem.value = describe(error);
  }
}

// Looks until the returned function is called.
export function watch(): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isOver = false;
  const again = async () => {
    if (!document.hidden) await look();
    if (!isOver) timer = setTimeout(() => void again(), everyMilliseconds);
  };
  void again();
  return () => {
    isOver = true;
    clearTimeout(timer);
  };
}

export async function disconnect(id: string): Promise<void> {
  await api.disconnect(id);
  await look();
}
