// SPDX-License-Identifier: MIT
#include "engine_client.hpp"

#include <fmt/format.h>

#include <utility>

#include "base/json.hpp"
#include "engineio/packet.hpp"

namespace coterie::simulation {

void EngineClient::open() {
  world_.lives[member_].emplace_back();
  world_.count("lives");
  state_ = State::opening;
  sid_.clear();
  outbox_.clear();
  inbox_.clear();
  polls_ = posts_ = 0;
  has_said_farewell_ = false;
  is_innocent_ = true;
  opened_at_ = world_.clock.now();
  if (world_.chance.one_in(4)) {
    websocket_ = network_.connect();
    websocket_->ask(Question::upgrade, upgrade_request());
  } else {
    free_wire().ask(Question::handshake, get());
  }
  world_.note("member {} opens life {} on {}", member_, life_number(),
              is_polling() ? "polling" : "websocket");
}

void EngineClient::send(Message message) {
  if (state_ != State::open) return;
  if (!message.is_binary) {
    world_.note("member {} says {}", member_, message.text);
    message.text.insert(0, "4");
  }
  outbox_.push_back(std::move(message));
}

std::optional<Message> EngineClient::receive() {
  if (inbox_.empty()) return std::nullopt;
  Message message = std::move(inbox_.front());
  inbox_.pop_front();
  return message;
}

std::string EngineClient::unsaid() const {
  if (upgrade_ != Upgrade::none) return fmt::format("upgrades ({})", static_cast<int>(upgrade_));
  if (!outbox_.empty()) return fmt::format("has {} packets to send", outbox_.size());
  if (posts_ > 0) return "has posted";
  return !websocket_ || websocket_->has_sent_all() ? "" : "is sending";
}

void EngineClient::pump() {
  for (auto& wire : wires_) wire->pump();
  if (candidate_) candidate_->pump();
  if (websocket_) websocket_->pump();
}

void EngineClient::act() {
  if (is_over()) return;
  listen();
  if (!is_over()) speak();
}

// -- How it ends ----------------------------------------------------------------------------------

void EngineClient::excuse(std::string_view why) {
  if (life().excuse.empty()) life().excuse = why;
}

void EngineClient::gone(std::string_view why, milliseconds notice) {
  is_innocent_ = false;
  world_.count(why);
  world_.note("member {} life {}: {}", member_, life_number(), why);
  excuse(why);
  if (!life().noticed_by) life().noticed_by = world_.clock.now() + notice;
}

// The server has ended the session.
void EngineClient::ended(std::string_view why) {
  if (life().excuse.empty() && !world_.may_be_cleared(life())) {
    world_.fail("member {} life {}: the server ended it for no reason: {}", member_, life_number(),
                why);
  }
  world_.note("member {} life {} has ended: {} ({})", member_, life_number(), why, life().excuse);
  over();
}

void EngineClient::over() {
  state_ = State::over;
  upgrade_ = Upgrade::none;
  // Kept alive, a connection may carry the next life, which may live on another shard.
  std::erase_if(wires_, [this](std::unique_ptr<Wire>& wire) {
    if (wire->is_idle() && world_.chance.one_in(2)) return false;
    abandon(std::move(wire));
    return true;
  });
  abandon(std::move(candidate_));
  abandon(std::move(websocket_));
}

void EngineClient::abandon(std::unique_ptr<Wire> wire) {
  network_.abandon(std::move(wire), member_, life_number());
}

void EngineClient::leave() {
  if (state_ != State::open) return;
  gone("leaves", world_.settings.heartbeat());
  state_ = State::leaving;
  if (candidate_) drop_candidate();
}

void EngineClient::cut() {
  const bool is_settled = websocket_ && websocket_->has_sent_all();
  gone("cuts its streams", is_settled ? haste : world_.settings.heartbeat());
  for (auto& wire : wires_) wire->cut();
  if (candidate_) candidate_->cut();
  if (websocket_) websocket_->cut();
  over();
}

void EngineClient::vanish() {
  gone("vanishes", world_.settings.heartbeat());
  const milliseconds silence(world_.chance.below(3000));
  for (auto& wire : wires_) wire->fall_silent(silence);
  if (candidate_) candidate_->fall_silent(silence);
  if (websocket_) {
    websocket_->fall_silent(silence);
    if (world_.chance.one_in(4)) websocket_->half_close();
  }
  over();
}

void EngineClient::pause() {
  world_.count("pauses");
  const milliseconds silence(world_.chance.between(20, 120));
  for (auto& wire : wires_) wire->freeze(silence);
  if (candidate_) candidate_->freeze(silence);
  if (websocket_) websocket_->freeze(silence);
}

void EngineClient::overlap() {
  if (!is_open() || !is_polling() || polls_ != 1 || upgrade_ != Upgrade::none) return;
  free_wire().ask(Question::poll, get());
  // Whether it was one poll too many is decided by what was under way, and so is which answer comes
  // first: there is no sense in going on.
  gone("overlaps polls", world_.settings.heartbeat());
  over();
}

void EngineClient::abort_poll() {
  if (!is_open() || !is_polling() || polls_ == 0) return;
  for (auto& wire : wires_) {
    if (!wire->questions.empty() && wire->questions.front() == Question::poll) wire->cut();
  }
  gone("aborts a poll", world_.settings.heartbeat());
  over();
}

void EngineClient::abort_post() {
  if (!is_open() || !is_polling() || posts_ > 0 || upgrade_ != Upgrade::none) return;
  Wire& wire = free_wire();
  const std::string request = post("4not all of this");
  wire.write(std::string_view(request).substr(0, world_.chance.between(1, request.size() - 1)));
  gone("aborts a post", world_.settings.heartbeat());
  over();
}

void EngineClient::babble() {
  if (!is_open() || upgrade_ != Upgrade::none || posts_ > 0) return;
  if (is_polling()) {
    ++posts_;
    free_wire().ask(Question::post, post(world_.chance.one_in(2) ? "9" : "4x"));
  } else {
    write_frame(*websocket_, {world_.chance.one_in(2) ? "x" : "49", false});
  }
  gone("babbles", world_.settings.heartbeat());
}

}  // namespace coterie::simulation
