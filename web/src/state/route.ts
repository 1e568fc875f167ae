// Where in the page we are: the address bar as a value.
// SPDX-License-Identifier: MIT
import { computed, signal } from "@preact/signals";
import type { Id } from "../api/model";

export type Route =
  | { name: "home" }
  | { name: "login" }
  | { name: "register" }
  | { name: "group"; id: Id; showsPanel: boolean }
  | { name: "create" }
  | { name: "join" }
  | { name: "profile" }
  | { name: "admin" };

function parse(path: string, query: URLSearchParams): Route {
  const group = /^\/group\/(\d+)(\/about)?\/?$/.exec(path);
  if (group) return { name: "group", id: Number(group[1]), showsPanel: group[2] !== undefined };
  switch (path) {
    case "/login":
      return { name: "login" };
    case "/register":
      return { name: "register" };
    case "/new":
      return { name: "create" };
    case "/me":
      return { name: "profile" };
    case "/admin":
      return { name: "admin" };
    case "/join":
      return { name: "join" };
    default:
      return query.has("join") ? { name: "join" } : { name: "home" };
  }
}

const address = signal(location.pathname + location.search);
const parsed = computed(() => new URL(address.value, location.origin));

export const route = computed(() => parse(parsed.value.pathname, parsed.value.searchParams));

// The code of an invitation that was followed. It stays in the address while its reader logs in or
// registers first, so that neither a reload nor a second tab loses it.
export const invitation = computed(() => parsed.value.searchParams.get("join") ?? "");

export function withInvitation(path: string): string {
  const code = invitation.value;
  return code === "" ? path : `${path}?join=${encodeURIComponent(code)}`;
}

export function inviteLink(code: string): string {
  return `${location.origin}/?join=${encodeURIComponent(code)}`;
}

export function go(path: string, options: { replace?: boolean } = {}): void {
  if (options.replace) history.replaceState(null, "", path);
  else history.pushState(null, "", path);
  address.value = path;
}

// Makes plain links travel inside the page. What opens elsewhere is left to the browser.
export function followLinks(): void {
  addEventListener("popstate", () => {
    address.value = location.pathname + location.search;
  });
  addEventListener("click", (event) => {
    if (event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = (event.target as Element | null)?.closest?.("a");
    if (!link || link.target !== "" || link.origin !== location.origin) return;
    if (link.pathname.startsWith("/files/") || link.pathname.startsWith("/api/")) return;
    event.preventDefault();
    go(link.pathname + link.search);
  });
}
