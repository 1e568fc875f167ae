// SPDX-License-Identifier: MIT
#include "api/nodes.hpp"

#include <algorithm>
#include <chrono>
#include <future>
#include <memory>
#include <optional>
#include <utility>

#include "api/schema.hpp"
#include "base/blocking.hpp"
#include "base/check.hpp"
#include "chat/admin.hpp"

namespace coterie::api {

namespace {

using Connection = Nodes::Connection;

// For others to answer, and for our own shards: longer than both take where nothing is wrong.
constexpr auto patience = std::chrono::seconds(2);
constexpr std::size_t name_bytes_max = 100;  // For the log.
constexpr std::size_t rows_max = static_cast<std::size_t>(chat::Admin::listed_max);

// Whose socket it is, by the room that it has joined as theirs (api::Realtime).
std::optional<std::int64_t> user_in(const std::vector<std::string>& rooms) {
  for (const std::string_view room : rooms) {
    if (room.starts_with("user:")) return integer_of(Json(room.substr(5)));
  }
  return std::nullopt;
}

Json to_json(const std::string& node, const std::vector<Connection>& connections) {
  JsonArray rows;
  for (const Connection& each : connections) {
    const auto since =
        std::chrono::duration_cast<std::chrono::milliseconds>(each.since.time_since_epoch());
    rows.push_back(JsonArray{each.id, each.user_id, each.address, since.count()});
  }
  return JsonArray{node, std::move(rows)};
}

const JsonArray* array_of(const Json& value, std::size_t size) {
  const JsonArray* array = value.if_array();
  return array && array->size() == size ? array : nullptr;
}

// What is malformed is left out: whoever has answered may be of another version.
void append(const Json& answer, std::vector<Connection>& connections) {
  const JsonArray* parts = array_of(answer, 2);
  if (!parts || !parts->front().is_string() || !parts->back().is_array()) return;
  for (const Json& row : parts->back().get_array()) {
    const JsonArray* fields = array_of(row, 4);
    if (!fields || !(*fields)[0].is_string() || !(*fields)[2].is_string()) continue;
    const auto user_id = integer_of((*fields)[1]);
    const auto since = integer_of((*fields)[3]);
    if (!user_id || !since) continue;
    connections.push_back(
        {std::string((*fields)[0].get_string()), *user_id, std::string((*fields)[2].get_string()),
         WallTime(std::chrono::milliseconds(*since)), std::string(parts->front().get_string())});
  }
}

}  // namespace

void Nodes::set_up(std::string name, std::function<void(std::string_view name)> on_other) {
  name_ = std::move(name);
  on_other_ = std::move(on_other);
  socketio::Namespace& space = server_.of("/");
  space.on_server_event("hello", [this](const socketio::Args& args, const auto& ack) {
    note(args[0]);
    ack(socketio::arguments(name_));
  });
  space.on_server_event("connections", [this](const socketio::Args&, const auto& ack) {
    own_connections([ack, name = name_](const std::vector<Connection>& found) {
      ack(socketio::arguments(to_json(name, found)));
    });
  });
  space.on_server_event("totals", [this](const socketio::Args&, const auto& ack) {
    const Totals own = own_totals();
    ack(socketio::arguments(Json(JsonArray{own.connections, own.delivered, own.slow_consumers})));
  });
}

void Nodes::on_hearing(bool may_have_lost) {
  socketio::Namespace& space = server_.of("/");
  const auto everyone = space.all();
  (may_have_lost ? everyone : everyone.local()).emit("resync");
  const auto greet = [this](const socketio::Answers& answers) {
    for (const socketio::Args& answer : answers.values) note(answer[0]);
  };
  space.server_side_emit_with_ack("hello", patience, greet, name_);
}

void Nodes::note(const Json& name) const {
  if (name.is_string()) on_other_(std::string_view(name.get_string()).substr(0, name_bytes_max));
}

std::vector<Json> Nodes::ask_others(std::string_view event) const {
  COTERIE_CHECK(may_block());
  // Whoever waits in vain has gone by the time an answer comes: the promise is shared.
  auto answered = std::make_shared<std::promise<std::vector<Json>>>();
  auto answer = answered->get_future();
  server_.of("/").server_side_emit_with_ack(event, patience,
                                            [answered](const socketio::Answers& answers) {
                                              std::vector<Json> values;
                                              for (const socketio::Args& each : answers.values)
                                                values.push_back(each[0]);
                                              answered->set_value(std::move(values));
                                            });
  if (answer.wait_for(2 * patience) != std::future_status::ready) return {};
  return answer.get();
}

void Nodes::own_connections(std::function<void(std::vector<Connection>)> found) const {
  const auto use = [found = std::move(found), name = name_](const socketio::RemoteSockets& all) {
    std::vector<Connection> own;
    for (const socketio::RemoteSocket& socket : all) {
      if (const auto user_id = user_in(socket.rooms)) {
        own.push_back({socket.id, *user_id, std::string(socket.handshake.address()),
                       socket.handshake.issued(), name});
      }
    }
    std::ranges::sort(own, std::ranges::greater{}, &Connection::since);
    if (own.size() > rows_max) own.resize(rows_max);
    found(std::move(own));
  };
  server_.of("/").local().fetch_sockets(use);
}

Result<std::vector<Connection>> Nodes::connections() const {
  COTERIE_CHECK(may_block());
  auto answered = std::make_shared<std::promise<std::vector<Connection>>>();
  auto answer = answered->get_future();
  own_connections([answered](std::vector<Connection> own) { answered->set_value(std::move(own)); });
  if (answer.wait_for(patience) != std::future_status::ready) return Error("busy");
  std::vector<Connection> found = answer.get();
  for (const Json& other : ask_others("connections")) append(other, found);
  return found;
}

Nodes::Totals Nodes::own_totals() const {
  socketio::Namespace& space = server_.of("/");
  return {static_cast<std::int64_t>(space.socket_count()),
          static_cast<std::int64_t>(space.delivered_count()),
          static_cast<std::int64_t>(realtime_.slow_count())};
}

Nodes::Totals Nodes::totals() const {
  Totals all = own_totals();
  for (const Json& other : ask_others("totals")) {
    const JsonArray* parts = array_of(other, 3);
    if (!parts) continue;
    all.connections += integer_of((*parts)[0]).value_or(0);
    all.delivered += integer_of((*parts)[1]).value_or(0);
    all.slow_consumers += integer_of((*parts)[2]).value_or(0);
  }
  return all;
}

void Nodes::disconnect(const std::string& id) {
  server_.of("/").to(id).disconnect_sockets(true);
}

}  // namespace coterie::api
