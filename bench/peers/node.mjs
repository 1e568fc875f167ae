// The same server of rooms on Node's socket.io: node.mjs PORT rooms|members
//
// "rooms" broadcasts to a room, which socket.io encodes once. "members" emits to each member by
// itself, as applications do that keep their own lists of who is where.
// SPDX-License-Identifier: MIT
import { createServer } from "node:http";
import { Server } from "socket.io";

const [port, way] = process.argv.slice(2);
const http = createServer();
const io = new Server(http);
const members = new Map(); // By group: the ids of their sockets.
let lastId = 0;

io.on("connection", (socket) => {
  const group = socket.handshake.query.g;
  if (group !== undefined) socket.join(group);
  if (!members.has(group)) members.set(group, new Set());
  members.get(group).add(socket.id);
  socket.on("disconnect", () => members.get(group).delete(socket.id));
  socket.on("send", ({ g, t, text }) => {
    const now = new Date().toISOString();
    const message = {
      id: ++lastId, type: 0, content: text, userId: 7, groupId: g, createAt: now, updateAt: now,
      fileId: null, coverId: null, file: null, cover: null, t,
      user: { id: 7, username: "sender", nickname: "Sender", avatar: null },
    };
    if (way === "rooms") {
      io.to(g).emit(`group-message:${g}`, message);
    } else {
      for (const id of members.get(g)) io.to(id).emit(`group-message:${g}`, message);
    }
  });
  socket.on("echo", (value, answer) => answer(value));
});
http.listen(Number(port), "127.0.0.1");
