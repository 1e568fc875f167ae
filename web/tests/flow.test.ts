// SPDX-License-Identifier: MIT
import { expect, test } from "vitest";
import { squareAt } from "../src/views/parts/crop";
import { shownSize } from "../src/views/parts/media";
import { isFrontChange, type MessageRow, rowsOf } from "../src/views/flow_rows";
import { file, jonas, message, mira } from "./server";

const reader = { id: mira.id, seenBefore: null };
const lines = (rows: ReturnType<typeof rowsOf>) =>
  rows.map((row) => {
    const { startsDay, startsUnread, isContinued } = row as MessageRow;
    return [startsDay !== null, startsUnread, isContinued];
  });
const said = (id: number, createAt: string, author = jonas) => ({
  ...message(id, 7, "a", author),
  createAt,
});

test("messages of one author within minutes belong together; a day begins with its line", () => {
  const messages = [
    said(1, "2026-01-02T12:00:00.000Z"),
    said(2, "2026-01-02T12:04:00.000Z"),
    said(3, "2026-01-02T12:05:00.000Z", mira),
    said(4, "2026-01-05T12:05:00.000Z", mira),
  ];
  expect(lines(rowsOf(messages, [], reader))).toEqual([
    [true, false, false],
    [false, false, true],
    [false, false, false],
    [true, false, false],
  ]);
});

test("the line above what is new stands above the first message by somebody else", () => {
  const time = "2026-01-02T12:00:00.000Z";
  const messages = [said(1, time), said(2, time, mira), said(3, time), said(4, time)];
  const marked = (seenBefore: number | null) =>
    rowsOf(messages, [], { id: mira.id, seenBefore }).findIndex(
      (row) => (row as MessageRow).startsUnread,
    );
  expect(marked(1)).toBe(2);
  expect(marked(3)).toBe(3);
  expect(marked(4)).toBe(-1);
  expect(marked(0)).toBe(-1);
  expect(marked(null)).toBe(-1);
});

test("the view keeps its distance from the end only when the front changes", () => {
  const rows = (...ids: number[]) =>
    rowsOf(
      ids.map((id) => message(id, 7)),
      [],
      reader,
    );
  expect(isFrontChange(rows(3, 4), rows(1, 2, 3, 4))).toBe(true);
  expect(isFrontChange(rows(1, 2, 3), rows(3))).toBe(true);
  expect(isFrontChange(rows(3, 4), rows(3, 4, 5))).toBe(false);
  expect(isFrontChange(rows(1, 2), rows(8, 9))).toBe(false);
  expect(isFrontChange([], rows(8, 9))).toBe(false);
});

test("a picture takes the room that it will need", () => {
  const picture = file("image/a", "/files/image/a");
  expect(shownSize(picture)).toEqual({});
  expect(shownSize({ ...picture, width: 1000, height: 500 })).toEqual({ width: 360, height: 180 });
  expect(shownSize({ ...picture, width: 100, height: 560 })).toEqual({ width: 50, height: 280 });
  expect(shownSize({ ...picture, width: 40, height: 30 })).toEqual({ width: 40, height: 30 });
});

test("the chosen square never leaves the picture", () => {
  const bitmap = { width: 300, height: 100 } as ImageBitmap;
  expect(squareAt(bitmap, 100, 150, 50)).toEqual({ side: 100, left: 100, top: 0 });
  expect(squareAt(bitmap, 100, -40, 500)).toEqual({ side: 100, left: 0, top: 0 });
  expect(squareAt(bitmap, 50, 300, 100)).toEqual({ side: 50, left: 250, top: 50 });
});
