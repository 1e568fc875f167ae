// SPDX-License-Identifier: MIT
#include "api/realtime.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <deque>
#include <memory>
#include <optional>
#include <thread>

#include "api/json_shapes.hpp"
#include "api/realtime_messages.hpp"
#include "api/schema.hpp"
#include "api/visitor.hpp"
#include "base/blocking.hpp"
#include "base/log.hpp"
#include "chat/errors.hpp"
#include "net/networks.hpp"

namespace coterie::api {

namespace {

using socketio::Ack;
using socketio::Args;
using socketio::Next;
using socketio::Socket;
using socketio::SocketRef;

constexpr auto patience = std::chrono::seconds(2);  // For shards that are behind.
constexpr std::size_t questions_max = 64;           // Waiting for their turn, of one socket.

// In line, waiting to be looked up: a hundred bytes each, and far more than there are descriptors.
constexpr std::size_t log_ins_waiting_max = 100'000;
// Events that a shard has yet to hand out while more are said: a few turns' work, some megabytes.
constexpr std::size_t backlog_max = 4096;

// A token's signature names it, and is shorter.
std::string session_room(std::string_view token) {
  return fmt::format("session:{}", token.substr(token.rfind('.') + 1));
}

// Who comes back by another log-in is not who it was; and what it watched it has to ask for again.
void check_recovered(Socket& socket, const std::string& session) {
  if (!socket.is_recovered()) return;
  const std::vector<std::string> rooms = socket.rooms();
  if (std::ranges::count(rooms, session) == 0) return socket.begin_anew();
  for (const std::string& room : rooms) {
    if (room.starts_with("presence:")) socket.leave(room);
  }
}

// Proxies, and programs of our own machine.
bool is_internal(std::string_view text) {
  static const net::Networks internal = *net::Networks::parse(
      "127.0.0.0/8, ::1, 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, 169.254.0.0/16, fc00::/7, "
      "fe80::/10");
  const auto address = net::Address::parse(text);
  return !address || internal.contains(*address);
}

socketio::ConnectError too_many_connections() {
  const Error error("too_many_connections", "60");
  return {chat::message_of(error),
          JsonObject{{"code", error.code}, {"retryAfter", *chat::retry_after_seconds(error)}}};
}

// Who cannot be checked now shall come again. A client does so by itself when its connection ends,
// but not when the server refuses it in so many words.
void put_off(const SocketRef& ref) {
  ref.run([](Socket& socket) { socket.disconnect(true); });
}

}  // namespace

std::string handshake_token(std::string_view authorization, const Json& auth) {
  constexpr std::string_view bearer = "Bearer ";
  if (!authorization.empty()) return std::string(authorization);
  const auto* object = auth.if_object();
  const Json* token = object ? object->if_contains("token") : nullptr;
  if (!token || !token->is_string()) return {};
  std::string_view text = token->get_string();
  if (text.starts_with(bearer)) text.remove_prefix(bearer.size());
  return std::string(text);
}

Realtime::Realtime(socketio::Server& server, net::Workers& workers, const Options& options)
    : server_(server),
      workers_(workers),
      options_(options),
      by_user_(options.sockets_per_user),
      by_address_(options.sockets_per_address),
      log_ins_(options.log_ins_at_once, log_ins_waiting_max),
      presence_(server, options.grace) {}

void Realtime::on(std::string event, socketio::EventHandler handler) {
  server_.of("/").on(std::move(event), [this, handler = std::move(handler)](
                                           Socket& socket, const Args& args, const Ack& ack) {
    auto& pace = socket.local<Visitor>()->events;
    if (const auto wait = pace.take(options_.events, system_clock().now())) {
      return complain_of(socket, ack, Error("too_many_events", chat::seconds_to_wait(*wait)));
    }
    handler(socket, args, ack);
  });
}

void Realtime::set_up(chat::Accounts& accounts, chat::Conversations& conversations,
                      net::Shard& shard) {
  accounts_ = &accounts;
  conversations_ = &conversations;
  socketio::Namespace& space = server_.of("/");
  space.use([this](Socket& socket, const Next& next) { log_in(socket, next); });
  space.on_connect([](Socket& socket) {
    if (socket.local<Visitor>()->actor) return;
    socket.at_once().emit("authFail");
    socket.disconnect(true);
  });
  on("update-last-msg",
     [this](Socket& socket, const Args& args, const Ack& ack) { mark_read(socket, args, ack); });
  add_message_events(*this, conversations);
  space.on_disconnect([this](Socket& socket, std::string_view reason) { on_gone(socket, reason); });
  presence_.set_up(
      [this](std::string event, socketio::EventHandler handler) {
        on(std::move(event), std::move(handler));
      },
      shard);
}

// A line for each, in the log: it takes megabytes that were not read, so there are never many.
void Realtime::on_gone(Socket& socket, std::string_view reason) {
  if (reason != "slow consumer") return;
  slow_.fetch_add(1, std::memory_order_relaxed);
  const auto* visitor = socket.local<Visitor>();
  log::warn("slow consumer: a socket of user {} at {} is cut, for it does not read",
            visitor->actor ? visitor->actor->user_id : 0, socket.handshake().address());
}

void Realtime::log_in(Socket& socket, const Next& next) {
  socket.local() = Visitor();
  if (const std::string address(socket.handshake().address()); !is_internal(address)) {
    auto place = by_address_.enter(address);
    if (!place) return next(too_many_connections());
    socket.local<Visitor>()->by_address = std::move(place);
  }
  std::string token = handshake_token(socket.handshake().header("authorization"), socket.auth());
  const bool is_in_line = log_ins_.come(
      [this, ref = socket.ref(), next, token = std::move(token)](const Turnstile::Pass& pass) {
        // Never refused: as many as are let in at once are few.
        workers_.run_next([this, ref, next, token, pass] {
          auto actor = token.empty() ? Result<chat::Actor>(Error("unauthorized"))
                                     : accounts_->authenticate(token);
          if (actor) return enter(ref, next, std::move(*actor), pass);
          if (actor.error().code == "unauthorized") return refuse(ref, next);
          put_off(ref);
        });
      });
  if (!is_in_line) put_off(socket.ref());
}

// What it was before is not given back to it; on_connect tells it.
void Realtime::refuse(const SocketRef& ref, const Next& next) {
  ref.run([next](Socket& refused) {
    refused.begin_anew();
    next();
  });
}

// The visitor is known: his own rooms first, then (having looked) those of his groups.
void Realtime::enter(const SocketRef& ref, const Next& next, chat::Actor actor,
                     Turnstile::Pass turn) {
  ref.run([this, next, turn = std::move(turn), pass = live_.enter(actor.token),
           actor = std::move(actor)](Socket& socket) {
    auto place = by_user_.enter(actor.user_id);
    if (!place) return next(too_many_connections());
    socket.local<Visitor>()->by_user = std::move(place);
    check_recovered(socket, session_room(actor.token));
    socket.join(user_room(actor.user_id));
    socket.join(session_room(actor.token));
    // Without the token: ten thousand of them would only take memory.
    socket.local<Visitor>()->actor = chat::Actor{actor.user_id, {}};
    socket.local<Visitor>()->pass = pass;
    workers_.run_next([this, next, turn, actor, again = socket.ref()] {
      const auto groups = conversations_->groups_of(actor);
      if (!groups) return put_off(again);
      again.run([this, next, turn, actor, groups = *groups](Socket& entering) {
        for (const std::int64_t id : groups) entering.join(group_room(id));
        entering.local<Visitor>()->online = presence_.enter(actor.user_id, groups);
        next();
      });
    });
  });
}

// Whoever stores messages faster than the shards hand them out waits, within reason.
void Realtime::keep_pace() const {
  if (!may_block()) return;
  const TimePoint until = system_clock().now() + patience;
  while (server_.of("/").backlog() > backlog_max && system_clock().now() < until) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

void Realtime::announce(std::span<const chat::Message* const> messages) {
  keep_pace();
  for (const chat::Message* message : messages) {
    auto members = server_.of("/").to(group_room(message->group_id));
    // A write for all of them costs little more than one for each.
    if (message != messages.back()) members = members.followed();
    members.emit(fmt::format("group-message:{}", message->group_id),
                 socketio::RawJson{message_json(*message).text});
  }
}

void Realtime::on_joined(std::int64_t user_id, std::int64_t group_id) {
  // Here at once, for who has joined may ask for more already; and everywhere, in the order of what
  // is said.
  const auto user = server_.of("/").to(user_room(user_id));
  user.local().sockets_join(group_room(group_id));
  user.sockets_join(group_room(group_id));
  presence_.on_joined(user_id, group_id);
}

void Realtime::on_revoked(const std::string& token) {
  const auto session = server_.of("/").to(session_room(token));
  session.emit("authFail");
  session.disconnect_sockets(true);
}

void Realtime::mark_read(Socket& socket, const Args& args, const Ack& ack) {
  const auto* fields = args[0].if_object();
  if (!fields) return complain(socket, ack, "the payload must be an object {id, messageId}");
  const auto id = integer_of(*fields, "id");
  if (!id) return complain(socket, ack, "id must be an integer number");
  const auto message_id = integer_of(*fields, "messageId");
  if (!message_id) return complain(socket, ack, "messageId must be an integer number");

  const auto work = [this, ref = socket.ref(), actor = *socket.local<Visitor>()->actor, ack,
                     conversation_id = *id, message_id = *message_id](const Visitor::Turn&) {
    const auto marked = conversations_->mark_read(actor, conversation_id, message_id);
    ref.run([marked, ack, user_id = actor.user_id](Socket& asking) {
      if (!marked) return complain_of(asking, ack, marked.error());
      const JsonText written = *marked ? read_mark_json(**marked) : JsonText{"null"};
      const socketio::RawJson answer{written.text};
      asking.at_once().emit("update-last-msg", answer);
      ack(answer);
      // The user's other devices clear their counts as well. By a name of its own: clients of the
      // seed system take "update-last-msg" for the answer to what they have asked.
      if (*marked) asking.to(user_room(user_id)).emit("read-mark", answer);
    });
  };
  run_in_order(socket, ack, work);
}

void Realtime::ask(Socket& socket, const Ack& ack, Question question) {
  run_in_order(socket, ack,
               [ref = socket.ref(), actor = *socket.local<Visitor>()->actor, ack,
                question = std::move(question)](const Visitor::Turn& turn) {
                 question(actor, [ref, ack, turn](const Result<JsonText>& found) {
                   if (found) return ack(socketio::RawJson{found->text});
                   ref.run([ack, error = found.error()](Socket& asking) {
                     complain_of(asking, ack, error);
                   });
                 });
               });
}

void Realtime::run_in_order(Socket& socket, const Ack& ack, Visitor::Work work) {
  auto* visitor = socket.local<Visitor>();
  if (!visitor->waiting) visitor->waiting = std::make_shared<std::deque<Visitor::Waiting>>();
  if (visitor->waiting->size() >= questions_max) {
    return complain(socket, ack, "too many events at once: wait for their answers");
  }
  visitor->waiting->push_back({std::move(work), ack});
  if (!visitor->is_working) run_next(socket.ref());
}

void Realtime::run_next(const SocketRef& ref) {
  ref.run([this](Socket& socket) {
    auto* visitor = socket.local<Visitor>();
    if (visitor->is_working || visitor->waiting->empty()) return;
    auto next = std::make_shared<Visitor::Waiting>(std::move(visitor->waiting->front()));
    visitor->waiting->pop_front();
    visitor->is_working = true;
    const auto again = socket.ref();
    const bool is_taken = workers_.run([this, next, again] {
      next->work(Visitor::Turn(nullptr, [this, again](auto) {
        again.run([this, again](Socket& done) {
          done.local<Visitor>()->is_working = false;
          run_next(again);
        });
      }));
    });
    if (is_taken) return;
    visitor->is_working = false;
    complain_of(socket, next->ack, Error("busy"));
    run_next(again);  // Nobody else will: those that wait are refused, or there is room again.
  });
}

}  // namespace coterie::api
