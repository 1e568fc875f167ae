// Node's own Socket.IO and Engine.IO servers, doing what the examples of the same names do.
//   node reference_server.mjs conformance SOCKETIO_PORT ENGINEIO_PORT [--deflate]
//                             | rooms|acks|echo PORT
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
