// What @socket.io/redis-adapter 8 (createAdapter) and @socket.io/redis-emitter 5 say. No I/O.
//
// Channels of a namespace, whose name has its leading slash; KEY is "socket.io":
//   KEY "#" NSP "#" [ROOM "#"]           broadcasts; with ROOM when it is the only one
//   KEY "-request#" NSP "#"              questions, and orders to all servers
//   KEY "-response#" NSP "#" [UID "#"]   answers; to one server, or (older servers) to all
//
//   broadcast = msgpack [UID, packet, opts]
//   packet    = {"type": 2, "data": [event, args…], "nsp": NSP}
//   opts      = {"rooms": […], "except": […], "flags": {…}}
//   request   = {"uid", "requestId", "type", …}, see below
//   response  = {"requestId", …}: what it holds follows from the request
//
// Requests and responses are JSON when they begin with "{", else msgpack. A server's UID is six
// characters; that of an emitter is "emitter", or absent.
//
// Whatever comes in is checked: what is malformed, of another namespace or of no use is no message.
// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "redis/saying.hpp"
#include "socketio/arguments.hpp"
#include "socketio/audience.hpp"
#include "socketio/remote_socket.hpp"

namespace coterie::redis {

struct Channels {
  Channels(const std::string& key, const std::string& nsp, const std::string& uid);

  std::string broadcast_to(const socketio::Audience& audience) const;
  // Where the server of that uid is answered; all of them when it has told none that can be one.
  std::string responses_to(std::string_view uid) const;

  std::string broadcasts;  // Of the whole namespace,
  std::string pattern;     // and of its rooms: for PSUBSCRIBE.
  std::string requests;
  std::string responses;
  std::string own_responses;
};

struct Broadcast {
  std::string uid;
  Saying saying;
};

std::string encode_broadcast(std::string_view uid, std::string_view nsp, const Saying& saying);
// How the broadcasts of that server begin, and no others: what it has said itself comes back to it,
// and need not be decoded.
std::string head_of_broadcasts(std::string_view uid);
std::optional<Broadcast> decode_broadcast(std::string_view message, std::string_view nsp);

// Numbers of requests are those of RequestType:
//   0 rooms → {sockets: [ids]}; 1 → {rooms}; both of old servers
//   2, 3 opts, rooms; or from old ones sid, room → {}
//   4 opts, close; or sid, close → {}
//   5 opts → {sockets: [{id, handshake, rooms, data}]}
//   6 data: [event, args…] → {type: 6, data}, to all servers
//   7 packet, opts → {type: 8, clientCount}, and for each ack {type: 9, packet}
std::string encode_request(const Request& request, std::string_view nsp);
std::optional<Request> decode_request(std::string_view message, std::string_view nsp);

std::optional<Response> decode_response(std::string_view message);

// Answers to the request of that id.
std::string encode_done(std::string_view id);
std::string encode_sids(std::string_view id, const socketio::RemoteSockets& sockets);
std::string encode_rooms(std::string_view id, const socketio::RemoteSockets& sockets);
std::string encode_sockets(std::string_view id, const socketio::RemoteSockets& sockets);
std::string encode_answer(std::string_view id, const socketio::Arguments& answer);
std::string encode_client_count(std::string_view id, std::size_t count);
std::string encode_client_ack(std::string_view id, const socketio::Args& ack);

}  // namespace coterie::redis
