// A Socket.IO client with a will of its own: joins, speaks, asks, answers, leaves, breaks off.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "engine_client.hpp"
#include "network.hpp"
#include "witness.hpp"
#include "world.hpp"

namespace coterie::simulation {

class Member {
 public:
  Member(World& world, Network& network, unsigned number);

  void act();
  void pump() { engine_.pump(); }
  // For the end of the world: no life after this one.
  void part();
  bool is_over() const { return engine_.is_over(); }
  // What is under way still, to or from here; empty when nothing is.
  std::string unsettled() const;
  // Of each namespace it is connected to: the last audit that it has heard.
  std::vector<std::pair<std::string, std::uint64_t>> audits() const;

 private:
  enum class Standing : unsigned char { out, asking, in };
  struct Packet {
    char type = 0;
    std::string nsp;
    std::optional<std::uint64_t> id;
    Json data;
    std::vector<std::string> attachments;
    std::size_t missing = 0;
  };
  struct Station {
    std::string nsp;
    Standing standing = Standing::out;
    bool asks_in_vain = false;  // To be refused.
    std::uint64_t incarnation = 0;
    std::uint64_t sent = 0;  // Events
    std::uint64_t next_ack = 0;
    std::map<std::uint64_t, std::string> asked;  // What the answer must be; empty: anything.
    std::optional<Witness> witness;

    // With recovery: what it proves itself with, where it has got to, and since which life.
    std::string pid;
    std::string sid;
    std::string offset;
    std::size_t pid_since = 0;
    bool is_claiming = false;   // Asks to have its session back,
    bool is_returning = false;  // and has it, but has not been told where it is.
    TimePoint claimed_at;
    TimePoint lost_at;
    std::vector<Packet> missed;

    bool is_asking() const { return standing == Standing::asking; }
  };

  struct LateAnswer {
    TimePoint due;
    std::size_t station;
    std::uint64_t incarnation;
    std::string text;
  };

  void hear();
  void on_text(std::string_view text);
  void on_packet(const Packet& packet);
  void on_connected(Station& station, const Packet& packet);
  void on_session(Station& station, std::string pid);
  void check_claim(const Station& station, bool is_recovered) const;
  void on_back(Station& station, const Packet& packet);
  static void note_offset(Station& station, const Packet& packet);
  void on_disconnected(Station& station);
  void on_event(Station& station, const Packet& packet);
  void on_room_event(Station& station, std::string_view event, const JsonArray& data);
  void on_ack(Station& station, const Packet& packet);
  void on_question(Station& station, const Packet& packet);
  void check_said(const Station& station, const Packet& packet);
  void on_over();
  void start_witness(Station& station);
  void forget_session(Station& station);

  void wish();
  void wish_for(Station& station);
  void speak(Station& station);
  void break_off();
  void connect(Station& station);
  void leave(Station& station);
  void answer_late();
  // An event; with `answer` it asks for an ack, which must be that.
  void emit(Station& station, std::string_view event, std::string_view arguments,
            const std::string* answer = nullptr, std::string_view attachment = {});
  std::string some_room();

  World& world_;
  EngineClient engine_;
  const unsigned number_;
  std::array<Station, 2> stations_;
  std::optional<Packet> partial_;  // Attachments are to come.
  std::vector<LateAnswer> late_;
  TimePoint wakes_at_;
  bool was_over_ = true;
  bool loiters_ = false;            // Joins no namespace in this life.
  bool has_joined_ = false;         // Some namespace, in this life.
  bool has_heard_goodbye_ = false;  // In any namespace, in this life.
  bool has_parted_ = false;
};

// Of a session that there never was.
inline constexpr std::string_view nobodys_pid = "nobody-has-this-name";

// The bytes that go with a number said in a room.
std::string bytes_of(std::string_view room, std::uint64_t number);
// The text that goes with it, of any size.
std::string text_of(std::string_view room, std::uint64_t number);

}  // namespace coterie::simulation
