// SPDX-License-Identifier: MIT
#include "redis/saying.hpp"

#include <algorithm>
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
using socketio::EmitFlags;

constexpr int event_packet = 2;          // Of socket.io-parser.
constexpr double timeout_max = 600'000;  // Of another server's question to our clients.
constexpr std::int64_t client_count_max = 1 << 30;
constexpr std::size_t socket_bytes = 1024;  // A socket that was found, beside its texts: about.

std::size_t bytes_of(const std::vector<SharedBytes>& attachments) {
  std::size_t bytes = 0;
  for (const SharedBytes& attachment : attachments) bytes += attachment.size();
  return bytes;
}

std::size_t bytes_of(const std::vector<std::string>& texts) {
  std::size_t bytes = texts.size() * sizeof(std::string);
  for (const std::string& text : texts) bytes += text.size();
  return bytes;
}

}  // namespace

// -- how much they hold ---------------------------------------------------------------------------

std::size_t bytes_of(const Arguments& arguments) {
  return arguments.text.size() + bytes_of(arguments.attachments);
}

std::size_t bytes_of(const Audience& audience) {
  return bytes_of(audience.rooms) + bytes_of(audience.except);
}

std::size_t bytes_of(const Answer& answer) {
  std::size_t bytes = sizeof answer;
  if (const auto* sockets = std::get_if<socketio::RemoteSockets>(&answer)) {
    for (const auto& socket : *sockets) {
      bytes += socket_bytes + bytes_of(socket.rooms) + to_text(socket.data).size();
    }
  } else if (const auto* ack = std::get_if<Args>(&answer)) {
    bytes += to_text(Json(ack->values())).size() + bytes_of(ack->attachments());
  } else if (const auto* arguments = std::get_if<Arguments>(&answer)) {
    bytes += bytes_of(*arguments);
  }
  return bytes;
}

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
                 Saying& saying) {
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

JsonObject to_packet(const Saying& saying) {
  return {{"type", event_packet}, {"data", to_values(saying)}};
}

std::string to_msgpack(const Json& value, const Args& owner) {
  std::string message;
  write_msgpack(value, owner, message);
  return message;
}

std::optional<Args> to_args(const Arguments& arguments) {
  auto values = parse_json("[" + arguments.text + "]", cluster_depth_max);
  if (!values) return std::nullopt;
  return Args(std::move(values->get_array()), arguments.attachments);
}

// -- responses ------------------------------------------------------------------------------------

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

}  // namespace coterie::redis
