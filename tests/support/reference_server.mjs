// Node's own Socket.IO and Engine.IO servers, doing what the examples of the same names do.
//   node reference_server.mjs conformance SOCKETIO_PORT ENGINEIO_PORT [--deflate]
//   node reference_server.mjs rooms|acks|binary|echo|features|scenario PORT | auth PORT TOKENS
//   node reference_server.mjs options_server PORT    (as tests/servers/options_server.cpp)
//   node reference_server.mjs features PORT recovery MILLISECONDS
// SPDX-License-Identifier: MIT
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { attach } from "engine.io";
import { Server } from "socket.io";

import { features } from "./reference_features.mjs";

const [example, ...args] = process.argv.slice(2);
const servers = [];

function listen(port) {
  const http = createServer((request, response) => {
    response.writeHead(404).end(`Cannot ${request.method} ${request.url.split("?")[0]}`);
  });
  http.listen(Number(port));
  servers.push(http);
  return http;
}

// Decides as the query's "allow" says.
function allowRequest(request, decide) {
  const wishes = {
    yes: () => decide(null, true),
    later: () => setTimeout(decide, 10, null, true),
    thread: () => setImmediate(decide, null, true),
    late: () => setTimeout(decide, 300, null, true),
    "no-later": () => setTimeout(decide, 10, null, false),
    words: () => decide('not "you"', false),
    twice: () => decide(null, true),
    never: () => {},
  };
  (wishes[request._query.allow] ?? (() => decide(null, false)))();
}

const options = {
  cookie: { cookie: true },
  biscuit: { cookie: { name: "biscuit", path: "/x", httpOnly: false, sameSite: "none",
                       secure: true, maxAge: 60, domain: "example.org" } },
  cors: { cors: { origin: "*" } },
  "cors-list": { cors: { origin: ["https://a.example", "https://b.example"], credentials: true,
                         methods: ["GET", "POST"], allowedHeaders: ["X-One", "X-Two"],
                         exposedHeaders: ["X-Three"], maxAge: 600, optionsSuccessStatus: 200 } },
  "cors-any": { cors: { origin: true, credentials: true } },
  "cors-some": { cors: { origin: [/\.example$/] } },
  plain: {},
  allow: { allowRequest },
  websocket: { transports: ["websocket"] },
  polling: { transports: ["polling"] },
  stay: { allowUpgrades: false },
  headers: {},
  noslash: { addTrailingSlash: false },
  three: { allowEIO3: true },
  "three-short": { allowEIO3: true, pingInterval: 300, pingTimeout: 200 },
  short: { upgradeTimeout: 200 },
};

const examples = {
  conformance(socketioPort, engineioPort, flag) {
    const heart = { pingInterval: 300, pingTimeout: 200, maxHttpBufferSize: 1e6,
                    perMessageDeflate: flag === "--deflate" };
    const io = new Server(listen(socketioPort), { ...heart, connectTimeout: 1000,
                                                  serveClient: false });
    io.on("connection", (socket) => {
      socket.emit("auth", socket.handshake.auth);
      socket.on("message", (...args) => socket.emit("message-back", ...args));
      socket.on("message-to-all", (...args) => io.emit("message-back", ...args));
      socket.on("message-with-ack", (...args) => args.pop()(...args));
    });
    io.of("/custom").on("connection", (socket) => socket.emit("auth", socket.handshake.auth));
    attach(listen(engineioPort), { ...heart, path: "/engine.io/" }).on("connection", (socket) => {
      socket.on("message", (message) => socket.send(message));
    });
  },

  options_server(port) {
    let opened = 0;
    const http = createServer((request, response) => {
      const isCount = request.url === "/opened";
      response.writeHead(isCount ? 200 : 404).end(isCount ? String(opened) : "");
    });
    http.listen(Number(port));
    for (const [name, own] of Object.entries(options)) {
      const engine = attach(http, { path: `/${name}`, ...own });
      engine.on("connection", (socket) => {
        ++opened;
        socket.on("message", (message) => socket.send(message));
      });
      if (name !== "headers") continue;
      engine.on("initial_headers", (headers) => (headers["X-Initial"] = "1"));
      engine.on("headers", (headers, request) => (headers["X-Method"] = request.method));
    }
    const io = new Server(http, { allowEIO3: true, serveClient: false });
    for (const name of ["/", "/custom"]) {
      io.of(name).on("connection", (socket) => {
        socket.emit("auth", socket.handshake.auth);
        socket.on("message", (...args) => socket.emit("message-back", ...args));
        socket.on("message-with-ack", (...args) => args.pop()(...args));
      });
    }
    io.of("/no").use((socket, next) => next(new Error("not you")));
    io.of("/no-data").use((socket, next) =>
      next(Object.assign(new Error("not you"), { data: { why: "no reason" } })));
  },

  rooms(port) {
    const io = new Server(listen(port));
    let lastId = 0;
    io.on("connection", (socket) => {
      const { g } = socket.handshake.query;
      if (g !== undefined) socket.join(String(g));
      socket.on("send", ({ g: group, t, text }) => {
        const now = new Date().toISOString();
        io.to(String(group)).emit(`group-message:${group}`, {
          id: ++lastId, type: 0, content: text, userId: 7, groupId: group, createAt: now,
          updateAt: now, fileId: null, coverId: null, file: null, cover: null, t,
          user: { id: 7, username: "sender", nickname: "Sender", avatar: null },
        });
      });
    });
  },

  acks(port) {
    new Server(listen(port)).on("connection", (socket) => {
      socket.on("sum", (a, b, ack) => ack(a + b));
      socket.on("ask-me", () => {
        socket.timeout(2000).emit("question", "What is your name?", (error, ...answer) => {
          if (error) socket.emit("unanswered", "timeout");
          else socket.emit("answered", ...answer);
        });
      });
    });
  },

  auth(port, tokens) {
    const io = new Server(listen(port));
    const refusal = (code, hint) =>
      Object.assign(new Error("not authorized"), { data: { code, hint } });
    const check = async (socket, next) => {
      const { token } = socket.handshake.auth;
      if (typeof token !== "string") return next(refusal("no_token", "auth: { token }"));
      const lines = (await readFile(tokens, "utf8")).split("\n").map((line) => line.split(/ +/));
      const found = lines.find(([each]) => each && each === token);
      if (!found) return next(refusal("unknown_token", "log in again"));
      [, socket.data.name, socket.data.role] = found;
      socket.join(`user:${socket.data.name}`);
      next();
    };
    io.use(check).on("connection", (socket) => {
      socket.emit("welcome", socket.data);
      socket.on("tell", (name, text, ack) => {
        io.to(`user:${name}`).emit("told", socket.data.name, text);
        ack("ok");
      });
    });
    const admin = io.of("/admin").use(check).use((socket, next) => {
      next(socket.data.role === "admin" ? undefined : refusal("not_admin", "ask an admin"));
    });
    admin.on("connection", (socket) => {
      socket.emit("welcome", socket.data);
      socket.on("kick", (name, ack) => {
        io.in(`user:${name}`).disconnectSockets(true);
        ack("ok");
      });
    });
  },

  binary(port) {
    const files = new Map();
    new Server(listen(port)).on("connection", (socket) => {
      const take = (name, bytes) => {
        if (typeof name !== "string" || !Buffer.isBuffer(bytes)) {
          return { error: "a name and its bytes, please" };
        }
        if (files.size >= 100 && !files.has(name)) return { error: "full" };
        files.set(name, bytes);
        socket.broadcast.emit("uploaded", name, bytes);
        return { size: bytes.length };
      };
      socket.on("upload", (name, bytes, ack) => ack(take(name, bytes)));
      socket.on("download", (name, ack) => ack(files.get(name) ?? null));
      socket.on("offer", (name) => {
        socket.timeout(10_000).emit("send", name, (error, bytes) => {
          if (!error) socket.emit("taken", name, take(name, bytes));
        });
      });
    });
  },

  features: (port, word, time) => features(listen(port), time),

  echo(port) {
    new Server(listen(port)).on("connection", (socket) => {
      socket.join("lobby");
      socket.on("say", (text, ack) => {
        socket.to("lobby").emit("said", text);
        ack?.("ok");
      });
    });
  },

  // As tests/servers/scenario.cpp.
  scenario(port) {
    const io = new Server(listen(port));
    const counting = (size) => Buffer.from(Array.from({ length: size }, (_, i) => i % 256));
    for (const name of ["/", "/other", ...Array.from({ length: 20 }, (_, i) => `/${i + 1}`)]) {
      const space = io.of(name);
      space.use(({ handshake: { auth } }, next) => {
        next(auth.refuse && Object.assign(new Error(auth.refuse), { data: { code: 7 } }));
      });
      space.on("connection", (socket) => {
        socket.emit("welcome", socket.handshake.auth);
        socket.on("echo", (...args) => socket.emit("echoed", ...args));
        socket.on("echo-ack", (...args) => args.pop()(...args));
        socket.on("ask", (...args) => socket.emit("question", ...args, (...answer) => {
          socket.emit("answered", ...answer);
        }));
        socket.on("give", (size) => socket.emit("given", counting(size)));
        socket.on("big", (size) => socket.emit("grown", "x".repeat(size)));
        socket.on("join", (room, ack) => (socket.join(room), ack("joined")));
        socket.on("leave", (room, ack) => (socket.leave(room), ack("left")));
        socket.on("tell", (room, ...args) => socket.to(room).emit("told", room, ...args));
        socket.on("tell-all", (...args) => space.emit("told", ...args));
        socket.on("leave-me", () => socket.disconnect());
        socket.on("close-me", () => socket.disconnect(true));
      });
    }
  },
};

examples[example](...args);
process.on("SIGTERM", () => process.exit(0));
