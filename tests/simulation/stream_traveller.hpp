// A client that goes from server to server of a cluster over a stream, and knows what it must hear:
// of each room that it is in all that the stream has, in its order and once, for as long as it is
// recovered wherever it comes.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "stream_server.hpp"
#include "support/packet_client.hpp"

namespace coterie::simulation {

// What was said, in the order of the stream. What stands there twice counts once.
class StreamTruth {
 public:
  explicit StreamTruth(const StreamRedis& redis) : redis_(redis) {}

  struct Said {
    std::uint64_t number;
    std::string room;
  };
  const std::vector<Said>& all();
  // Where it stands; nullopt when it was never said.
  std::optional<std::size_t> place_of(std::uint64_t number);

 private:
  const StreamRedis& redis_;
  std::size_t read_ = 0;
  std::vector<Said> said_;
  std::unordered_map<std::uint64_t, std::size_t> places_;
};

class StreamTraveller {
 public:
  using Servers = std::vector<std::unique_ptr<StreamServer>>;

  // Is it to be recovered whenever it comes back, and has the patience?
  StreamTraveller(World& world, StreamTruth& truth, unsigned number, bool is_always_recovered)
      : world_(world), truth_(truth), number_(number), is_always_recovered_(is_always_recovered) {}

  void act(Servers& servers);
  // That server is gone.
  void lose(unsigned server);
  bool is_quiet() const { return !connection_ || is_in_; }
  // What it must have heard by now, it has.
  void check_complete();

 private:
  void connect(StreamServer& server);
  void be_out();
  void hear();
  void on_packet(const std::string& packet);
  void on_connected(const Json& facts);
  void on_said(const std::string& packet);
  void check_room(const std::string& room, std::size_t until);

  World& world_;
  StreamTruth& truth_;
  const unsigned number_;
  const bool is_always_recovered_;

  std::optional<test::PacketClient> connection_;
  unsigned server_ = 0;
  bool is_in_ = false;
  bool has_given_up_ = false;  // While its session was on its way to it: nobody else may find it.
  std::string pid_, offset_;
  std::vector<std::string> missed_;                    // Heard before we are told that we are in.
  std::optional<std::size_t> last_;                    // The place of what was heard last.
  std::map<std::string, std::size_t> must_hear_from_;  // By room
  std::string joining_;                                // That room: when the ack comes, we are in.
};

}  // namespace coterie::simulation
