// SPDX-License-Identifier: MIT
#include "application.hpp"

#include <algorithm>
#include <memory>
#include <utility>

#include "member.hpp"

namespace coterie::simulation {

using socketio::Ack;
using socketio::Socket;

namespace {

// Remembered by a socket that waits in a room to be let in. Whoever sends away all who are there
// and closes their connections closes this one, too: else it would be let in behind that. No
// handler hears of an end before the beginning, but what a socket remembers ends with it.
class Waiting {
 public:
  Waiting(World& world, unsigned member, std::size_t life)
      : world_(world), member_(member), life_(life), clearances_(world.clearances_done) {}
  ~Waiting() {
    Life& life = world_.lives[member_][life_];
    if (world_.clearances == clearances_) return;
    life.is_perhaps_lost = true;
    if (life.excuse.empty()) life.excuse = sent_away;
  }
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;

 private:
  World& world_;
  const unsigned member_;
  const std::size_t life_;
  const std::uint64_t clearances_;  // That cannot reach it any more.
};

}  // namespace

Application::Application(World& world, net::Shards& shards, socketio::Server& server)
    : world_(world), shards_(shards) {
  add_space(server, "/");
  add_space(server, "/side");
  Space& side = spaces_.at("/side");
  side.nsp->use([this, &side](Socket& socket, socketio::Next next) {
    const bool is_refused = socket.auth().as_object().at("refuse").as_bool();
    if (!is_refused) {
      const Guest guest = guest_of(side, socket);
      socket.local() = std::make_shared<Waiting>(world_, guest.member, guest.life);
      socket.join(waiting_room);
    }
    auto decide = [next = std::move(next), is_refused] {
      if (is_refused) return next(socketio::ConnectError{"refused", {}});
      next();
    };
    if (world_.chance.one_in(2)) return decide();
    world_.later.emplace_back(std::move(decide));
  });
}

void Application::add_space(socketio::Server& server, std::string_view name) {
  Space& space = spaces_[std::string(name)];
  space.nsp = &server.of(name);
  space.nsp->on_connect([this, &space](Socket& socket) { on_connect(space, socket); });
  space.nsp->on_disconnecting([this](Socket& socket, std::string_view) {
    Past& past = pasts_[std::string(socket.id())];
    past.rooms = socket.rooms();
    past.at = world_.clock.now();
  });
  space.nsp->on_disconnect([this, &space](Socket& socket, std::string_view reason) {
    on_disconnect(space, socket, reason);
  });
  add_room_handlers(space);
  add_talk_handlers(space);
}

void Application::add_room_handlers(Space& space) {
  space.nsp->on("join", [this, &space](Socket& socket, const Json& number, const Json& name,
                                       const Json& is_exact, const Ack& ack) {
    if (!note_event(socket, number)) return;
    const std::string joined(name.as_string());
    if (is_exact.as_bool()) {
      ordered_[std::string(socket.id())] = world_.clock.now();
      space.nsp->to(std::string(socket.id())).sockets_join(joined);
    } else {
      socket.join(joined);
    }
    ack("joined", name, room(space, joined).said, is_exact);
  });
  space.nsp->on("leave", [this, &space](Socket& socket, const Json& number, const Json& name,
                                        const Ack& ack) {
    if (!note_event(socket, number)) return;
    const std::string left(name.as_string());
    socket.leave(left);
    ack("left", name, room(space, left).drained[net::Shard::here()->index()]);
  });
  const auto on = [this, &space](std::string event,
                                 void (Application::*act)(Space&, const std::string&)) {
    space.nsp->on(std::move(event),
                  [this, &space, act](Socket& socket, const Json& number, const Json& name) {
                    if (!note_event(socket, number)) return;
                    (this->*act)(space, std::string(name.as_string()));
                  });
  };
  on("invite", &Application::invite);
  on("kick", &Application::kick);
  on("tick", &Application::tick);
  on("purge", &Application::purge);
}

void Application::add_talk_handlers(Space& space) {
  space.nsp->on("say", [this, &space](Socket& socket, const Json& number, const Json& name) {
    if (!note_event(socket, number)) return;
    const std::string where(name.as_string());
    say(space, where);
    socket.emit("after", where, room(space, where).said);
  });
  space.nsp->on("several", [this, &space](Socket& socket, const Json& number, const Json& first,
                                          const Json& second, const Json& spared) {
    if (!note_event(socket, number)) return;
    say_to_several(space, std::string(first.as_string()), std::string(second.as_string()),
                   std::string(spared.as_string()));
  });
  space.nsp->on("echo",
                [this](Socket& socket, const Json& number, const Json& what, const Ack& ack) {
                  if (!note_event(socket, number)) return;
                  if (world_.chance.one_in(2)) ack(what);
                  // Copies share the one use: of two answers the second goes nowhere.
                  world_.later.emplace_back([ack, what] { ack(what); });
                });
  space.nsp->on("ask", [this](Socket& socket, const Json& number) {
    if (note_event(socket, number)) ask(socket);
  });
  space.nsp->on("audit", [this, &space](Socket& socket, const Json& number) {
    if (note_event(socket, number)) audit(space);
  });
  space.nsp->on("direct", [this, &space](Socket& socket, const Json& number) {
    if (note_event(socket, number)) direct(space);
  });
  space.nsp->on("quit", [this](Socket& socket, const Json& number) {
    if (!note_event(socket, number)) return;
    socket.emit("goodbye");
    socket.disconnect(world_.settings.purges_close);
  });
  space.nsp->on("bytes", [this, &space](Socket& socket, const socketio::Args& args) {
    const Guest* guest = note_event(socket, args[0]);
    if (!guest) return;
    const SharedBytes* bytes = args.binary(args[1]);
    if (!bytes || bytes->view() != bytes_of(space.nsp->name(), guest->events)) {
      world_.fail("member {}: attachment {} is garbled", guest->member, guest->events);
    }
  });
}

void Application::on_connect(Space& space, Socket& socket) {
  Guest guest = guest_of(space, socket);
  world_.note("member {} life {} is in {} on shard {} as {}", guest.member, guest.life,
              space.nsp->name(), net::Shard::here()->index(), socket.id());
  if (socket.is_recovered()) {
    if (world_.lost.contains(socket.id())) {
      world_.fail("member {} is back in {}, where it was sent away", guest.member,
                  space.nsp->name());
    }
    guest.directs = pasts_[std::string(socket.id())].directs;
    check_return(guest, socket);
  }
  socket.data()["member"] = guest.member;
  socket.local().reset();  // It waits no more: from here on handlers hear of its end.
  if (!guests_.emplace(std::string(socket.id()), guest).second) {
    world_.fail("{} connects twice", socket.id());
  }
  socket.emit(socket.is_recovered() ? "back" : "welcome", rooms_of(space, socket));
}

JsonObject Application::rooms_of(Space& space, const Socket& socket) {
  JsonObject rooms;
  rooms["*"] = room(space, "*").said;
  for (const std::string& name : socket.rooms()) {
    if (name != socket.id()) rooms[name] = room(space, name).said;
  }
  return rooms;
}

void Application::check_return(const Guest& guest, const Socket& socket) {
  const Json* member = socket.data().if_contains("member");
  if (!member || *member != Json(guest.member)) {
    world_.fail("member {} is back, and what was known of it is not", guest.member);
  }
  // An order may have been on its way when it left, and a middleware may have put it somewhere.
  const Past& past = pasts_[std::string(socket.id())];
  if (!world_.settings.skips_middlewares || ordered_[std::string(socket.id())] + haste > past.at) {
    return;
  }
  auto rooms = socket.rooms();
  auto before = past.rooms;
  std::ranges::sort(rooms);
  std::ranges::sort(before);
  if (rooms != before) {
    world_.fail("member {} is back in {} rooms, and was in {}", guest.member, rooms.size(),
                before.size());
  }
}

void Application::on_disconnect(Space& space, Socket& socket, std::string_view reason) {
  const auto found = guests_.find(socket.id());
  if (found == guests_.end()) return world_.fail("{} disconnects twice", socket.id());
  const Guest guest = found->second;
  guests_.erase(found);
  pasts_[std::string(socket.id())].directs = guest.directs;
  Life& life = life_of(guest);
  // Whoever speaks nonsense does not come back, either.
  const bool is_final = reason.ends_with("namespace disconnect") || reason == "parse error";
  if (is_final) world_.lost.emplace(socket.id());
  world_.note("member {} life {} is out of {}: {}", guest.member, guest.life, space.nsp->name(),
              reason);
  if (reason == "server namespace disconnect") {
    if (life.excuse.empty()) life.excuse = sent_away;
  } else if (reason == "client namespace disconnect") {
    const auto farewell = life.farewells.find(space.nsp->name());
    if (farewell == life.farewells.end() || farewell->second != guest.events) {
      world_.fail("member {} left {}: of its events {} had come", guest.member, space.nsp->name(),
                  guest.events);
    }
  } else if (life.excuse.empty()) {
    world_.fail("member {} life {} was thrown out of {}: {}", guest.member, guest.life,
                space.nsp->name(), reason);
  }
  if (world_.is_calm || !world_.chance.one_in(3)) return;
  // Perhaps in the midst of what is handed out: then this is handed out behind it. Only where no
  // stay begins or ends exactly, as inviting and kicking take two steps.
  publish(space, "*");
}

Application::Guest* Application::note_event(Socket& socket, const Json& number) {
  const auto found = guests_.find(socket.id());
  if (found == guests_.end()) {
    world_.fail("{} speaks without being there", socket.id());
    return nullptr;
  }
  Guest& guest = found->second;
  if (!number.is_number() || number.to_number<std::uint64_t>() != ++guest.events) {
    world_.fail("member {}: event {} where {} was due", guest.member, to_text(number),
                guest.events);
    return nullptr;
  }
  world_.count("events");
  return &guest;
}

Application::Guest Application::guest_of(Space& space, const Socket& socket) {
  const JsonObject& auth = socket.auth().as_object();
  return {&space, auth.at("member").to_number<unsigned>(), auth.at("life").to_number<std::size_t>(),
          socket.ref()};
}

// -- What it knows --------------------------------------------------------------------------------

Application::Room& Application::room(Space& space, std::string_view name) {
  const auto found = space.rooms.find(name);
  if (found != space.rooms.end()) return found->second;
  Room& made = space.rooms[std::string(name)];
  made.drained.resize(shards_.size());
  return made;
}

std::optional<std::string> Application::some_guest(Space& space) {
  std::vector<const std::string*> ids;
  for (const auto& [id, guest] : guests_) {
    if (guest.space == &space) ids.push_back(&id);
  }
  if (ids.empty()) return std::nullopt;
  return *world_.chance.pick(ids);
}

std::uint64_t Application::audits_of(std::string_view nsp) const {
  return spaces_.find(nsp)->second.audits;
}

void Application::check_the_dead() {
  for (const auto& [id, guest] : guests_) {
    const Life& life = life_of(guest);
    if (life.noticed_by && *life.noticed_by < world_.clock.now()) {
      world_.fail("member {} life {} has gone ({}), and the server does not know", guest.member,
                  guest.life, life.excuse);
    }
  }
}

void Application::check_the_end() {
  if (!guests_.empty()) world_.fail("{} sockets never disconnected", guests_.size());
  for (std::size_t i = 0; i < questions_.size(); ++i) {
    if (questions_[i].answers != 1) {
      world_.fail("question {} was answered {} times", i, questions_[i].answers);
    }
  }
}

}  // namespace coterie::simulation
