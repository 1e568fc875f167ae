// SPDX-License-Identifier: MIT
#include "api/presence.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "api/schema.hpp"
#include "api/visitor.hpp"
#include "base/random.hpp"

namespace coterie::api {

using socketio::Ack;
using socketio::Args;
using socketio::Socket;

// What a socket watches, and where it has typed in the last second.
struct Visitor::Watching {
  std::map<std::int64_t, std::shared_ptr<const void>> groups;
  std::vector<std::pair<std::int64_t, TimePoint>> typed;
};

namespace {

constexpr auto interval = std::chrono::seconds(1);  // Between two events of one group.
constexpr std::size_t watched_max = 256;  // Groups of one socket: more than any window shows.
constexpr std::size_t typed_max = 16;     // And where one person types within a second.

std::string presence_room(std::int64_t group_id) {
  return fmt::format("presence:{}", group_id);
}

JsonArray array_of(const chat::Presence::Users& users) {
  return JsonArray(users.begin(), users.end());
}

std::optional<std::int64_t> group_in(const Args& args) {
  const auto* fields = args[0].if_object();
  return fields ? integer_of(*fields, "groupId") : std::nullopt;
}

Visitor::Watching& watching_of(Socket& socket) {
  auto& watching = socket.local<Visitor>()->watching;
  if (!watching) watching = std::make_shared<Visitor::Watching>();
  return *watching;
}

// The group that is meant, and that the socket's user is in; else it is told what is wrong.
std::optional<std::int64_t> own_group(Socket& socket, const Args& args, const Ack& ack) {
  const auto id = group_in(args);
  if (!id) {
    complain(socket, ack, "groupId must be an integer number");
  } else if (!socket.is_in(group_room(*id))) {
    complain_of(socket, ack, Error("not_in_group"));
  } else {
    return id;
  }
  return std::nullopt;
}

}  // namespace

Presence::Presence(socketio::Server& server, std::chrono::seconds grace)
    : server_(server),
      board_(std::make_shared<chat::Presence>(chat::Presence::Parts{
          system_clock(), grace, random_id(system_random(), 16),
          [&server](const chat::Presence::Change& change) {
            server.of("/")
                .to(presence_room(change.group_id))
                .local()
                .as_volatile()
                .emit(fmt::format("presence:{}", change.group_id),
                      JsonObject{{"online", array_of(change.online)},
                                 {"offline", array_of(change.offline)}});
          },
          [&server](const JsonObject& word) { server.of("/").server_side_emit("presence", word); },
          [this](std::int64_t group_id, std::function<void()> done) {
            gather(group_id, std::move(done));
          }})) {}

void Presence::set_up(const OnEvent& on, net::Shard& shard) {
  on("watch-presence",
     [this](Socket& socket, const Args& args, const Ack& ack) { watch(socket, args, ack); });
  on("unwatch-presence",
     [this](Socket& socket, const Args& args, const Ack& ack) { unwatch(socket, args, ack); });
  on("typing",
     [this](Socket& socket, const Args& args, const Ack& ack) { type(socket, args, ack); });
  server_.of("/").on_server_event("presence", [this](const Args& args, const auto&) {
    if (const auto* word = args[0].if_object()) board_->hear(*word);
  });
  shard_ = &shard;
  shard.post([this] { tick(); });
}

void Presence::tick() {
  board_->tick();
  shard_->timers().arm<&Presence::tick>(timer_, shard_->now() + interval, this);
}

std::shared_ptr<const void> Presence::enter(std::int64_t user_id,
                                            std::span<const std::int64_t> groups) {
  board_->arrive(user_id, groups);
  return {board_.get(), [board = board_, user_id](const void*) { board->leave(user_id); }};
}

void Presence::on_joined(std::int64_t user_id, std::int64_t group_id) {
  board_->joined(user_id, group_id);
}

// Visits every socket of the group on its shard; the last one to let go of the visit ends it.
void Presence::gather(std::int64_t group_id, std::function<void()> done) {
  const std::shared_ptr<const void> visit(
      this, [board = std::weak_ptr(board_), done = std::move(done)](const void*) {
        if (const auto alive = board.lock()) done();
      });
  const auto find = [board = board_, visit, group_id](Socket& socket) {
    const auto* visitor = socket.local<Visitor>();
    if (visitor && visitor->actor) board->found(visitor->actor->user_id, group_id);
  };
  server_.of("/").to(group_room(group_id)).local().for_each(find);
}

void Presence::watch(Socket& socket, const Args& args, const Ack& ack) {
  const auto id = own_group(socket, args, ack);
  if (!id) return;
  auto& groups = watching_of(socket).groups;
  if (groups.size() >= watched_max && !groups.contains(*id)) {
    return complain(socket, ack, fmt::format("no more than {} groups can be watched", watched_max));
  }
  socket.join(presence_room(*id));
  board_->watch(*id, [board = board_.get(), ref = socket.ref(), id = *id, ack] {
    ref.dispatch([board, id, ack](Socket&) {
      const auto online = board->online(id);
      JsonObject answer{{"online", array_of(online.users)}};
      if (online.more) answer["more"] = true;
      ack(answer);
    });
  });
  // Only now: who watches already watches twice for a moment, and not once less.
  groups[*id] = {board_.get(), [board = board_, id = *id](const void*) { board->unwatch(id); }};
}

void Presence::unwatch(Socket& socket, const Args& args, const Ack& ack) {
  const auto id = group_in(args);
  if (!id) return complain(socket, ack, "groupId must be an integer number");
  socket.leave(presence_room(*id));
  watching_of(socket).groups.erase(*id);
  ack(JsonObject{});
}

void Presence::type(Socket& socket, const Args& args, const Ack& ack) {
  const auto id = own_group(socket, args, ack);
  if (!id) return;
  ack(JsonObject{});
  const TimePoint now = shard_->clock().now();
  auto& typed = watching_of(socket).typed;
  std::erase_if(typed, [now](const auto& each) { return each.second + interval <= now; });
  const bool has_typed = std::ranges::any_of(typed, [&](auto& each) { return each.first == *id; });
  if (has_typed || typed.size() >= typed_max) return;
  typed.emplace_back(*id, now);
  const std::int64_t user_id = socket.local<Visitor>()->actor->user_id;
  server_.of("/")
      .to(group_room(*id))
      .except(user_room(user_id))
      .as_volatile()
      .emit(fmt::format("typing:{}", *id), JsonObject{{"userId", user_id}});
}

}  // namespace coterie::api
