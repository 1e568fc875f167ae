// SPDX-License-Identifier: MIT
#include "redis/classic_wire.hpp"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include "redis/socket_json.hpp"
#include "socketio/packet.hpp"

namespace coterie::redis {

namespace {

using socketio::Args;
using socketio::Arguments;
using socketio::Audience;
using socketio::EmitFlags;

constexpr int event_packet = 2;            // Of socket.io-parser.
constexpr std::size_t uid_bytes_max = 64;  // Ours are 6; it becomes part of a channel's name.
constexpr double timeout_max = 600'000;    // Of another server's question to our clients.
constexpr std::int64_t client_count_max = 1 << 30;

// -- pieces that are read -------------------------------------------------------------------------

std::string_view text_at(const JsonObject& object, std::string_view name) {
  const Json* value = object.if_contains(name);
  return value && value->is_string() ? std::string_view(value->get_string()) : std::string_view();
}

std::optional<std::int64_t> number_at(const JsonObject& object, std::string_view name) {
  const Json* value = object.if_contains(name);
  return value && value->is_int64() ? std::optional(value->get_int64()) : std::nullopt;
}

const JsonObject* object_at(const JsonObject& object, std::string_view name) {
  const Json* value = object.if_contains(name);
  return value ? value->if_object() : nullptr;
}

// A room is a text; in Node it may be a number as well.
bool add_room(const Json& value, std::vector<std::string>& rooms) {
  if (value.is_string()) {
    rooms.emplace_back(value.get_string());
  } else if (value.is_int64()) {
    rooms.push_back(std::to_string(value.get_int64()));
  } else {
    return false;
  }
  return true;
}

// No rooms at all mean everybody: a list with something else in it is not taken for an empty one.
bool read_rooms(const JsonObject& object, std::string_view name, std::vector<std::string>& rooms) {
  const Json* value = object.if_contains(name);
  if (!value || value->is_null()) return true;
  const JsonArray* list = value->if_array();
  return list &&
         std::ranges::all_of(*list, [&](const Json& each) { return add_room(each, rooms); });
}

std::optional<Audience> read_audience(const JsonObject& opts) {
  Audience audience;
  if (!read_rooms(opts, "rooms", audience.rooms)) return std::nullopt;
  if (!read_rooms(opts, "except", audience.except)) return std::nullopt;
  return audience;
}

EmitFlags read_flags(const JsonObject& opts) {
  EmitFlags flags;
  const JsonObject* told = object_at(opts, "flags");
  if (!told) return flags;
  const Json* is_volatile = told->if_contains("volatile");
  flags.is_volatile = is_volatile && is_volatile->is_bool() && is_volatile->get_bool();
  const Json* compress = told->if_contains("compress");
  flags.compress = !(compress && compress->is_bool() && !compress->get_bool());
  if (const Json* timeout = told->if_contains("timeout"); timeout && timeout->is_number()) {
    const double time = std::clamp(timeout->to_number<double>(), 0.0, timeout_max);
    flags.timeout = std::chrono::milliseconds(static_cast<std::int64_t>(time));
  }
  return flags;
}

// The event of [event, args…]: false unless its name can be one. `values` becomes the args.
bool read_event(JsonArray& values, std::string& event) {
  if (values.empty() || !values.front().is_string()) return false;
  event = values.front().get_string();
  values.erase(values.begin());
  return true;
}

bool read_saying(JsonObject& packet, const JsonObject& opts, std::vector<SharedBytes> attachments,
                 std::string_view nsp, Saying& saying) {
  const Json* told_nsp = packet.if_contains("nsp");
  if (text_at(packet, "nsp") != nsp && (told_nsp || nsp != "/")) return false;
  if (number_at(packet, "type") != event_packet) return false;
  Json* data = packet.if_contains("data");
  if (!data || !data->is_array() || !read_event(data->get_array(), saying.event)) return false;
  if (socketio::is_reserved_event(saying.event)) return false;
  auto audience = read_audience(opts);
  if (!audience) return false;
  saying.audience = std::move(*audience);
  saying.flags = read_flags(opts);
  saying.args = Args(std::move(data->get_array()), std::move(attachments));
  return true;
}

std::optional<Unpacked> read_message(std::string_view message) {
  if (message.starts_with('{')) {
    auto value = parse_json(message);
    if (!value) return std::nullopt;
    return Unpacked{std::move(*value), {}};
  }
  auto value = read_msgpack(message);
  if (!value) return std::nullopt;
  return std::move(*value);
}

// -- pieces that are written ----------------------------------------------------------------------

JsonArray to_array(const std::vector<std::string>& names) {
  JsonArray array;
  std::set<std::string_view> known;
  for (const std::string& name : names) {
    if (known.insert(name).second) array.emplace_back(name);
  }
  return array;
}

JsonObject to_opts(const Audience& audience) {
  return {{"rooms", to_array(audience.rooms)}, {"except", to_array(audience.except)}};
}

JsonObject to_opts(const Saying& saying, bool wants_answer) {
  JsonObject flags;
  if (saying.flags.is_volatile) flags["volatile"] = true;
  if (!saying.flags.compress) flags["compress"] = false;
  if (wants_answer) flags["timeout"] = saying.flags.timeout.count();
  JsonObject opts = to_opts(saying.audience);
  opts["flags"] = std::move(flags);
  return opts;
}

JsonArray to_values(const Saying& saying) {
  JsonArray values{Json(saying.event)};
  values.insert(values.end(), saying.args.values().begin(), saying.args.values().end());
  return values;
}

JsonObject to_packet(const Saying& saying, std::string_view nsp) {
  return {{"type", event_packet}, {"data", to_values(saying)}, {"nsp", nsp}};
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

std::string to_msgpack(const Json& value, const Args& owner) {
  std::string message;
  write_msgpack(value, owner, message);
  return message;
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
  if (!read_saying(*packet, *opts, std::move(unpacked->attachments), nsp, broadcast.saying)) {
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
      return opts && packet && packet->is_object() &&
             read_saying(packet->get_object(), *opts, std::move(attachments), nsp, request.saying);
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
  response.type = number_at(*body, "type").value_or(-1);
  response.body = std::move(*body);
  response.attachments = std::move(unpacked->attachments);
  return response;
}

socketio::RemoteSockets Response::sockets() const {
  socketio::RemoteSockets sockets;
  const Json* list = body.if_contains("sockets");
  if (!list || !list->is_array()) return sockets;
  for (const Json& each : list->get_array()) {
    if (auto socket = to_remote_socket(each)) sockets.push_back(std::move(*socket));
  }
  return sockets;
}

std::size_t Response::client_count() const {
  const std::int64_t count = number_at(body, "clientCount").value_or(0);
  return static_cast<std::size_t>(std::clamp<std::int64_t>(count, 0, client_count_max));
}

Args Response::ack() const {
  const Json* value = body.if_contains("packet");
  return Args(JsonArray{value ? *value : Json()}, attachments);
}

Args Response::answer() const {
  const Json* value = body.if_contains("data");
  return Args(JsonArray{value ? *value : Json()}, attachments);
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

std::optional<Args> to_args(const Arguments& arguments) {
  auto values = parse_json("[" + arguments.text + "]");
  if (!values) return std::nullopt;
  return Args(std::move(values->get_array()), arguments.attachments);
}

}  // namespace coterie::redis
