// SPDX-License-Identifier: MIT
#include "cluster_server.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "socketio/socket.hpp"

namespace coterie::simulation {

using socketio::Args;
using socketio::Socket;

namespace {

constexpr std::size_t subscriptions_of_a_namespace = 4;

socketio::ServerOptions options_of(const Story& story, std::shared_ptr<socketio::Adapter> adapter) {
  socketio::ServerOptions options{.cleanup_empty_child_namespaces = true};
  if (story.settings.recovers) options.recovery = socketio::RecoveryOptions();
  options.adapter = std::move(adapter);
  return options;
}

}  // namespace

ClusterServer::ClusterServer(World& world, SimulatedRedis& redis, Story& story, unsigned number)
    : world_(world),
      redis_(redis),
      story_(story),
      number_(number),
      random_(world.chance.below(UINT32_MAX)),
      bus_(new SimulatedBus(world, redis, number, story.settings.bus_bytes_max)),
      adapter_(std::make_shared<redis::PubSubAdapter>(
          std::unique_ptr<redis::Bus>(bus_),
          redis::PubSubOptions{.requests_timeout = story.settings.requests_timeout}, random_,
          world.clock)),
      at_(options_of(story, adapter_), static_cast<unsigned>(world.chance.between(1, 3)),
          world.chance.below(UINT32_MAX)),
      space_(at_.server.of("/")) {
  register_handlers();
  at_.server.of_pattern("/child-.*");
  adapter_->start();
  story_.alive.insert(number_);
  world_.note("server {} begins, with {} shards", number_, at_.shards.size());
}

ClusterServer::~ClusterServer() {
  story_.alive.erase(number_);
  for (auto& [id, socket] : story_.sockets) {
    if (socket.server == number_ && !socket.ended) socket.ended = world_.step;
  }
  ++story_.comings;
  for (Inquiry& inquiry : story_.inquiries) {
    if (inquiry.asker == number_) inquiry.is_dropped = true;
  }
}

void ClusterServer::register_handlers() {
  space_.on_connect([this](Socket& socket) {
    const auto past = story_.sockets.find(std::string(socket.id()));
    if (past != story_.sockets.end() && (past->second.is_sent_away || !past->second.ended)) {
      world_.fail("{} is back on server {}, {}", socket.id(), number_,
                  past->second.ended ? "where it was sent away" : "where it is");
    }
    story_.sockets[std::string(socket.id())] = {number_, world_.step, {}};
    ++story_.comings;
  });
  space_.on_disconnect([this](Socket& socket, std::string_view reason) {
    world_.note("server {}: {} is out: {}", number_, socket.id(), reason);
    SocketLife& life = story_.sockets[std::string(socket.id())];
    life.ended = world_.step;
    life.is_sent_away = reason == "server namespace disconnect";
    ++story_.comings;
  });
  space_.on("spread",
            [this](Socket& socket) { say("said", "", {{}, {std::string(socket.id())}}); });
  space_.on_server_event("news", [this](const Args& args, const socketio::ServerAck&) {
    const auto from = args[0].to_number<unsigned>();
    const auto number = args[1].to_number<std::uint64_t>();
    std::uint64_t& last = heard_[from];
    if (from == number_) world_.fail("server {} hears itself", number_);
    if (number <= last) world_.fail("server {} hears news of {} again", number_, from);
    if (last > 0 && number != last + 1 &&
        story_.news[from][last - 1].of(number_) == redis_.losses(from, number_)) {
      world_.fail("server {} has heard {} of the news of {}, and then {}", number_, last, from,
                  number);
    }
    last = number;
    world_.count("news heard");
  });
  space_.on_server_event("census", [this](const Args& args, const socketio::ServerAck& ack) {
    Inquiry& inquiry = story_.inquiries[args[0].to_number<std::size_t>()];
    if (world_.chance.one_in(8)) return void(inquiry.silent.insert(number_));
    auto answer = [ack, number = number_] { ack(socketio::arguments(number)); };
    if (world_.chance.one_in(2)) return answer();
    somewhere(answer);
  });
}

// -- what it says ---------------------------------------------------------------------------------

void ClusterServer::somewhere(Task task) {
  const std::uint64_t where = world_.chance.below(at_.shards.size() + 1);
  if (where == at_.shards.size()) return task();
  at_.shards[static_cast<unsigned>(where)].post(std::move(task));
}

std::string ClusterServer::own_room() const {
  return fmt::format("{}/{}", number_, world_.chance.one_in(2) ? "a" : "b");
}
std::string ClusterServer::some_room() const {
  std::vector<unsigned> all(story_.alive.begin(), story_.alive.end());
  return fmt::format("{}/{}", world_.chance.pick(all), world_.chance.one_in(2) ? "a" : "b");
}
// Of any server; empty when there is none.
std::string ClusterServer::some_socket() const {
  std::vector<std::string> all;
  for (const auto& [id, socket] : story_.sockets) {
    if (!socket.ended) all.push_back(id);
  }
  return all.empty() ? "" : world_.chance.pick(all);
}

void ClusterServer::act() {
  if (world_.chance.one_in(2)) return;
  const std::string sid = some_socket();
  switch (world_.chance.below(16)) {
    case 0:
    case 1:
      if (!sid.empty()) somewhere([this, sid] { invite(sid); });
      return;
    case 2:
      if (!sid.empty()) somewhere([this, sid] { kick(sid); });
      return;
    case 3:
      if (!sid.empty() && world_.chance.one_in(12)) somewhere([this, sid] { send_away(sid); });
      return;
    case 4:
      if (world_.chance.one_in(6)) somewhere([this] { reset(); });
      return;
    case 5:
      return somewhere([this] { tell(); });
    case 6:
      if (world_.chance.one_in(4)) fetch();
      return;
    case 7:
      if (world_.chance.one_in(4)) ask_servers();
      return;
    case 8:
      if (world_.chance.one_in(4)) ask_clients();
      return;
    default:
      return somewhere([this] { say_anything(); });
  }
}

void ClusterServer::say_anything() {
  switch (world_.chance.below(6)) {
    case 0:
      return say("said", "", {});
    case 1:
      return say("said", "", {}, true);
    case 2:
      return say("said", "", {{some_room(), some_room()}, {some_room()}});
    case 3: {
      const std::string sid = some_socket();
      return say("said", "", sid.empty() ? socketio::Audience() : socketio::Audience{{sid}, {}});
    }
    default:
      return say("said", "", {{some_room()}, {}});
  }
}

Losses ClusterServer::losses() const {
  return Losses(redis_, number_, story_.alive);
}

void ClusterServer::say(const std::string& kind, const std::string& room,
                        socketio::Audience audience, bool is_local) {
  auto& all = story_.sayings[number_];
  all.push_back({audience, is_local, losses()});
  auto to = space_.all();
  for (const auto& each : audience.rooms) to = to.to(each);
  for (const auto& each : audience.except) to = to.except(each);
  (is_local ? to.local() : to).emit(kind, number_, all.size(), room);
  world_.count("said in clusters");
}

void ClusterServer::invite(const std::string& sid) {
  const std::string room = own_room();
  say("invited", room, {{sid}, {}});
  space_.to(sid).sockets_join(room);
  say("joined", room, {{sid}, {}});
}

void ClusterServer::kick(const std::string& sid) {
  const std::string room = own_room();
  say("kicking", room, {{sid}, {}});
  space_.to(sid).sockets_leave(room);
  say("kicked", room, {{sid}, {}});
}

void ClusterServer::send_away(const std::string& sid) {
  say("goodbye", "", {{sid}, {}});
  space_.to(sid).disconnect_sockets(world_.chance.one_in(2));
}

void ClusterServer::reset() {
  say("resetting", "", {});
  for (const char* name : {"a", "b"}) {
    const std::string room = fmt::format("{}/{}", number_, name);
    space_.to(room).sockets_leave(room);
  }
  say("reset", "", {});
}

void ClusterServer::tell() {
  auto& all = story_.news[number_];
  all.push_back(losses());
  space_.server_side_emit("news", number_, all.size());
}

// -- what it asks ---------------------------------------------------------------------------------

std::size_t ClusterServer::begin(milliseconds patience) {
  Inquiry inquiry;
  inquiry.asker = number_;
  inquiry.asked = world_.clock.now();
  inquiry.patience = patience;
  inquiry.step = world_.step;
  inquiry.disturbances = redis_.disturbances();
  inquiry.was_whole = redis_.is_whole();
  inquiry.comings = story_.comings;
  story_.inquiries.push_back(std::move(inquiry));
  return story_.inquiries.size() - 1;
}

// False when it must not end now, or again.
bool ClusterServer::end(std::size_t number) {
  Inquiry& inquiry = story_.inquiries[number];
  const auto waited = std::chrono::ceil<milliseconds>(world_.clock.now() - inquiry.asked);
  if (std::exchange(inquiry.is_answered, true)) {
    world_.fail("inquiry {} of server {} is answered again", number, number_);
  } else if (waited > inquiry.patience + milliseconds(100)) {
    world_.fail("inquiry {} of server {} took {} ms", number, number_, waited.count());
  }
  world_.count(is_undisturbed(inquiry) ? "inquiries undisturbed" : "inquiries disturbed");
  return !world_.has_failed();
}

bool ClusterServer::is_undisturbed(const Inquiry& inquiry) const {
  return inquiry.was_whole && redis_.disturbances() == inquiry.disturbances;
}

void ClusterServer::fetch() {
  const std::size_t number = begin(story_.settings.requests_timeout);
  space_.all().fetch_sockets([this, number](const socketio::RemoteSockets& found) {
    if (end(number)) check_found(story_.inquiries[number], found);
  });
}

void ClusterServer::check_found(const Inquiry& inquiry, const socketio::RemoteSockets& found) {
  std::set<std::string> ids;
  for (const auto& socket : found) {
    ids.insert(socket.id);
    const auto life = story_.sockets.find(socket.id);
    if (life == story_.sockets.end() ||
        (life->second.ended && *life->second.ended < inquiry.step)) {
      world_.fail("server {} finds {}, who is not there", number_, socket.id);
    }
  }
  const bool is_undisturbed_now = is_undisturbed(inquiry);
  if (is_undisturbed_now && found.missing_servers > 0) {
    world_.fail("server {} misses {} servers, and all are there", number_, found.missing_servers);
  }
  for (const auto& [id, life] : story_.sockets) {
    const bool must_be_found = life.began < inquiry.step && !life.ended && !ids.contains(id);
    if (must_be_found && (life.server == number_ || is_undisturbed_now)) {
      world_.fail("server {} does not find {} of server {}", number_, id, life.server);
    }
  }
}

void ClusterServer::ask_servers() {
  const milliseconds patience(world_.chance.between(200, 300));
  const std::size_t number = begin(patience);
  space_.server_side_emit_with_ack(
      "census", patience,
      [this, number](const socketio::Answers& answers) {
        if (!end(number)) return;
        const Inquiry& inquiry = story_.inquiries[number];
        std::set<unsigned> answered;
        for (const Args& args : answers.values) {
          if (!answered.insert(args[0].to_number<unsigned>()).second) {
            world_.fail("a server was counted twice in inquiry {}", number);
          }
        }
        if (!is_undisturbed(inquiry)) return;
        std::set<unsigned> expected = story_.alive;
        expected.erase(number_);
        for (const unsigned silent : inquiry.silent) expected.erase(silent);
        if (answered != expected || answers.missing != inquiry.silent.size()) {
          world_.fail("inquiry {}: {} servers answered, {} are missing; {} and {} were due", number,
                      answered.size(), answers.missing, expected.size(), inquiry.silent.size());
        }
      },
      number);
}

void ClusterServer::ask_clients() {
  const milliseconds patience(world_.chance.between(200, 300));
  const std::size_t number = begin(patience);
  space_.all().timeout(patience).emit_with_ack(
      "question",
      [this, number](const socketio::Answers& answers) {
        if (!end(number)) return;
        const Inquiry& inquiry = story_.inquiries[number];
        std::set<std::uint64_t> answered;
        for (const Args& args : answers.values) {
          if (!answered.insert(args[0].to_number<std::uint64_t>()).second) {
            world_.fail("a client was counted twice in inquiry {}", number);
          }
        }
        check_patience(inquiry, answered);
        if (!is_undisturbed(inquiry) || inquiry.comings != story_.comings) return;
        const auto present = static_cast<std::size_t>(std::ranges::count_if(
            story_.sockets, [](const auto& socket) { return !socket.second.ended; }));
        if (answers.missing + answered.size() != present) {
          world_.fail("inquiry {}: {} clients answered, {} are missing, and there are {}", number,
                      answered.size(), answers.missing, present);
        }
        if (answers.missing < inquiry.silent.size()) {
          world_.fail("inquiry {}: {} are missing, and {} are silent", number, answers.missing,
                      inquiry.silent.size());
        }
        world_.count("clients counted");
      },
      number);
}

// Whatever the others do: as long as a client of ours may answer, it is waited for.
void ClusterServer::check_patience(const Inquiry& inquiry,
                                   const std::set<std::uint64_t>& answered) {
  if (world_.clock.now() >= inquiry.asked + inquiry.patience) return;
  for (const auto& [id, life] : story_.sockets) {
    const bool was_asked =
        life.server == number_ && life.began < inquiry.step && !life.ended && life.name != 0;
    if (was_asked && !answered.contains(life.name)) {
      world_.fail("server {} did not wait for {} with {} answers, asked at step {}", number_, id,
                  answered.size(), inquiry.step);
    }
  }
}

// -- the end --------------------------------------------------------------------------------------

void ClusterServer::check_the_end() {
  for (unsigned i = 0; i < at_.shards.size(); ++i) {
    const auto left = at_.server.population(i);
    const std::size_t sweeps = i == 0 && story_.settings.recovers ? 1 : 0;
    const std::size_t timers = at_.shards[i].timers().armed_count() - sweeps;
    if (left.sessions + left.sockets + left.rooms + timers > 0) {
      world_.fail("shard {} of server {} keeps {} sessions, {} sockets, {} rooms, {} timers", i,
                  number_, left.sessions, left.sockets, left.rooms, timers);
    }
  }
  if (adapter_->open_questions() > 0) {
    world_.fail("server {} keeps {} questions", number_, adapter_->open_questions());
  }
  if (bus_->subscriptions() != subscriptions_of_a_namespace) {
    world_.fail("server {} keeps {} subscriptions", number_, bus_->subscriptions());
  }
  if (adapter_->malformed() > 0) world_.fail("server {} did not understand something", number_);
}

}  // namespace coterie::simulation
