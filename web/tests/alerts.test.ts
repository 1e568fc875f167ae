// SPDX-License-Identifier: MIT
import { beforeEach, expect, test, vi } from "vitest";
import type { Group, Message } from "../src/api/model";
import { message } from "./server";

let heard: (message: Message, group: Group, isSeen: boolean) => void = () => {};
vi.mock("../src/state/chat", async (original) => ({
  ...(await original<object>()),
  onHeard: (listener: typeof heard) => (heard = listener),
}));
const { startAlerts } = await import("../src/state/alerts");
const { notifications } = await import("../src/state/settings");
startAlerts();

const group = { id: 7, name: "Crew", cover: null } as Group;
let shown: { title: string; tag: string; body: string }[];
let lastId = 100;
const next = () => message(++lastId, 7, "**Wind** is up");

beforeEach(() => {
  shown = [];
  localStorage.clear();
  notifications.value = "on";
  class Shown {
    static permission = "granted";
    constructor(title: string, options: { tag: string; body: string }) {
      shown.push({ title, ...options });
    }
  }
  vi.stubGlobal("Notification", Shown);
  vi.spyOn(document, "hidden", "get").mockReturnValue(true);
});

test("a message that nobody looks at is shown, without its marks", () => {
  heard(next(), group, false);
  expect(shown).toMatchObject([{ title: "Crew", tag: "group-7", body: "jonas77: Wind is up" }]);
});

test("what is seen, what another tab has shown, and what nobody wants is not shown", () => {
  heard(next(), group, true);
  const said = next();
  localStorage.setItem("coterie.heard", String(said.id));
  heard(said, group, false);
  notifications.value = "off";
  heard(next(), group, false);
  expect(shown).toEqual([]);
});

test("while the page is in front there are no notifications", () => {
  vi.spyOn(document, "hidden", "get").mockReturnValue(false);
  heard(next(), group, false);
  expect(shown).toEqual([]);
});
