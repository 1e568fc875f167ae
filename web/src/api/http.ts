// One request to the server: the token, the envelope and the ways to fail, in one place.
// SPDX-License-Identifier: MIT
import type { paths } from "./schema";

interface Failure {
  status: number;
  message: string | string[];
  code?: string;
}

// Why a call failed. `status` 0 means that no answer came at all.
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly complaints: string[],
    readonly retryAfterSeconds: number | null = null,
  ) {
    super(complaints.join("\n"));
    this.name = "ApiError";
  }
}

let token: string | null = null;
let whenUnauthorized: () => void = () => {};

export function authorize(next: string | null): void {
  token = next;
}

// `listener` hears of every answer 401 to a request that carried the current token.
export function onUnauthorized(listener: () => void): void {
  whenUnauthorized = listener;
}

function noAnswer(): ApiError {
  return new ApiError(0, "network", ["no answer from the server"]);
}

function headersFor(sentToken: string | null): Record<string, string> {
  return sentToken === null ? {} : { Authorization: `Bearer ${sentToken}` };
}

async function send(method: string, path: string, body?: object): Promise<Response> {
  const sentToken = token;
  const headers = headersFor(sentToken);
  const isForm = body instanceof FormData;
  if (body !== undefined && !isForm) headers["Content-Type"] = "application/json";
  const init: RequestInit = { method, headers };
  if (body !== undefined) init.body = isForm ? body : JSON.stringify(body);

  let response: Response;
  try {
    response = await fetch(path, init);
  } catch {
    throw noAnswer();
  }
  return accept(response, sentToken);
}

async function accept(response: Response, sentToken: string | null): Promise<Response> {
  if (response.ok) return response;
  // A late 401 for a token that was replaced meanwhile says nothing about the new one.
  if (response.status === 401 && sentToken !== null && sentToken === token) whenUnauthorized();
  throw await failure(response);
}

// What the sender of a large form wants to know and to decide while it is on its way.
export interface Transfer {
  signal: AbortSignal;
  onProgress(share: number): void; // From 0 to 1.
}

// A form sent by XMLHttpRequest, because fetch() does not tell how much has left.
export async function upload<P extends PathsWith<"post">>(
  path: P,
  data: FormData,
  transfer: Transfer,
): Promise<Data<P, "post">> {
  const sentToken = token;
  const response = await new Promise<Response>((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", path);
    for (const header of Object.entries(headersFor(sentToken))) request.setRequestHeader(...header);
    request.upload.onprogress = (event) => {
      if (event.lengthComputable) transfer.onProgress(event.loaded / event.total);
    };
    request.onload = () => {
      const wait = request.getResponseHeader("Retry-After");
      const headers: Record<string, string> = wait === null ? {} : { "Retry-After": wait };
      resolve(new Response(request.responseText, { status: request.status, headers }));
    };
    request.onerror = () => reject(noAnswer());
    request.onabort = () => reject(new ApiError(0, "cancelled", ["cancelled"]));
    transfer.signal.addEventListener("abort", () => request.abort(), { once: true });
    request.send(data);
  });
  return unwrap(await accept(response, sentToken));
}

async function failure(response: Response): Promise<ApiError> {
  const wait = Number.parseInt(response.headers.get("Retry-After") ?? "", 10);
  const retryAfter = Number.isNaN(wait) ? null : wait;
  try {
    const body = (await response.json()) as Failure;
    const complaints = Array.isArray(body.message) ? body.message : [String(body.message)];
    return new ApiError(response.status, body.code ?? "", complaints, retryAfter);
  } catch {
    // A proxy in front of the server may answer with a page of its own.
    const text = response.statusText || `HTTP ${response.status}`;
    return new ApiError(response.status, "", [text], retryAfter);
  }
}

async function unwrap<T>(response: Response): Promise<T> {
  const envelope = (await response.json()) as { data?: T };
  return envelope.data as T;
}

// The interface, as docs/openapi.json describes it (`npm run api` writes schema.d.ts from it).
type Method = "get" | "post";
type PathsWith<M extends Method> = {
  [P in keyof paths]: paths[P][M] extends { responses: object } ? P : never;
}[keyof paths];
type Body<P extends PathsWith<"post">> = paths[P]["post"] extends {
  requestBody: { content: { "application/json": infer B } };
}
  ? B
  : never;
type Told<R> = R extends { 200: { content: { "application/json": infer B } } }
  ? B
  : R extends { 201: { content: { "application/json": infer B } } }
    ? B
    : never;
type Data<P extends keyof paths, M extends Method> = paths[P][M] extends { responses: infer R }
  ? Told<R> extends { data: infer D }
    ? D
    : void
  : never;

// Puts values where the path names them, the others behind the question mark.
export function address(path: string, values: Record<string, string | number | undefined>): string {
  const query = new URLSearchParams();
  let filled = path;
  for (const [name, value] of Object.entries(values)) {
    if (value === undefined) continue;
    const place = `{${name}}`;
    if (filled.includes(place)) filled = filled.replace(place, encodeURIComponent(value));
    else query.set(name, String(value));
  }
  const text = query.toString();
  return text === "" ? filled : `${filled}?${text}`;
}

export async function get<P extends PathsWith<"get">>(
  path: P,
  values: Record<string, string | number | undefined> = {},
): Promise<Data<P, "get">> {
  return unwrap(await send("GET", address(path, values)));
}

export async function post<P extends PathsWith<"post">>(
  path: P,
  body: Body<P>,
): Promise<Data<P, "post">> {
  return unwrap(await send("POST", path, body as object));
}

export async function getBlob(path: string): Promise<Blob> {
  return (await send("GET", path)).blob();
}

export function form(fields: Record<string, string | Blob>): FormData {
  const data = new FormData();
  for (const [name, value] of Object.entries(fields)) data.append(name, value);
  return data;
}

// A form sent at once: what is small enough to need no word on the way.
export async function postForm<P extends PathsWith<"post">>(
  path: P,
  fields: Record<string, string | Blob>,
): Promise<Data<P, "post">> {
  return unwrap(await send("POST", path, form(fields)));
}
