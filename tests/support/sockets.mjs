// Official clients for tests: opened with sane options, listened to from the first moment, and
// closed when the test is over.
// SPDX-License-Identifier: MIT
import { afterEach } from "node:test";
import * as current from "socket.io-client";
import * as first4 from "socket.io-client-4.0";
import * as last3 from "socket.io-client-3";

export const clients = { 4.8: current.io, "4.0": first4.io, 3.1: last3.io };

const open = new Set();

// Call once in each file: no test leaves a client behind.
export function closeSocketsAfterEach() {
  afterEach(closeSockets);
}

export function closeSockets() {
  for (const socket of open) socket.disconnect();
  open.clear();
}

// A client with its own connection; it does not reconnect unless told to. `got` is everything that
// has happened: events as [name, ...arguments], and "connect", "disconnect", "connect_error".
export function openSocket(url, { io = current.io, ...options } = {}) {
  const socket = io(url, { forceNew: true, reconnection: false, autoConnect: false, ...options });
  open.add(socket);
  socket.got = [];
  const waiting = new Set();
  const note = (...what) => {
    socket.got.push(what);
    for (const check of waiting) check();
  };
  // With recovery (a socket has a pid then) an offset is behind the arguments: not the application's.
  const isOffset = (value) => socket._pid && typeof value === "string" && /^\d+(-\d+)?$/.test(value);
  socket.onAny?.((...event) => note(...(isOffset(event.at(-1)) ? event.slice(0, -1) : event)));
  socket.on("connect", () => note("connect"));
  socket.on("disconnect", (reason) => note("disconnect", reason));
  socket.on("connect_error", (error) => note("connect_error", error.message));
  // Waits until `condition(got)` holds, and returns its value.
  socket.until = (condition, milliseconds = 10_000) =>
    new Promise((resolve, reject) => {
      const finish = (settle, value) => {
        clearTimeout(timer);
        waiting.delete(check);
        settle(value);
      };
      const check = () => {
        const value = condition(socket.got);
        if (value) finish(resolve, value);
      };
      const complain = () => {
        const seen = socket.got.slice(-20).map((each) => JSON.stringify(each).slice(0, 200));
        const words = `not within ${milliseconds} ms: ${condition}; ${socket.got.length} seen, last:`;
        finish(reject, new Error([words, ...seen].join("\n  ")));
      };
      const timer = setTimeout(complain, milliseconds);
      waiting.add(check);
      check();
    });
  // The arguments of the next event of that name (counting from the beginning, or from `skip`).
  socket.event = (name, skip = 0) =>
    socket.until((got) => got.filter(([each]) => each === name)[skip]).then(([, ...rest]) => rest);
  // All arguments lists of a name so far.
  socket.events = (name) =>
    socket.got.filter(([each]) => each === name).map(([, ...rest]) => rest);
  socket.connect();
  return socket;
}

export async function connectSocket(url, options) {
  const socket = openSocket(url, options);
  await socket.until((got) => {
    const refused = got.find(([name]) => name === "connect_error");
    if (refused) throw new Error(`connect_error: ${refused[1]}`);
    return got.find(([name]) => name === "connect");
  });
  return socket;
}

// The connection breaks without a farewell, as in a tunnel, and stays so until socket.connect().
export async function cut(socket) {
  const dropped = socket.event("disconnect", socket.events("disconnect").length);
  socket.io.engine.transport.ws.terminate();
  await dropped;
}

// What the server answers to an emit that asks for an ack.
export function ask(socket, event, ...args) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(reject, 10_000, new Error(`no ack for ${event}`));
    socket.emit(event, ...args, (...answer) => {
      clearTimeout(timer);
      resolve(answer);
    });
  });
}
