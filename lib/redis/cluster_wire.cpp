// SPDX-License-Identifier: MIT
#include "redis/cluster_wire.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "engineio/packet.hpp"
#include "redis/msgpack.hpp"
#include "redis/socket_json.hpp"

namespace coterie::redis {

namespace {

using socketio::Args;
using socketio::Offset;

enum Type : std::int64_t {
  broadcast = 3,
  join = 4,
  leave = 5,
  disconnect = 6,
  fetch = 7,
  sockets = 8,
  server_event = 9,
  server_answer = 10,
  client_count = 11,
  client_ack = 12,
};

// -- written --------------------------------------------------------------------------------------

std::int64_t type_of(RequestType type) {
  switch (type) {
    case RequestType::join:
      return join;
    case RequestType::leave:
      return leave;
    case RequestType::disconnect:
      return disconnect;
    case RequestType::server_side_emit:
      return server_event;
    case RequestType::broadcast:
      return broadcast;
    case RequestType::sockets:
    case RequestType::all_rooms:
    case RequestType::fetch:
      break;
  }
  return fetch;
}

JsonObject opts_of(const Request& request) {
  JsonObject opts = to_opts(request.audience.value_or(socketio::Audience()));
  opts["flags"] = JsonObject();
  return opts;
}

JsonObject data_of(const Request& request) {
  JsonObject data;
  switch (type_of(request.type)) {
    case broadcast:
      data["packet"] = to_packet(request.saying);
      if (!request.id.empty()) data["requestId"] = request.id;
      data["opts"] = to_opts(request.saying, !request.id.empty());
      break;
    case server_event:
      if (!request.id.empty()) data["requestId"] = request.id;
      data["packet"] = to_values(request.saying);
      break;
    case disconnect:
      data["opts"] = opts_of(request);
      data["close"] = request.close;
      break;
    case fetch:
      data["opts"] = opts_of(request);
      data["requestId"] = request.id;
      break;
    default:
      data["opts"] = opts_of(request);
      data["rooms"] = to_array(request.rooms);
  }
  return data;
}

std::string packed(std::int64_t type, JsonObject data, std::string_view uid, std::string_view nsp,
                   const Args& owner) {
  const JsonObject message{{"type", type}, {"data", std::move(data)}, {"uid", uid}, {"nsp", nsp}};
  return to_msgpack(message, owner);
}

std::string in_base64(const JsonObject& data, const Args& owner) {
  std::string text;
  engineio::append_base64(to_msgpack(data, owner), text);
  return text;
}

// -- read -----------------------------------------------------------------------------------------

std::optional<std::uint64_t> number_in(std::string_view digits) {
  std::uint64_t number = 0;
  const auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  const bool is_number = failure == std::errc() && end == digits.data() + digits.size();
  return is_number ? std::optional(number) : std::nullopt;
}

bool read_opts(const JsonObject& data, Request& request) {
  const JsonObject* opts = object_at(data, "opts");
  if (opts) request.audience = read_audience(*opts);
  return request.audience.has_value();
}

std::optional<Request> read_request(std::int64_t type, JsonObject& data,
                                    std::vector<SharedBytes> attachments) {
  Request request;
  request.id = text_at(data, "requestId");
  Json* packet = data.if_contains("packet");
  switch (type) {
    case broadcast: {
      request.type = RequestType::broadcast;
      const JsonObject* opts = object_at(data, "opts");
      if (!opts || !packet || !packet->is_object()) return std::nullopt;
      if (!read_saying(packet->get_object(), *opts, std::move(attachments), request.saying)) {
        return std::nullopt;
      }
      return request;
    }
    case join:
    case leave:
      request.type = type == join ? RequestType::join : RequestType::leave;
      if (!read_opts(data, request) || !read_rooms(data, "rooms", request.rooms)) break;
      return request.rooms.empty() ? std::nullopt : std::optional(std::move(request));
    case disconnect: {
      request.type = RequestType::disconnect;
      const Json* close = data.if_contains("close");
      request.close = close && close->is_bool() && close->get_bool();
      return read_opts(data, request) ? std::optional(std::move(request)) : std::nullopt;
    }
    case fetch:
      request.type = RequestType::fetch;
      if (request.id.empty() || !read_opts(data, request)) break;
      return request;
    case server_event: {
      request.type = RequestType::server_side_emit;
      JsonArray* values = packet ? packet->if_array() : nullptr;
      if (!values || !read_event(*values, request.saying.event)) break;
      request.saying.args = Args(std::move(*values), std::move(attachments));
      return request;
    }
    default:
      break;
  }
  return std::nullopt;
}

std::optional<Response> read_response(std::int64_t type, JsonObject& data,
                                      std::vector<SharedBytes> attachments) {
  if (type != sockets && type != server_answer && type != client_count && type != client_ack) {
    return std::nullopt;
  }
  Response response;
  response.id = text_at(data, "requestId");
  if (response.id.empty()) return std::nullopt;
  if (type == client_count) response.kind = Response::Kind::client_count;
  if (type == client_ack) response.kind = Response::Kind::client_ack;
  if (Json* packet = data.if_contains("packet"); packet && type == server_answer) {
    Json answer = std::move(*packet);  // It moves when there is one more.
    data["data"] = std::move(answer);
  }
  response.body = std::move(data);
  response.attachments = std::move(attachments);
  return response;
}

bool may_last(const Request& request) {
  switch (request.type) {
    case RequestType::broadcast:
      return request.id.empty();
    case RequestType::join:
    case RequestType::leave:
    case RequestType::disconnect:
      return true;
    default:
      return false;
  }
}

std::optional<Unpacked> read_base64(std::string_view data) {
  const auto bytes = engineio::decode_base64(data);
  auto value = bytes ? read_msgpack(*bytes) : Result<Unpacked>(Error("bad_msgpack"));
  return value ? std::optional(std::move(*value)) : std::nullopt;
}

std::optional<Unpacked> read_data(const std::string& data) {
  if (!data.starts_with('{')) return read_base64(data);
  auto value = parse_json(data, cluster_depth_max);
  return value ? std::optional(Unpacked{std::move(*value), {}}) : std::nullopt;
}

StreamEntry read_entry(const Offset& id, const Reply::List& fields) {
  StreamEntry entry;
  entry.id = id;
  for (std::size_t i = 0; i + 1 < fields.size(); i += 2) {
    const auto name = fields[i].text();
    auto value = fields[i + 1].text();
    if (!name || !value) continue;
    if (*name == "uid") entry.uid = std::move(*value);
    if (*name == "nsp") entry.nsp = std::move(*value);
    if (*name == "type") entry.type = std::move(*value);
    if (*name == "data") entry.data = std::move(*value);
    if (*name == "n") entry.number = number_in(*value).value_or(0);
    if (*name == "alone") entry.alone = std::move(*value);
  }
  return entry;
}

}  // namespace

// -- entries --------------------------------------------------------------------------------------

std::vector<std::string> entry_fields(std::string_view uid, std::string_view nsp,
                                      const Request& request, std::string_view alone) {
  const JsonObject data = data_of(request);
  const bool has_bytes = !request.saying.args.attachments().empty();
  std::vector<std::string> fields{
      "uid",  std::string(uid),
      "nsp",  std::string(nsp),
      "type", std::to_string(type_of(request.type)),
      "data", has_bytes ? in_base64(data, request.saying.args) : to_text(data)};
  if (!alone.empty()) fields.insert(fields.end(), {"alone", std::string(alone)});
  return fields;
}

std::optional<Request> decode_entry(const StreamEntry& entry) {
  const auto type = number_in(entry.type);
  auto unpacked = type && *type <= disconnect ? read_data(entry.data) : std::nullopt;
  JsonObject* data = unpacked ? unpacked->value.if_object() : nullptr;
  if (!data) return std::nullopt;
  auto request =
      read_request(static_cast<std::int64_t>(*type), *data, std::move(unpacked->attachments));
  return request && may_last(*request) ? request : std::nullopt;
}

std::optional<std::vector<StreamEntry>> read_entries(const Reply& reply) {
  const auto list = reply.list();
  if (!list) return std::nullopt;
  std::vector<StreamEntry> entries;
  entries.reserve(list->size());
  for (const Reply& each : *list) {
    const auto pair = each.list();
    if (!pair || pair->size() != 2) return std::nullopt;
    const auto text = (*pair)[0].text();
    const auto id = text ? Offset::parse(*text) : std::nullopt;
    if (!id || (!entries.empty() && *id <= entries.back().id)) return std::nullopt;
    // Those of an entry that was deleted are nil.
    const auto fields = (*pair)[1].list();
    entries.push_back(read_entry(*id, fields ? *fields : Reply::List()));
  }
  return entries;
}

// -- messages -------------------------------------------------------------------------------------

std::string encode_message(std::string_view uid, std::string_view nsp, const Request& request) {
  return packed(type_of(request.type), data_of(request), uid, nsp, request.saying.args);
}

std::string encode_response(std::string_view uid, std::string_view nsp, std::string_view id,
                            const Answer& answer) {
  JsonObject data{{"requestId", id}};
  if (const auto* found = std::get_if<socketio::RemoteSockets>(&answer)) {
    JsonArray list;
    for (const auto& socket : *found) list.push_back(to_json(socket));
    data["sockets"] = std::move(list);
    return packed(sockets, std::move(data), uid, nsp, {});
  }
  if (const auto* count = std::get_if<ClientCount>(&answer)) {
    data["clientCount"] = count->clients;
    return packed(client_count, std::move(data), uid, nsp, {});
  }
  if (const auto* ack = std::get_if<Args>(&answer)) {
    data["packet"] = (*ack)[0];
    return packed(client_ack, std::move(data), uid, nsp, *ack);
  }
  const auto* arguments = std::get_if<socketio::Arguments>(&answer);
  const Args args = arguments ? to_args(*arguments).value_or(Args()) : Args();
  data["packet"] = args.size() > 0 ? args[0] : Json();
  return packed(server_answer, std::move(data), uid, nsp, args);
}

std::optional<ClusterMessage> decode_message(std::string_view message, std::string_view nsp) {
  auto unpacked = read_msgpack(message);
  JsonObject* told = unpacked ? unpacked->value.if_object() : nullptr;
  if (!told || text_at(*told, "nsp") != nsp) return std::nullopt;
  const auto type = number_at(*told, "type");
  Json* value = told->if_contains("data");
  JsonObject* data = value ? value->if_object() : nullptr;
  if (!type || !data) return std::nullopt;
  ClusterMessage read{std::string(text_at(*told, "uid")), Request()};
  if (auto request = read_request(*type, *data, unpacked->attachments)) {
    request->uid = read.uid;
    read.body = std::move(*request);
    return read;
  }
  auto response = read_response(*type, *data, std::move(unpacked->attachments));
  if (!response) return std::nullopt;
  read.body = std::move(*response);
  return read;
}

// -- sessions -------------------------------------------------------------------------------------

std::string encode_session(const socketio::SavedSession& session) {
  JsonArray rooms{Json(session.sid.view())};
  for (const std::string& room : session.rooms) rooms.emplace_back(room);
  return in_base64({{"sid", session.sid.view()},
                    {"pid", session.pid.view()},
                    {"rooms", std::move(rooms)},
                    {"data", session.data},
                    {"nsp", session.nsp},
                    {"offset", session.offset.text()}},
                   {});
}

std::optional<socketio::SavedSession> decode_session(std::string_view text) {
  auto unpacked = read_base64(text);
  const JsonObject* told = unpacked ? unpacked->value.if_object() : nullptr;
  if (!told) return std::nullopt;
  socketio::SavedSession session;
  const auto sid = Id::parse(text_at(*told, "sid"));
  const auto pid = Id::parse(text_at(*told, "pid"));
  const auto offset = Offset::parse(text_at(*told, "offset"));
  if (!sid || !pid || !offset) return std::nullopt;
  session.sid = *sid;
  session.pid = *pid;
  session.offset = *offset;
  session.nsp = text_at(*told, "nsp");
  if (!read_rooms(*told, "rooms", session.rooms)) return std::nullopt;
  std::erase(session.rooms, std::string(session.sid.view()));
  if (const JsonObject* data = object_at(*told, "data")) session.data = *data;
  return session;
}

}  // namespace coterie::redis
