// SPDX-License-Identifier: MIT
import { afterEach, expect, test, vi } from "vitest";
import { fileUrl } from "../src/api/files";
import { ApiError, authorize, get, onUnauthorized } from "../src/api/http";
import { initials } from "../src/pictures";
import { rate } from "../src/state/admin";
import { go, invitation, inviteLink, route, withInvitation } from "../src/state/route";
import { en } from "../src/strings/en";
import { zh } from "../src/strings/zh";
import { codeIn } from "../src/views/join_group";
import { file } from "./server";

afterEach(() => {
  vi.unstubAllGlobals();
  authorize(null);
  onUnauthorized(() => {});
});

test("the server's own files come from where the page came from", () => {
  const url = "http://localhost:3000/files/image/abc?expires=1&signature=2";
  expect(fileUrl(file("image/abc", url))).toBe("/files/image/abc?expires=1&signature=2");
});

test("files of this very host and files in a bucket keep their URL", () => {
  const own = "http://chat.example:8080/files/image/abc?s=1";
  const bucket = "https://bucket.example/chat/image/abc?X-Amz-Signature=1";
  expect(fileUrl(file("image/abc", own))).toBe(own);
  expect(fileUrl(file("image/abc", bucket))).toBe(bucket);
  expect(fileUrl(null)).toBeNull();
});

test("routes are read from the address", () => {
  go("/group/12");
  expect(route.value).toEqual({ name: "group", id: 12, showsPanel: false });
  go("/group/12/about");
  expect(route.value).toEqual({ name: "group", id: 12, showsPanel: true });
  go("/group/twelve");
  expect(route.value).toEqual({ name: "home" });
});

test("an invitation survives the way through registering and logging in", () => {
  go(new URL(inviteLink("a_b-C")).search.replace(/^/, "/"));
  expect(route.value.name).toBe("join");
  go(withInvitation("/register"));
  expect(route.value.name).toBe("register");
  go(withInvitation("/login"));
  go(withInvitation("/"));
  expect(route.value.name).toBe("join");
  expect(invitation.value).toBe("a_b-C");
});

test("a code is found in whatever was pasted", () => {
  expect(codeIn(" a_b-C ")).toBe("a_b-C");
  expect(codeIn("http://chat.example:8080/?join=a_b-C")).toBe("a_b-C");
  expect(codeIn("http://chat.example:8080/login?join=a_b-C&x=1")).toBe("a_b-C");
});

test("initials say who it is", () => {
  expect(initials("mira_k")).toBe("MK");
  expect(initials("Jonas")).toBe("JO");
  expect(initials("林月")).toBe("林");
  expect(initials("ying#Ab3")).toBe("YA");
  expect(initials("")).toBe("?");
});

test("both languages say everything", () => {
  const keys = (words: object) => Object.keys(words).sort();
  expect(keys(zh)).toEqual(keys(en));
  expect(keys(zh.errors)).toEqual(keys(en.errors));
  for (const words of [en, zh]) expect(Object.values(words)).not.toContain("");
});

async function failed(answer: () => Promise<Response>): Promise<ApiError> {
  vi.stubGlobal("fetch", answer);
  return get("/api/user").then(
    () => expect.fail("the call succeeded"),
    (error: ApiError) => error,
  );
}

test("every way to fail becomes an ApiError", async () => {
  const complaints = { status: 400, message: ["a", "b"], code: "validation" };
  const bad = await failed(async () => new Response(JSON.stringify(complaints), { status: 400 }));
  expect([bad.status, bad.code, bad.message]).toEqual([400, "validation", "a\nb"]);

  const slow = { status: 429, headers: { "Retry-After": "17" } };
  const limited = await failed(async () => new Response('{"message":"slow"}', slow));
  expect(limited.retryAfterSeconds).toBe(17);

  const proxy = await failed(async () => new Response("<h1>Bad gateway</h1>", { status: 502 }));
  expect([proxy.status, proxy.message]).toEqual([502, "HTTP 502"]);

  const away = await failed(() => Promise.reject(new TypeError("Failed to fetch")));
  expect([away.status, away.code]).toEqual([0, "network"]);
});

test("an answer 401 ends the session it was about, and no later one", async () => {
  const ended = vi.fn();
  onUnauthorized(ended);
  const unauthorized = async () => new Response('{"message":"unauthorized"}', { status: 401 });
  authorize("old");
  await failed(() => {
    authorize("new");
    return unauthorized();
  });
  expect(ended).not.toHaveBeenCalled();
  await failed(unauthorized);
  expect(ended).toHaveBeenCalledOnce();
});

test("deliveries are told by the second, and not across a restart of the server", () => {
  const look = (at: number, delivered: number) => ({ at, delivered });
  expect(rate(null, look(0, 10))).toBeNull();
  expect(rate(look(0, 10), look(2000, 50))).toBe(20);
  expect(rate(look(0, 10), look(2000, 0))).toBeNull();
  expect(rate(look(0, 10), look(0, 20))).toBeNull();
});
