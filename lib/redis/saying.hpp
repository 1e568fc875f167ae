// What servers say to and ask of each other, whichever wire carries it, and the pieces of JSON that
// the wires have in common. No I/O.
//
//   packet = {"type": 2, "data": [event, args…]}, with "nsp" on some wires
//   opts   = {"rooms": […], "except": […], "flags": {"volatile"?, "compress"?, "timeout"?, …}}
//
// Whatever comes in is checked: what is malformed or of no use is nothing.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/json.hpp"
#include "socketio/arguments.hpp"
#include "socketio/audience.hpp"
#include "socketio/envelope.hpp"
#include "socketio/remote_socket.hpp"

namespace coterie::redis {

// What a server says to clients: an event, and to whom.
struct Saying {
  std::string event;
  socketio::Args args;
  socketio::Audience audience;
  socketio::EmitFlags flags;
};

enum class RequestType : std::uint8_t {
  sockets = 0,
  all_rooms = 1,
  join = 2,
  leave = 3,
  disconnect = 4,
  fetch = 5,
  server_side_emit = 6,
  broadcast = 7,
};

struct Request {
  RequestType type = RequestType::sockets;
  std::string uid;                             // Empty: it tells none.
  std::string id;                              // Empty: nobody waits for an answer.
  std::optional<socketio::Audience> audience;  // Of "opts".
  std::vector<std::string> rooms;              // "rooms", or the one "room".
  std::string sid;
  bool close = false;
  Saying saying;  // server_side_emit (whose audience is nobody), broadcast
};

struct Done {};
struct ClientCount {
  std::size_t clients;
};
// To an order to one socket; a lookup; a question to clients, twice; a server event.
using Answer =
    std::variant<Done, socketio::RemoteSockets, ClientCount, socketio::Args, socketio::Arguments>;

struct Response {
  enum class Kind : std::uint8_t { other, client_count, client_ack };

  std::string id;
  Kind kind = Kind::other;
  JsonObject body;
  std::vector<SharedBytes> attachments;

  // The elements of the body's "sockets" that are well formed.
  socketio::RemoteSockets sockets() const;
  std::size_t client_count() const;
  socketio::Args ack() const;     // The body's "packet", alone.
  socketio::Args answer() const;  // The body's "data", alone.
};

// About how much they hold, for what has to be bounded.
std::size_t bytes_of(const socketio::Arguments& arguments);
std::size_t bytes_of(const socketio::Audience& audience);
std::size_t bytes_of(const Answer& answer);

// -- pieces that are read -------------------------------------------------------------------------

std::string_view text_at(const JsonObject& object, std::string_view name);
std::optional<std::int64_t> number_at(const JsonObject& object, std::string_view name);
const JsonObject* object_at(const JsonObject& object, std::string_view name);
// False when it is none that can be one.
bool add_room(const Json& value, std::vector<std::string>& rooms);
bool read_rooms(const JsonObject& object, std::string_view name, std::vector<std::string>& rooms);
std::optional<socketio::Audience> read_audience(const JsonObject& opts);
bool read_event(JsonArray& values, std::string& event);
bool read_saying(JsonObject& packet, const JsonObject& opts, std::vector<SharedBytes> attachments,
                 Saying& saying);

// -- pieces that are written ----------------------------------------------------------------------

JsonArray to_array(const std::vector<std::string>& names);
JsonObject to_opts(const socketio::Audience& audience);
JsonObject to_opts(const Saying& saying, bool wants_answer);
JsonArray to_values(const Saying& saying);
JsonObject to_packet(const Saying& saying);
std::string to_msgpack(const Json& value, const socketio::Args& owner);

// What an application has handed to emit(), taken apart again; nullopt when it is no JSON (RawJson
// that is none), or nested too deep.
std::optional<socketio::Args> to_args(const socketio::Arguments& arguments);

}  // namespace coterie::redis
