// How a new message is told to somebody who does not look: the title, a notification, a sound.
// SPDX-License-Identifier: MIT
import { effect } from "@preact/signals";
import { fileUrl } from "../api/files";
import type { Group, Message } from "../api/model";
import { summaryOf } from "../summary";
import { onHeard, unreadTotal } from "./chat";
import { go } from "./route";
import { notifications, sound } from "./settings";

const heardKey = "coterie.heard";
const quietMilliseconds = 1500; // A burst of messages rings once.

let audio: AudioContext | null = null;
let lastRing = 0;

export const canNotify = () => "Notification" in window && Notification.permission !== "denied";

// To be called from a click: browsers ask for permission, and let sounds play, only then.
export async function allowNotifications(): Promise<boolean> {
  if (!("Notification" in window)) return false;
  return (await Notification.requestPermission()) === "granted";
}

// Two soft notes, made here: no file to fetch.
export function ring(): void {
  audio ??= new AudioContext();
  const start = audio.currentTime;
  for (const [delay, pitch] of [
    [0, 660],
    [0.11, 880],
  ] as const) {
    const note = audio.createOscillator();
    const loudness = audio.createGain();
    note.frequency.value = pitch;
    loudness.gain.setValueAtTime(0, start + delay);
    loudness.gain.linearRampToValueAtTime(0.12, start + delay + 0.015);
    loudness.gain.exponentialRampToValueAtTime(0.001, start + delay + 0.28);
    note.connect(loudness).connect(audio.destination);
    note.start(start + delay);
    note.stop(start + delay + 0.3);
  }
}

// Of several tabs of one browser only the first to hear of a message makes a sound.
function isFirstToHear(message: Message): boolean {
  if (Number(localStorage.getItem(heardKey) ?? 0) >= message.id) return false;
  localStorage.setItem(heardKey, String(message.id));
  return true;
}

function show(message: Message, group: Group): void {
  const shown = new Notification(group.name, {
    body: summaryOf(message, null),
    icon: fileUrl(group.cover) ?? "/icon-192.png",
    tag: `group-${group.id}`, // The next one of the group, or of another tab, takes its place.
  });
  shown.onclick = () => {
    window.focus();
    go(`/group/${group.id}`);
    shown.close();
  };
}

function tell(message: Message, group: Group, isSeen: boolean): void {
  if (isSeen || !isFirstToHear(message)) return;
  if (sound.value === "on" && Date.now() - lastRing > quietMilliseconds) {
    lastRing = Date.now();
    ring();
  }
  const isAllowed = "Notification" in window && Notification.permission === "granted";
  if (notifications.value === "on" && isAllowed && document.hidden) show(message, group);
}

export function startAlerts(): void {
  onHeard(tell);
  effect(() => {
    document.title = unreadTotal.value > 0 ? `(${unreadTotal.value}) Coterie` : "Coterie";
  });
}
