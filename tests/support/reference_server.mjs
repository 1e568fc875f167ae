// Node's own Socket.IO and Engine.IO servers, doing what the examples of the same names do.
//   node reference_server.mjs conformance SOCKETIO_PORT ENGINEIO_PORT | rooms|acks|echo PORT
//   node reference_server.mjs options_server PORT    (as tests/servers/options_server.cpp)
// SPDX-License-Identifier: MIT
import { createServer } from "node:http";
import { attach } from "engine.io";
import { Server } from "socket.io";

const [example, ...ports] = process.argv.slice(2);
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
  conformance(socketioPort, engineioPort) {
    const heart = { pingInterval: 300, pingTimeout: 200, maxHttpBufferSize: 1e6 };
    const io = new Server(listen(socketioPort), { ...heart, connectTimeout: 1000,
                                                  serveClient: false });
    io.on("connection", (socket) => {
      socket.emit("auth", socket.handshake.auth);
      socket.on("message", (...args) => socket.emit("message-back", ...args));
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

  echo(port) {
    new Server(listen(port)).on("connection", (socket) => {
      socket.join("lobby");
      socket.on("say", (text, ack) => {
        socket.to("lobby").emit("said", text);
        ack?.("ok");
      });
    });
  },
};

examples[example](...ports);
process.on("SIGTERM", () => process.exit(0));
