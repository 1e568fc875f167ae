// SPDX-License-Identifier: MIT
#include "redis/classic_wire.hpp"

#include <set>
#include <utility>

#include "redis/msgpack.hpp"
#include "redis/socket_json.hpp"
#include "socketio/packet.hpp"

namespace coterie::redis {

namespace {

using socketio::Args;
using socketio::Arguments;
using socketio::Audience;

constexpr std::size_t uid_bytes_max = 64;  // Ours are 6; it becomes part of a channel's name.

// How answers to a question to clients begin.
constexpr int client_count_type = 8;
constexpr int client_ack_type = 9;

// -- pieces that are read -------------------------------------------------------------------------

// An emitter of old may leave out the main namespace.
bool is_of(const JsonObject& packet, std::string_view nsp) {
  const Json* told = packet.if_contains("nsp");
  return told ? text_at(packet, "nsp") == nsp : nsp == "/";
}

std::optional<Unpacked> read_message(std::string_view message) {
  if (message.starts_with('{')) {
    auto value = parse_json(message, cluster_depth_max);
    if (!value) return std::nullopt;
    return Unpacked{std::move(*value), {}};
  }
  auto value = read_msgpack(message);
  if (!value) return std::nullopt;
  return std::move(*value);
}

// -- pieces that are written ----------------------------------------------------------------------

JsonObject to_packet(const Saying& saying, std::string_view nsp) {
  JsonObject packet = to_packet(saying);
  packet["nsp"] = nsp;
  return packet;
}

// JSON has no bytes: they become what JSON.stringify makes of a Buffer.
void spell_out_bytes(Json& value, const Args& owner) {
  if (const SharedBytes* bytes = owner.binary(value)) {
    JsonArray numbers;
    for (const char byte : bytes->view()) numbers.emplace_back(static_cast<std::uint8_t>(byte));
    value = JsonObject{{"type", "Buffer"}, {"data", std::move(numbers)}};
  } else if (JsonArray* array = value.if_array()) {
    for (Json& each : *array) spell_out_bytes(each, owner);
  } else if (JsonObject* object = value.if_object()) {
    for (auto& [key, each] : *object) spell_out_bytes(each, owner);
  }
}

// `*`, `?`, `[` and `]` mean something in a pattern of Redis, and `\` takes that away.
std::string escaped(std::string_view text) {
  std::string pattern;
  for (const char c : text) {
    if (std::string_view("*?[]\\").find(c) != std::string_view::npos) pattern.push_back('\\');
    pattern.push_back(c);
  }
  return pattern;
}

}  // namespace

// -- channels -------------------------------------------------------------------------------------

Channels::Channels(const std::string& key, const std::string& nsp, const std::string& uid)
    : broadcasts(key + "#" + nsp + "#"),
      pattern(escaped(broadcasts) + "*"),
      requests(key + "-request#" + nsp + "#"),
      responses(key + "-response#" + nsp + "#"),
      own_responses(responses + uid + "#") {}

std::string Channels::broadcast_to(const Audience& audience) const {
  // The same room twice is one room.
  const std::set<std::string_view> rooms(audience.rooms.begin(), audience.rooms.end());
  return rooms.size() == 1 ? broadcasts + audience.rooms.front() + "#" : broadcasts;
}

std::string Channels::responses_to(std::string_view uid) const {
  if (uid.empty() || uid.size() > uid_bytes_max) return responses;
  return responses + std::string(uid) + "#";
}

// -- broadcasts -----------------------------------------------------------------------------------

std::string encode_broadcast(std::string_view uid, std::string_view nsp, const Saying& saying) {
  return to_msgpack(JsonArray{Json(uid), to_packet(saying, nsp), to_opts(saying, false)},
                    saying.args);
}

std::string head_of_broadcasts(std::string_view uid) {
  std::string head = to_msgpack(JsonArray{Json(uid), nullptr, nullptr}, {});
  head.resize(head.size() - 2);
  return head;
}

std::optional<Broadcast> decode_broadcast(std::string_view message, std::string_view nsp) {
  auto unpacked = read_msgpack(message);
  if (!unpacked) return std::nullopt;
  JsonArray* parts = unpacked->value.if_array();
  if (!parts || parts->size() < 3 || !(*parts)[0].is_string()) return std::nullopt;
  JsonObject* packet = (*parts)[1].if_object();
  const JsonObject* opts = (*parts)[2].if_object();
  if (!packet || !opts) return std::nullopt;
  Broadcast broadcast;
  broadcast.uid = (*parts)[0].get_string();
  if (!is_of(*packet, nsp) ||
      !read_saying(*packet, *opts, std::move(unpacked->attachments), broadcast.saying)) {
    return std::nullopt;
  }
  return broadcast;
}

// -- requests -------------------------------------------------------------------------------------

std::string encode_request(const Request& request, std::string_view nsp) {
  JsonObject message;
  if (!request.uid.empty()) message["uid"] = request.uid;
  if (!request.id.empty()) message["requestId"] = request.id;
  message["type"] = static_cast<int>(request.type);
  if (request.type == RequestType::broadcast) {
    message["packet"] = to_packet(request.saying, nsp);
    message["opts"] = to_opts(request.saying, true);
    return to_msgpack(message, request.saying.args);
  }
  if (request.type == RequestType::server_side_emit) {
    Json data = to_values(request.saying);
    spell_out_bytes(data, request.saying.args);
    message["data"] = std::move(data);
  }
  if (request.audience) message["opts"] = to_opts(*request.audience);
  if (!request.rooms.empty()) message["rooms"] = to_array(request.rooms);
  if (request.type == RequestType::disconnect) message["close"] = request.close;
  return to_text(message);
}

namespace {

bool read_body(JsonObject& message, std::vector<SharedBytes> attachments, std::string_view nsp,
               Request& request) {
  const JsonObject* opts = object_at(message, "opts");
  switch (request.type) {
    case RequestType::sockets:
      return read_rooms(message, "rooms", request.rooms);
    case RequestType::all_rooms:
      return true;
    case RequestType::join:
    case RequestType::leave:
      if (opts) return read_rooms(message, "rooms", request.rooms) && !request.rooms.empty();
      return message.contains("room") && add_room(message["room"], request.rooms) &&
             !request.sid.empty();
    case RequestType::disconnect: {
      const Json* close = message.if_contains("close");
      request.close = close && close->is_bool() && close->get_bool();
      return opts || !request.sid.empty();
    }
    case RequestType::fetch:
      return opts != nullptr;
    case RequestType::server_side_emit: {
      Json* data = message.if_contains("data");
      JsonArray* values = data ? data->if_array() : nullptr;
      if (!values || !read_event(*values, request.saying.event)) return false;
      request.saying.args = Args(std::move(*values), std::move(attachments));
      return true;
    }
    case RequestType::broadcast: {
      Json* packet = message.if_contains("packet");
      return opts && packet && packet->is_object() && is_of(packet->get_object(), nsp) &&
             read_saying(packet->get_object(), *opts, std::move(attachments), request.saying);
    }
  }
  return false;
}

}  // namespace

std::optional<Request> decode_request(std::string_view message, std::string_view nsp) {
  auto unpacked = read_message(message);
  JsonObject* told = unpacked ? unpacked->value.if_object() : nullptr;
  if (!told) return std::nullopt;
  const auto type = number_at(*told, "type");
  if (!type || *type < 0 || *type > static_cast<int>(RequestType::broadcast)) return std::nullopt;
  Request request;
  request.type = static_cast<RequestType>(*type);
  request.uid = text_at(*told, "uid");
  request.id = text_at(*told, "requestId");
  request.sid = text_at(*told, "sid");
  if (const JsonObject* opts = object_at(*told, "opts")) {
    request.audience = read_audience(*opts);
    if (!request.audience) return std::nullopt;
  }
  if (!read_body(*told, std::move(unpacked->attachments), nsp, request)) return std::nullopt;
  return request;
}

// -- responses ------------------------------------------------------------------------------------

std::optional<Response> decode_response(std::string_view message) {
  auto unpacked = read_message(message);
  JsonObject* body = unpacked ? unpacked->value.if_object() : nullptr;
  if (!body) return std::nullopt;
  Response response;
  response.id = text_at(*body, "requestId");
  if (response.id.empty()) return std::nullopt;
  const auto type = number_at(*body, "type");
  if (type == client_count_type) response.kind = Response::Kind::client_count;
  if (type == client_ack_type) response.kind = Response::Kind::client_ack;
  response.body = std::move(*body);
  response.attachments = std::move(unpacked->attachments);
  return response;
}

std::string encode_done(std::string_view id) {
  return to_text(JsonObject{{"requestId", id}});
}

std::string encode_sids(std::string_view id, const socketio::RemoteSockets& sockets) {
  JsonArray sids;
  for (const auto& socket : sockets) sids.emplace_back(socket.id);
  return to_text(JsonObject{{"requestId", id}, {"sockets", std::move(sids)}});
}

std::string encode_rooms(std::string_view id, const socketio::RemoteSockets& sockets) {
  std::vector<std::string> rooms;
  for (const auto& socket : sockets)
    rooms.insert(rooms.end(), socket.rooms.begin(), socket.rooms.end());
  return to_text(JsonObject{{"requestId", id}, {"rooms", to_array(rooms)}});
}

std::string encode_sockets(std::string_view id, const socketio::RemoteSockets& sockets) {
  JsonArray list;
  for (const auto& socket : sockets) list.push_back(to_json(socket));
  return to_text(JsonObject{{"requestId", id}, {"sockets", std::move(list)}});
}

std::string encode_answer(std::string_view id, const Arguments& answer) {
  JsonObject message{{"type", static_cast<int>(RequestType::server_side_emit)}, {"requestId", id}};
  if (const auto args = to_args(answer); args && args->size() > 0) {
    Json data = (*args)[0];
    spell_out_bytes(data, *args);
    message["data"] = std::move(data);
  }
  return to_text(message);
}

std::string encode_client_count(std::string_view id, std::size_t count) {
  return to_text(
      JsonObject{{"type", client_count_type}, {"requestId", id}, {"clientCount", count}});
}

std::string encode_client_ack(std::string_view id, const Args& ack) {
  return to_msgpack(JsonObject{{"type", client_ack_type}, {"requestId", id}, {"packet", ack[0]}},
                    ack);
}

}  // namespace coterie::redis
