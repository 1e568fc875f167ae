// A client of a simulated cluster, and what it believes: which rooms it must be in, or can be.
//
// Of what any server says it checks, number by number: that it comes in order and once; that it was
// meant for it, as far as it can know; and that nothing is missing in between that was, unless the
// bus has lost something. From "invited" to "joined", and from "kicking" to "kicked", it can be in
// a room, but need not be.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "cluster_server.hpp"
#include "story.hpp"
#include "support/packet_client.hpp"

namespace coterie::simulation {

class ClusterClient {
 public:
  using Servers = std::vector<std::unique_ptr<ClusterServer>>;

  ClusterClient(World& world, const SimulatedRedis& redis, Story& story, unsigned number)
      : world_(world), redis_(redis), story_(story), number_(number) {}

  void act(Servers& servers);
  void hear();
  // That server is no more, or about to go.
  void lose(unsigned server);
  void part();

  bool is_in() const { return standing_ == Standing::in; }
  bool is_out() const { return standing_ == Standing::out; }
  bool is_at(unsigned server) const { return connection_ && server_ == server; }
  bool is_quiet() const { return is_out() || (is_in() && late_.empty()); }
  // Everything that server has said, and that is for this client, must have come.
  void check_complete(unsigned speaker);
  void check_obedience();
  void poll_again();
  bool is_polling() const { return is_polling_; }

 private:
  enum class Standing : unsigned char { out, asking, in };
  // Of one server's words: the last one heard.
  struct Thread {
    std::uint64_t number = 0;
    std::uint64_t heard_at = 0;  // In our own count of events.
    std::uint64_t losses = 0;    // Of that server's words to here, when it was said.
  };
  struct Stay {
    std::optional<std::uint64_t> certain_since;
  };
  struct LateAnswer {
    TimePoint due;
    std::string packet;
  };

  void connect(ClusterServer& server);
  void be_out(bool may_come_back);
  void on_packet(const std::string& packet);
  void on_connected(const Json& facts);
  void on_event(std::string_view packet);
  void on_question(std::string_view id, std::size_t inquiry);
  void on_said(const JsonArray& data);
  void note_move(const std::string& kind, unsigned speaker, const Saying& saying,
                 const std::string& room);
  void check_missing(unsigned speaker, std::uint64_t until);
  bool may_hear(unsigned speaker, const Saying& saying) const;
  bool must_hear(unsigned speaker, const Saying& saying, std::uint64_t since) const;
  std::uint64_t all_losses() const;
  bool expects_the_end() const;
  bool is_trusted(const std::string& room) const;
  bool can_be_in(const std::string& room) const;
  bool could_be_in(const std::string& room, std::uint64_t since) const;
  bool must_be_in(const std::string& room, std::uint64_t since) const;
  std::uint64_t losses_of(unsigned speaker) const { return redis_.losses(speaker, server_); }

  World& world_;
  const SimulatedRedis& redis_;
  Story& story_;
  const unsigned number_;

  Standing standing_ = Standing::out;
  std::optional<test::PacketClient> connection_;
  unsigned server_ = 0;
  std::uint64_t connections_ = 0;  // So far.
  bool is_polling_ = true;
  bool is_parted_ = false;
  bool is_repeating_ = false;
  std::optional<std::string> claim_;  // The pid that it comes back with.
  std::string pid_, offset_, sid_;
  unsigned home_ = 0;       // The server that has given us the pid.
  bool has_heard_ = false;  // Anything since then.
  std::vector<std::string> missed_;
  std::vector<LateAnswer> late_;

  std::uint64_t events_ = 0;
  std::map<unsigned, Thread> threads_;
  std::map<std::string, Stay> stays_;
  std::map<std::string, std::uint64_t> left_at_;  // In our count of events, by room,
  std::map<unsigned, std::uint64_t> reset_at_;    // or all rooms of a server.
  std::map<unsigned, std::uint64_t> resetting_;   // On which connection that was announced.
  std::map<unsigned, std::uint64_t> trust_;  // What each had lost when we last knew all for sure.
  std::optional<unsigned> goodbye_;          // Of that server.
  std::uint64_t goodbye_losses_ = 0;
  bool has_missed_goodbye_ = false;  // It was said while we were away.
  bool is_turned_away_ = false;      // While we waited to be let back in.
  std::uint64_t losses_before_ = 0;  // We were connected.
};

}  // namespace coterie::simulation
