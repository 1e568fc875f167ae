// What one client has heard in one namespace, and what it should have heard.
//
// Each room counts what is said in it; "*" is the room of the whole namespace. A client hears of
// its own comings and goings in the same stream, so it can tell by itself, packet by packet: within
// a stay every number follows the one before, and none comes twice in a life. Where a stay begins
// is exact when it was published among what is said; a direct join may still hear what was said
// before and is under way between shards, but must miss nothing that was said after it. Audits are
// published among what is said, too: each tells, for every room that the client is in at that
// point, the last number said, and so nothing can be missing.
//
// With connection state recovery a witness lives on through the connections of a client. While what
// it has missed is repeated, its rooms are those that it is in when it is back: of a room that it
// knew it must hear all, of one that it had joined without knowing, all from some number on. Where
// it has been meanwhile is not repeated.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "base/json.hpp"
#include "world.hpp"

namespace coterie::simulation {

class Witness {
 public:
  explicit Witness(World& world, std::string name) : world_(world), name_(std::move(name)) {}

  // Connected, and in these rooms, in which so much had been said.
  void welcome(const JsonObject& rooms);

  // It is back, and in these rooms; what it has missed comes now, and then all of it has come.
  void begin_repeating(const JsonObject& rooms);
  void end_repeating(const JsonObject& rooms);
  bool is_repeating() const { return is_repeating_; }

  void joined(const std::string& room, std::uint64_t said, bool is_exact);
  void left(const std::string& room, std::uint64_t at_least);
  void invited(const std::string& room, std::uint64_t said) { joined(room, said, true); }
  void kicked(const std::string& room, std::uint64_t said);

  void heard(const std::string& room, std::uint64_t number);
  // Directly behind something said, by the shard that said it.
  void heard_after(const std::string& room, std::uint64_t number);
  void audit(std::uint64_t number, const JsonObject& rooms);
  void heard_several(std::uint64_t number);  // Said to several rooms at once, sparing one.
  void probe(std::uint64_t number, bool is_entitled);
  void tick(const std::string& room, std::uint64_t number);  // Volatile
  void direct(std::uint64_t number);
  void goodbye() { has_heard_goodbye_ = true; }
  bool has_heard_goodbye() const { return has_heard_goodbye_; }

  bool is_in(const std::string& room) const { return stays_.contains(room); }
  std::uint64_t audits() const { return audits_; }

 private:
  struct Stay {
    std::uint64_t said_before;
    bool is_exact;
    bool has_heard = false;
    bool is_found = false;  // At a return: nobody knows where it began.
  };
  void settle(const std::string& room, const Stay& stay, std::uint64_t said);

  World& world_;
  const std::string name_;
  bool is_welcome_ = false;
  bool is_repeating_ = false;
  bool has_heard_goodbye_ = false;
  std::map<std::string, Stay> stays_;
  std::map<std::string, std::uint64_t> last_;  // By room, through all stays.
  std::map<std::string, std::uint64_t> ticks_;
  std::uint64_t last_of_several_ = 0;
  std::set<std::uint64_t> several_;
  std::uint64_t last_probe_ = 0;
  std::uint64_t audits_ = 0;
  std::uint64_t directs_ = 0;
};

}  // namespace coterie::simulation
