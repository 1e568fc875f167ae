// HTTP as tests need it: requests with every header in our hands, and bare TCP for what no client
// library would send.
// SPDX-License-Identifier: MIT
import * as http from "node:http";
import * as https from "node:https";
import { connect } from "node:net";

// Answers {status, headers, body}; `body` is text. Each request has its own connection unless an
// agent is given, so that nothing of one test leaks into the next.
export function request(url, { method = "GET", headers = {}, body, agent = false, signal,
                               timeout = 10_000, ca } = {}) {
  const { request: start } = url.startsWith("https:") ? https : http;
  return new Promise((resolve, reject) => {
    const outgoing = start(url, { method, headers, agent, signal, timeout, ca }, (response) => {
      const pieces = [];
      response.on("data", (piece) => pieces.push(piece));
      response.on("error", reject);
      response.on("end", () => {
        const bytes = Buffer.concat(pieces);
        resolve({ status: response.statusCode, headers: response.headers, bytes,
                  body: bytes.toString("utf8") });
      });
    });
    outgoing.on("timeout", () => outgoing.destroy(new Error(`no answer: ${method} ${url}`)));
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}

// A TCP connection and everything that has come over it.
export class RawConnection {
  received = Buffer.alloc(0);
  isClosed = false;
  #waiting = new Set();

  static open(port, options = {}) {
    return new Promise((resolve, reject) => {
      const socket = connect({ port, host: "127.0.0.1", noDelay: true, ...options });
      socket.once("connect", () => resolve(new RawConnection(socket)));
      socket.once("error", reject);
    });
  }

  constructor(socket) {
    this.socket = socket;
    socket.on("data", (bytes) => {
      this.received = Buffer.concat([this.received, bytes]);
      this.#wake();
    });
    socket.on("error", (error) => (this.error = error));
    socket.on("close", () => {
      this.isClosed = true;
      this.#wake();
    });
  }

  #wake() {
    for (const check of this.#waiting) check();
  }

  get text() {
    return this.received.toString("latin1");
  }

  // Resolves when the bytes have left us, or the connection is gone; what has come meanwhile has
  // been heard by then, also when a loop of sends leaves the reader no turn.
  send(bytes) {
    return new Promise((resolve) => this.socket.write(bytes, () => setImmediate(resolve)));
  }

  // Waits until `condition(this)` holds; false when it does not within the time or the connection
  // closes first.
  until(condition, milliseconds = 5000) {
    return new Promise((resolve) => {
      const finish = (value) => {
        clearTimeout(timer);
        this.#waiting.delete(check);
        resolve(value);
      };
      const check = () => {
        if (condition(this)) finish(true);
        else if (this.isClosed) finish(false);
      };
      const timer = setTimeout(finish, milliseconds, false);
      this.#waiting.add(check);
      check();
    });
  }

  untilClosed(milliseconds) {
    return this.until((connection) => connection.isClosed, milliseconds);
  }

  // The complete answers that have come.
  responses() {
    return parseResponses(this.text);
  }

  untilResponses(count, milliseconds) {
    return this.until(() => this.responses().length >= count, milliseconds);
  }

  destroy() {
    this.socket.destroy();
  }

  // Ends with RST instead of FIN.
  reset() {
    this.socket.resetAndDestroy();
  }
}

// The complete HTTP responses at the front of `text` (latin1, so that a character is a byte).
export function parseResponses(text) {
  const responses = [];
  for (;;) {
    const headEnd = text.indexOf("\r\n\r\n");
    if (headEnd < 0) return responses;
    const [first, ...lines] = text.slice(0, headEnd).split("\r\n");
    const match = /^HTTP\/1\.[01] (\d{3})/.exec(first);
    if (!match) return responses;
    const fields = lines.map((line) => [line.slice(0, line.indexOf(":")).toLowerCase(),
                                        line.slice(line.indexOf(":") + 1).trim()]);
    const headers = Object.fromEntries(fields);
    const status = Number(match[1]);
    const response = { status, headers, body: "" };
    text = text.slice(headEnd + 4);
    if (headers["transfer-encoding"] === "chunked") {
      const end = /(^|\r\n)0\r\n\r\n/.exec(text);
      if (!end) return responses;
      response.body = unchunk(text);
      text = text.slice(end.index + end[0].length);
    } else {
      const length = Number(headers["content-length"] ?? 0);
      if (text.length < length) return responses;
      response.body = text.slice(0, length);
      text = text.slice(length);
    }
    if (status !== 100) responses.push(response);
  }
}

function unchunk(text) {
  let body = "";
  for (;;) {
    const line = text.indexOf("\r\n");
    const size = parseInt(text.slice(0, line), 16);
    if (!size) return body;
    body += text.slice(line + 2, line + 2 + size);
    text = text.slice(line + 2 + size + 2);
  }
}
