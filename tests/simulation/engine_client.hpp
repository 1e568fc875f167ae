// An Engine.IO client as a state machine: polling, WebSocket, the upgrade, and bad manners.
//
// It knows the protocol by itself, from the client's side, and shares no code with the library but
// base64. One session is a Life in the World: as long as that has no excuse the server must keep it
// alive.
// SPDX-License-Identifier: MIT
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "network.hpp"
#include "wire.hpp"
#include "world.hpp"

namespace coterie::simulation {

struct Message {
  std::string text;
  bool is_binary = false;
};

class EngineClient {
 public:
  EngineClient(World& world, Network& network, unsigned member)
      : world_(world), network_(network), member_(member) {}

  void open();  // A new life; only when this one is over.
  void send(Message message);
  // Reads what has come, says what is to be said.
  void act();
  void pump();
  // The next message that has come, in a life that may be over by now.
  std::optional<Message> receive();

  bool is_over() const { return state_ == State::over; }
  bool is_open() const { return state_ == State::open; }
  TimePoint opened_at() const { return opened_at_; }
  std::string unsaid() const;  // What is not done with yet; empty: nothing.
  Life& life() const { return world_.lives[member_].back(); }
  std::size_t life_number() const { return world_.lives[member_].size() - 1; }
  bool is_polling() const { return !websocket_; }
  // The last life was ended by the server, and the client had done nothing to deserve it.
  bool was_innocent() const { return is_innocent_; }

  void leave();       // As is proper.
  void cut();         // The streams end.
  void vanish();      // The streams stay, and nobody is there.
  void pause();       // The same for a short while: no reason to be thrown out.
  void overlap();     // A second poll, while one waits.
  void abort_poll();  // A waiting poll's stream ends.
  void abort_post();  // A POST's stream ends half way.
  void babble();      // A packet that is none.

 private:
  enum class State : unsigned char { over, opening, open, leaving };
  enum class Upgrade : unsigned char { none, probing, pausing, dawdling };
  enum class Plan : unsigned char { honest, dawdle, cut, babble, hasty };

  void ended(std::string_view why);
  void over();
  void excuse(std::string_view why);
  void gone(std::string_view why, milliseconds notice);

  void listen();
  void listen_to_http();
  void listen_to_candidate();
  void listen_to_websocket();
  void on_answer(Question question, const HttpAnswer& answer);
  void on_payload(std::string_view payload);
  void on_packet(std::string_view packet);
  void on_open(std::string_view json);
  void on_probe_answered();

  void speak();
  void speak_polling();
  void speak_websocket();
  void start_upgrade();
  void speak_pausing();
  void switch_over();
  void drop_candidate();
  Wire& free_wire();
  std::string get() const;
  std::string post(std::string_view body) const;
  std::string upgrade_request() const;
  std::string take_payload();
  void write_frame(Wire& wire, const Message& message);
  void abandon(std::unique_ptr<Wire> wire);

  World& world_;
  Network& network_;
  const unsigned member_;

  State state_ = State::over;
  std::string sid_;
  TimePoint opened_at_;
  std::vector<std::unique_ptr<Wire>> wires_;  // That speak HTTP
  std::unique_ptr<Wire> websocket_;
  std::unique_ptr<Wire> candidate_;
  Upgrade upgrade_ = Upgrade::none;
  Plan plan_ = Plan::honest;
  TimePoint probed_at_;     // When the candidate was opened,
  TimePoint confirmed_at_;  // and when its probe was answered.
  unsigned polls_ = 0;      // Asked and not answered
  unsigned posts_ = 0;
  bool has_said_farewell_ = false;
  bool is_innocent_ = true;
  std::deque<Message> outbox_;  // Engine.IO packets; a binary one is a bare message.
  std::deque<Message> inbox_;
};

}  // namespace coterie::simulation
