// One server of a simulated cluster: it speaks to everybody's clients, gives orders and asks.
//
// Each server has rooms of its own ("3/a") and moves clients of any server in and out of them: that
// is announced to the client before and behind, so that it knows where it must be, and where it can
// be. Everybody speaks in all rooms.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "redis/pubsub_adapter.hpp"
#include "socketio/server.hpp"
#include "story.hpp"
#include "support/stepped_server.hpp"

namespace coterie::simulation {

class ClusterServer {
 public:
  ClusterServer(World& world, SimulatedRedis& redis, Story& story, unsigned number);
  ~ClusterServer();
  ClusterServer(const ClusterServer&) = delete;
  ClusterServer& operator=(const ClusterServer&) = delete;

  unsigned number() const { return number_; }
  test::SteppedServer& at() { return at_; }
  SimulatedBus& bus() { return *bus_; }
  // Does something by itself.
  void act();
  // What it says last, when everything works again: from here on everyone knows where it is.
  void reset();
  // Nobody is here, and nothing is under way.
  void check_the_end();

 private:
  void register_handlers();
  void somewhere(Task task);
  Losses losses() const;
  void say(const std::string& kind, const std::string& room, socketio::Audience audience,
           bool is_local = false);
  void invite(const std::string& sid);
  void kick(const std::string& sid);
  void send_away(const std::string& sid);
  void say_anything();
  void tell();
  std::size_t begin(milliseconds patience);
  bool end(std::size_t inquiry);
  bool is_undisturbed(const Inquiry& inquiry) const;
  void fetch();
  void check_found(const Inquiry& inquiry, const socketio::RemoteSockets& found);
  void ask_servers();
  void ask_clients();
  void check_patience(const Inquiry& inquiry, const std::set<std::uint64_t>& answered);
  std::string own_room() const;
  std::string some_room() const;
  std::string some_socket() const;

  World& world_;
  SimulatedRedis& redis_;
  Story& story_;
  const unsigned number_;
  test::SeededRandom random_;
  SimulatedBus* const bus_;
  const std::shared_ptr<redis::PubSubAdapter> adapter_;
  test::SteppedServer at_;
  socketio::Namespace& space_;
  std::map<unsigned, std::uint64_t> heard_;  // The last news, by server.
};

}  // namespace coterie::simulation
