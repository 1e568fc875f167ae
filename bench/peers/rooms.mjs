// What examples/rooms does, on Node's socket.io with rooms: the peer that the figures compare with.
//   node rooms.mjs PORT
import { createServer } from 'node:http'
import { Server } from 'socket.io'

const http = createServer()
const io = new Server(http)
let id = 0

io.on('connection', (socket) => {
  const group = socket.handshake.query.g
  if (group !== undefined) socket.join(group)
  socket.on('send', ({ g, t, text }) => {
    const now = new Date().toISOString()
    io.to(String(g)).emit(`group-message:${g}`, {
      id: ++id, type: 0, content: text, userId: 7, groupId: g, createAt: now, updateAt: now,
      fileId: null, coverId: null, file: null, cover: null, t,
      user: { id: 7, username: 'sender', nickname: 'Sender', avatar: null },
    })
  })
})
http.listen(Number(process.argv[2]), () => console.log('rooms: listening'))
