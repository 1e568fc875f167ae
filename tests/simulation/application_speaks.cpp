// What the Application says, and to whom.
// SPDX-License-Identifier: MIT
#include <algorithm>
#include <memory>
#include <utility>

#include "application.hpp"
#include "member.hpp"

namespace coterie::simulation {

using socketio::Socket;

void Application::somewhere(Task task) {
  const std::uint64_t where = world_.chance.below(shards_.size() + 1);
  if (where == shards_.size()) return task();  // On a thread that is no shard's.
  shards_[static_cast<unsigned>(where)].post(std::move(task));
}

void Application::act() {
  if (!world_.later.empty() && (world_.is_calm || world_.chance.one_in(3))) {
    Task& chosen = world_.chance.pick(world_.later);
    std::swap(chosen, world_.later.back());
    Task task = std::move(world_.later.back());
    world_.later.pop_back();
    return somewhere(std::move(task));
  }
  if (world_.is_calm || !world_.chance.one_in(3)) return;
  Space* space = &std::next(spaces_.begin(), world_.chance.one_in(3) ? 1 : 0)->second;
  const std::string name = world_.chance.one_in(6)
                               ? std::string("*")
                               : fmt::format("r{}", world_.chance.below(world_.settings.rooms));
  switch (world_.chance.below(8)) {
    case 0:
      return somewhere([this, space] { audit(*space); });
    case 1:
      return somewhere([this, space, name] { say_to_several(*space, name, "r0", "r1"); });
    case 2:
      return somewhere([this, space, name] { tick(*space, name); });
    case 3:
      return somewhere([this, space] { direct(*space); });
    case 4:
      return somewhere([this, space] { invite(*space, "r1"); });
    default:
      return somewhere([this, space, name] { say(*space, name); });
  }
}

// Everything published before has been handed out on the shard where we are, if we are on one.
void Application::note_drained(Room& where) {
  if (const net::Shard* here = net::Shard::here()) where.drained[here->index()] = where.said;
}

void Application::say(Space& space, const std::string& name) {
  publish(space, name);
  note_drained(room(space, name));
}

void Application::publish(Space& space, const std::string& name) {
  Room& where = room(space, name);
  const std::uint64_t number = ++where.said;
  const auto audience = name == "*" ? space.nsp->all() : space.nsp->to(name);
  if (number % 5 == 0) {
    audience.emit("said", name, number, socketio::Binary{SharedBytes(bytes_of(name, number))});
  } else {
    audience.emit("said", name, number, text_of(name, number));
  }
  world_.count("said");
}

void Application::ask(Socket& socket) {
  const std::size_t number = questions_.size();
  questions_.push_back({world_.clock.now(), milliseconds(world_.chance.between(1, 200)), 0});
  socket.timeout(questions_.back().patience)
      .emit_with_ack(
          "question",
          [this, number](Result<socketio::Args> answer) {
            Question& question = questions_[number];
            const milliseconds waited =
                std::chrono::ceil<milliseconds>(world_.clock.now() - question.asked);
            if (++question.answers > 1) world_.fail("question {} was answered again", number);
            if (answer && (*answer)[0] != Json(number * 7)) {
              world_.fail("question {} was answered {}", number, to_text((*answer)[0]));
            }
            world_.count(answer ? "questions answered" : answer.error().code);
            if (answer || answer.error().code != "timeout") return;
            // In the end time leaps.
            const bool is_late = waited > question.patience + milliseconds(250);
            if (waited < question.patience || (is_late && !world_.is_calm)) {
              world_.fail("question {} timed out after {} ms", number, waited.count());
            }
          },
          number);
}

// To the sockets of two rooms, but for those of a third; behind it everyone is told whether it
// should have heard that, as its rooms are at this point.
void Application::say_to_several(Space& space, const std::string& first, const std::string& second,
                                 const std::string& spared) {
  const std::uint64_t number = ++space.several;
  space.nsp->to(first).to(second).except(spared).emit("several", number);
  space.nsp->all().for_each([=](Socket& socket) {
    const auto rooms = socket.rooms();
    const auto is_in = [&](const std::string& name) {
      return std::ranges::find(rooms, name) != rooms.end();
    };
    const bool is_entitled = (is_in(first) || is_in(second)) && !is_in(spared);
    // In a turn of its own: with recovery, what is emitted takes its place behind all that waits,
    // and so that would be carried out in the midst of this visit.
    socket.ref().run([=](Socket& later) { later.emit("probe", number, is_entitled); });
  });
}

void Application::tick(Space& space, const std::string& name) {
  if (name == "*") return;
  space.nsp->to(name).as_volatile().emit("tick", name, ++room(space, name).ticks);
}

// Said to the guest first, so that it knows where its stay begins.
void Application::invite(Space& space, const std::string& name) {
  const auto guest = some_guest(space);
  if (!guest) return;
  ordered_[*guest] = world_.clock.now();
  space.nsp->to(*guest).emit("invited", name, room(space, name).said);
  space.nsp->to(*guest).sockets_join(name);
}

void Application::kick(Space& space, const std::string& name) {
  const auto guest = some_guest(space);
  if (!guest) return;
  ordered_[*guest] = world_.clock.now();
  space.nsp->to(*guest).sockets_leave(name);
  space.nsp->to(*guest).emit("kicked", name, room(space, name).said);
}

void Application::direct(Space& space) {
  const auto guest = some_guest(space);
  if (!guest) return;
  guests_.at(*guest).ref.run([this](Socket& socket) {
    const auto found = guests_.find(socket.id());
    if (found != guests_.end()) socket.emit("direct", ++found->second.directs);
  });
}

void Application::purge(Space& space, const std::string& name) {
  world_.count("purges");
  if (world_.settings.purges_close) world_.cleared_at = world_.clock.now();
  space.nsp->to(name).emit("goodbye");
  const bool is_clearance =
      world_.settings.purges_close && space.nsp->name() == "/side" && name == waiting_room;
  if (is_clearance) ++world_.clearances;
  space.nsp->to(name).disconnect_sockets(world_.settings.purges_close);
  // Found once every shard has come to this point.
  if (is_clearance) space.nsp->all().fetch_sockets([this](auto&&) { ++world_.clearances_done; });
}

void Application::audit(Space& space) {
  const std::uint64_t number = ++space.audits;
  if (world_.settings.recovers) return audit_numbered(space, number);
  auto said = std::make_shared<std::map<std::string, std::uint64_t, std::less<>>>();
  for (const auto& [name, each] : space.rooms) (*said)[name] = each.said;
  space.nsp->all().for_each([number, said](Socket& socket) {
    JsonObject rooms;
    rooms["*"] = (*said)["*"];
    for (const std::string& name : socket.rooms()) {
      if (name != socket.id()) rooms[name] = (*said)[name];
    }
    socket.emit("audit", number, rooms);
  });
}

// With recovery what is emitted takes its place in the order now, not where a visit has it: a word
// before it makes the shard carry out all that waits, and then both are one.
void Application::audit_numbered(Space& space, std::uint64_t number) {
  space.nsp->all().for_each([this, &space, number](Socket& visited) {
    visited.ref().run([this, &space, number](Socket& socket) {
      socket.emit("hush");
      if (socket.is_connected()) socket.emit("audit", number, rooms_of(space, socket));
    });
  });
}

void Application::audit() {
  for (auto& [name, space] : spaces_) audit(space);
}

}  // namespace coterie::simulation
