// Who is online, and telling the members of a group, one by one, of a message.
// SPDX-License-Identifier: MIT
import {
  OnGatewayConnection, OnGatewayDisconnect, WebSocketGateway, WebSocketServer,
} from "@nestjs/websockets";
import { Server, Socket } from "socket.io";

import { GroupMessage } from "./entities";
import { Sessions, Store } from "./sessions";

@WebSocketGateway()
export class Gateway implements OnGatewayConnection, OnGatewayDisconnect {
  @WebSocketServer() private readonly server: Server;
  private readonly online = new Map<number, string>(); // By user: one socket.

  constructor(private readonly sessions: Sessions, private readonly store: Store) {}

  async handleConnection(socket: Socket) {
    const id = await this.sessions.userOf(socket.handshake.headers.authorization);
    if (id) {
      socket.data.userId = id;
      this.online.set(id, socket.id);
    } else {
      socket.emit("authFail");
      socket.disconnect(true);
    }
  }

  handleDisconnect(socket: Socket) {
    this.online.delete(socket.data.userId);
  }

  async tell(message: GroupMessage) {
    for (const id of await this.store.smembers(`group_users:${message.groupId}`)) {
      const socketId = this.online.get(Number(id));
      if (socketId) this.server.to(socketId).emit(`group-message:${message.groupId}`, message);
    }
  }
}
