// What tests/servers/features.cpp does, on Node's server.
// SPDX-License-Identifier: MIT
import { Server } from "socket.io";

const sorted = (names) => [...names].sort();

function audience(io, socket, order) {
  let target = order.fromSocket ? socket.broadcast : io;
  for (const room of order.rooms ?? []) target = target.to(room);
  for (const room of order.except ?? []) target = target.except(room);
  if (order.volatile) target = target.volatile;
  if (order.local) target = target.local;
  return target.compress(!order.uncompressed);
}

function addRooms(io, socket) {
  socket.on("join", (room, ack) => {
    socket.join(room);
    ack(sorted(socket.rooms));
  });
  socket.on("leave", (room, ack) => {
    socket.leave(room);
    ack(sorted(socket.rooms));
  });
  socket.on("send", (order, event, what, ack) => {
    audience(io, socket, order).emit(event, what);
    ack("sent");
  });
  socket.on("sockets-join", (order, room, ack) => {
    audience(io, socket, order).socketsJoin(room);
    ack("done");
  });
  socket.on("sockets-leave", (order, room, ack) => {
    audience(io, socket, order).socketsLeave(room);
    ack("done");
  });
  socket.on("sockets-disconnect", (order, close) => {
    audience(io, socket, order).disconnectSockets(close);
  });
  socket.on("fetch", async (order, ack) => {
    const all = await audience(io, socket, order).fetchSockets();
    ack(all.map(({ id, rooms, data, handshake }) => (
      { id, rooms: sorted(rooms), data, auth: handshake.auth }))
      .sort((a, b) => (a.id < b.id ? -1 : 1)));
  });
}

function addAnswers(io, socket) {
  socket.on("ask", (order, time, what, ack) => {
    audience(io, socket, order).timeout(time).emit("question", what, (error, answers) => {
      ack({ answers: sorted(answers.map((each) => JSON.stringify(each))), isPartial: !!error });
    });
  });
  socket.on("ask-me", (time, what) => {
    socket.timeout(time).emit("question", what, (error, ...answer) => {
      if (error) socket.emit("unanswered", error.message);
      else socket.emit("answered", ...answer);
    });
  });
  socket.on("ask-servers", (ack) => ack(0));
}

function addListeners(socket) {
  socket.on("listen", (ack) => {
    const size = (args) => args.filter((each) => typeof each !== "function").length;
    socket.onAny((event, ...args) => {
      if (event !== "forget") socket.emit("any", event, size(args));
    });
    const outgoing = [];
    socket.onAnyOutgoing((event, ...args) => {
      const blobs = args.filter(Buffer.isBuffer).length;
      outgoing.push(`${event} ${size(args)} ${blobs}`);
    });
    socket.on("outgoing", (tell) => tell(outgoing));
    socket.once("once", () => socket.emit("once-heard"));
    socket.on("forgotten", () => socket.emit("not-forgotten"));
    socket.on("forget", () => socket.removeAllListeners("forgotten"));
    ack("listening");
  });
  socket.on("filter", (ack) => {
    socket.use(([event], next) => {
      next(event === "forbidden" ? new Error("not this event") : undefined);
    });
    socket.use(([event], next) => (event === "late" ? setTimeout(next, 50) : next()));
    socket.on("error", (error) => socket.emit("refused", error.message));
    for (const event of ["forbidden", "late", "prompt"]) {
      socket.on(event, () => socket.emit("passed", event));
    }
    ack("filtering");
  });
}

function addFacts(io, socket) {
  socket.on("set-data", (data, ack) => {
    socket.data = data;
    ack(socket.data);
  });
  socket.on("facts", (ack) => {
    const { id, data, recovered, rooms, handshake } = socket;
    ack({ id, data, recovered, rooms: sorted(rooms),
          address: handshake.address.replace("::ffff:", ""), url: handshake.url.slice(0, 11) });
  });
  socket.on("leave-me", (close) => socket.disconnect(close));
  socket.on("disconnecting", (reason) => {
    io.of("/log").emit("leaving", socket.id, reason, socket.rooms.size);
  });
  socket.on("disconnect", (reason) => {
    io.of("/log").emit("left", socket.id, reason, socket.rooms.size);
  });
}

function addNamespaces(io) {
  io.of("/guarded")
    .use((socket, next) => {
      socket.data.steps = 1;
      const { token } = socket.handshake.auth;
      if (token === "good") return next();
      const error = new Error("no entry");
      if (token !== "plain") error.data = { code: 7, hint: "ask again" };
      next(error);
    })
    .use((socket, next) => {
      socket.data.steps = 2;
      setTimeout(next, 20);
    })
    .on("connection", (socket) => socket.emit("steps", socket.data.steps));
  const numbered = io.of(/^\/dynamic-\d+$/);
  numbered.on("connection", (socket) => {
    socket.emit("hello", 1);
    socket.on("all", (what) => {
      for (const child of numbered.children) child.emit("to-all", what);
    });
  });
  io.of((name, auth, decide) => {
    decide(null, name.startsWith("/for-") && auth.name === name.slice(5));
  }).on("connection", (socket) => socket.emit("hello", 1));
}

export function features(http, recovery, options = {}) {
  const io = new Server(http, {
    cleanupEmptyChildNamespaces: true, serveClient: false, ...options,
    ...(recovery && { connectionStateRecovery: { maxDisconnectionDuration: Number(recovery) } }),
  });
  io.of("/log");
  io.on("connection", (socket) => {
    addRooms(io, socket);
    addAnswers(io, socket);
    addListeners(socket);
    addFacts(io, socket);
  });
  addNamespaces(io);
  return io;
}
