// The server's side of a universe: an application on the library, and what it knows to be true.
//
// All shards run on one thread, so that what a handler notes down is what was the case at that very
// moment, on every shard.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/shards.hpp"
#include "socketio/server.hpp"
#include "socketio/socket.hpp"
#include "socketio/socket_ref.hpp"
#include "world.hpp"

namespace coterie::simulation {

// Where those are already that wait to be let into "/side".
inline constexpr std::string_view waiting_room = "r0";

class Application {
 public:
  // Registers its handlers at `server`.
  Application(World& world, net::Shards& shards, socketio::Server& server);

  // Does something by itself, or finishes something that was left for later.
  void act();
  // Lets everyone compare what it knows with what is the case.
  void audit();
  // Nobody is connected that the server should know to be gone.
  void check_the_dead();
  // After the last client has left.
  void check_the_end();

  std::uint64_t audits_of(std::string_view nsp) const;
  std::size_t guest_count() const { return guests_.size(); }

 private:
  struct Room {
    std::uint64_t said = 0;
    std::vector<std::uint64_t> drained;  // By shard: so much has been handed out there for sure.
    std::uint64_t ticks = 0;
  };
  struct Space {
    socketio::Namespace* nsp = nullptr;
    std::map<std::string, Room, std::less<>> rooms;
    std::uint64_t several = 0;
    std::uint64_t audits = 0;
  };
  // A socket that is connected.
  struct Guest {
    Space* space;
    unsigned member;
    std::size_t life;
    socketio::SocketRef ref;
    std::uint64_t events = 0;   // That have come.
    std::uint64_t directs = 0;  // Words that were sent to it alone.
  };
  // What a guest was when it was last connected, by its id, which it gets back when it recovers.
  struct Past {
    std::vector<std::string> rooms;
    TimePoint at;
    std::uint64_t directs = 0;
  };
  struct Question {
    TimePoint asked;
    milliseconds patience;
    unsigned answers = 0;
  };

  void add_space(socketio::Server& server, std::string_view name);
  void add_room_handlers(Space& space);
  void add_talk_handlers(Space& space);
  void on_connect(Space& space, socketio::Socket& socket);
  // Its rooms, and how much has been said there.
  JsonObject rooms_of(Space& space, const socketio::Socket& socket);
  void check_return(const Guest& guest, const socketio::Socket& socket);
  void on_disconnect(Space& space, socketio::Socket& socket, std::string_view reason);
  // Notes down that an event has come; null when something is wrong with it.
  Guest* note_event(socketio::Socket& socket, const Json& number);

  void say(Space& space, const std::string& room);
  void publish(Space& space, const std::string& room);
  void ask(socketio::Socket& socket);
  void say_to_several(Space& space, const std::string& first, const std::string& second,
                      const std::string& spared);
  void tick(Space& space, const std::string& room);
  void invite(Space& space, const std::string& room);
  void kick(Space& space, const std::string& room);
  void direct(Space& space);
  void purge(Space& space, const std::string& room);
  void audit(Space& space);
  void audit_numbered(Space& space, std::uint64_t number);
  void note_drained(Room& room);

  Guest guest_of(Space& space, const socketio::Socket& socket);  // As it says itself.
  Room& room(Space& space, std::string_view name);
  std::optional<std::string> some_guest(Space& space);
  Life& life_of(const Guest& guest) { return world_.lives[guest.member][guest.life]; }
  // Runs `task` on a shard, or on none.
  void somewhere(Task task);

  World& world_;
  net::Shards& shards_;
  std::map<std::string, Space, std::less<>> spaces_;
  std::map<std::string, Guest, std::less<>> guests_;  // By the socket's id
  std::map<std::string, Past, std::less<>> pasts_;
  std::map<std::string, TimePoint, std::less<>> ordered_;  // When guests were last put anywhere.
  std::vector<Question> questions_;
};

}  // namespace coterie::simulation
