// What the cluster adapters of Node say that came after the classic one, as
// @socket.io/redis-streams-adapter 0.3 brings it by Redis (measured). No I/O.
//
//   message = {"type": TYPE, "data": {…}, "uid": UID, "nsp": NSP}; a UID is 16 digits in hex
//   3  {packet, opts}, with requestId for acks    4, 5  {opts, rooms} (join, leave)
//   6  {opts, close} (disconnect)                 7, 8  {opts, requestId} {requestId, sockets}
//   9  {packet: [event, args…]}, for servers, with requestId for acks   10  {requestId, packet}
//   11, 12  {requestId, clientCount} {requestId, packet}, answers to 3
//
// What has to last is an entry of a stream, in which all values are text; DATA is JSON, or base64
// of MessagePack where it holds bytes:
//   entry = "uid" UID "nsp" NSP "type" TYPE "data" DATA [ "n" NUMBER ] [ "alone" SID ]
// The last two are ours, and nothing to servers on Node: NUMBER counts what that server has written
// for all namespaces, so that what comes twice or is missing is known; with SID it is for that
// socket and not for others in the room of its name.
// What need not last is MessagePack of the whole message, published:
//   PREFIX "#" NSP "#"     PREFIX "#" NSP "#" UID "#"      to all servers, or to that one
//
// Whatever comes in is checked: what is malformed, of another namespace or of no use is no message.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "redis/reply.hpp"
#include "redis/saying.hpp"
#include "socketio/offset.hpp"
#include "socketio/recovery.hpp"

namespace coterie::redis {

struct ClusterMessage {
  std::string uid;
  // A Request of type broadcast without an id is an event that nobody answers.
  std::variant<Request, Response> body;
};

struct StreamEntry {
  socketio::Offset id;
  std::string uid;
  std::string nsp;
  std::string type;
  std::string data;
  std::uint64_t number = 0;  // 0: it has none.
  std::string alone;
};

// The fields of an entry, but for the number.
std::vector<std::string> entry_fields(std::string_view uid, std::string_view nsp,
                                      const Request& request, std::string_view alone = {});
// The body of an entry; nullopt when it is none that may be in a stream.
std::optional<Request> decode_entry(const StreamEntry& entry);
// A list of [id, [name, value, …]] as XREAD and XRANGE answer it. What is not well formed has no
// nsp. nullopt when it is no list of these, or the ids do not grow.
std::optional<std::vector<StreamEntry>> read_entries(const Reply& reply);

std::string encode_message(std::string_view uid, std::string_view nsp, const Request& request);
std::string encode_response(std::string_view uid, std::string_view nsp, std::string_view id,
                            const Answer& answer);
std::optional<ClusterMessage> decode_message(std::string_view message, std::string_view nsp);

// Sessions of clients that are away: base64 of MessagePack {sid, pid, rooms, data}, the rooms with
// that of its own name. Ours have "nsp" and "offset" as well.
std::string encode_session(const socketio::SavedSession& session);
std::optional<socketio::SavedSession> decode_session(std::string_view text);

}  // namespace coterie::redis
