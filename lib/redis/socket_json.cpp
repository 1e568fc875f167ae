// SPDX-License-Identifier: MIT
#include "redis/socket_json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <string>
#include <utility>

#include "net/http.hpp"

namespace coterie::redis {

namespace {

// "Tue Nov 24 2026 14:56:29 GMT+0000 (Coordinated Universal Time)"
std::string javascript_date(WallTime time) {
  static constexpr std::array<const char*, 7> days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr std::array<const char*, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{std::chrono::floor<std::chrono::seconds>(time - day)};
  return fmt::format("{} {} {:02} {:04} {:02}:{:02}:{:02} GMT+0000 (Coordinated Universal Time)",
                     days[std::chrono::weekday(day).c_encoding()],
                     months[static_cast<unsigned>(date.month()) - 1],
                     static_cast<unsigned>(date.day()), static_cast<int>(date.year()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count());
}

// A header that came twice is one list, as in Node.
JsonObject headers_of(const socketio::Handshake& handshake) {
  JsonObject headers;
  for (const auto& field : handshake.headers()) {
    std::string name = field.name;
    std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::tolower(c); });
    Json& value = headers[name];
    value = value.is_string() ? std::string(value.get_string()) + ", " + field.value : field.value;
  }
  return headers;
}

JsonObject query_of(const socketio::Handshake& handshake) {
  JsonObject query;
  for (const auto& [name, value] : handshake.query()) query[name] = value;
  return query;
}

std::string text_at(const JsonObject& object, std::string_view name) {
  const Json* value = object.if_contains(name);
  return value && value->is_string() ? std::string(value->get_string()) : std::string();
}

socketio::Handshake handshake_of(const JsonObject& told) {
  net::Request request;
  request.remote = text_at(told, "address");
  request.target = text_at(told, "url");
  const Json* secure = told.if_contains("secure");
  request.is_secure = secure && secure->is_bool() && secure->get_bool();
  if (!net::is_field_value(request.remote)) request.remote.clear();
  if (!net::is_field_value(request.target)) request.target.clear();
  const Json* headers = told.if_contains("headers");
  if (headers && headers->is_object()) {
    for (const auto& [name, value] : headers->get_object()) {
      if (!value.is_string() || !net::is_token(name)) continue;
      if (!net::is_field_value(value.get_string())) continue;
      request.fields.add(std::string(name), std::string(value.get_string()));
    }
  }
  const Json* issued = told.if_contains("issued");
  const bool is_known = issued && issued->is_int64();
  return socketio::Handshake(
      request, WallTime(std::chrono::milliseconds(is_known ? issued->get_int64() : 0)));
}

}  // namespace

Json to_json(const socketio::RemoteSocket& socket) {
  const socketio::Handshake& handshake = socket.handshake;
  JsonArray rooms;
  for (const std::string& room : socket.rooms) rooms.emplace_back(room);
  return JsonObject{{"id", socket.id},
                    {"handshake",
                     {{"headers", headers_of(handshake)},
                      {"time", javascript_date(handshake.issued())},
                      {"address", handshake.address()},
                      {"xdomain", !handshake.header("origin").empty()},
                      {"secure", handshake.secure()},
                      {"issued", handshake.issued().time_since_epoch().count()},
                      {"url", handshake.url()},
                      {"query", query_of(handshake)},
                      {"auth", socket.auth}}},
                    {"rooms", std::move(rooms)},
                    {"data", socket.data}};
}

std::optional<socketio::RemoteSocket> to_remote_socket(const Json& value) {
  const JsonObject* told = value.if_object();
  if (!told) return std::nullopt;
  socketio::RemoteSocket socket;
  socket.id = text_at(*told, "id");
  if (socket.id.empty()) return std::nullopt;
  if (const Json* rooms = told->if_contains("rooms"); rooms && rooms->is_array()) {
    for (const Json& room : rooms->get_array()) {
      if (room.is_string()) socket.rooms.emplace_back(room.get_string());
    }
  }
  socket.data = JsonObject();
  socket.auth = JsonObject();
  if (const Json* data = told->if_contains("data")) socket.data = *data;
  if (const Json* handshake = told->if_contains("handshake"); handshake && handshake->is_object()) {
    socket.handshake = handshake_of(handshake->get_object());
    if (const Json* auth = handshake->get_object().if_contains("auth")) socket.auth = *auth;
  }
  return socket;
}

}  // namespace coterie::redis
