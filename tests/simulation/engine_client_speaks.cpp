// What an EngineClient says.
// SPDX-License-Identifier: MIT
#include <utility>

#include "engine_client.hpp"
#include "engineio/packet.hpp"
#include "support/client_frames.hpp"

namespace coterie::simulation {

namespace {

constexpr std::string_view handshake_key = "dGhlIHNhbXBsZSBub25jZQ==";

}  // namespace

std::string EngineClient::get() const {
  std::string target = "/socket.io/?EIO=4&transport=polling";
  if (!sid_.empty()) target += "&sid=" + sid_;
  const std::string_view close = world_.chance.one_in(20) ? "Connection: close\r\n" : "";
  return fmt::format("GET {} HTTP/1.1\r\nHost: h\r\n{}\r\n", target, close);
}

std::string EngineClient::post(std::string_view body) const {
  std::string head = fmt::format(
      "POST /socket.io/?EIO=4&transport=polling&sid={} HTTP/1.1\r\nHost: h\r\n"
      "Content-Type: text/plain;charset=UTF-8\r\n",
      sid_);
  if (world_.chance.one_in(8)) {
    const std::size_t half = body.size() / 2 + 1;
    head += "Transfer-Encoding: chunked\r\n\r\n";
    for (const auto piece : {body.substr(0, half), body.substr(std::min(half, body.size()))}) {
      if (!piece.empty()) head += fmt::format("{:x}\r\n{}\r\n", piece.size(), piece);
    }
    return head + "0\r\n\r\n";
  }
  return head + fmt::format("Content-Length: {}\r\n\r\n{}", body.size(), body);
}

std::string EngineClient::upgrade_request() const {
  const std::string sid = sid_.empty() ? "" : "&sid=" + sid_;
  return fmt::format(
      "GET /socket.io/?EIO=4&transport=websocket{} HTTP/1.1\r\nHost: h\r\n"
      "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
      "Sec-WebSocket-Key: {}\r\n\r\n",
      sid, handshake_key);
}

Wire& EngineClient::free_wire() {
  for (auto& wire : wires_) {
    if (wire->is_idle() && !world_.chance.one_in(8)) return *wire;
  }
  wires_.push_back(network_.connect());
  return *wires_.back();
}

void EngineClient::speak() {
  if (state_ == State::opening || world_.chance.one_in(4)) return;
  if (websocket_) return speak_websocket();
  speak_polling();
}

void EngineClient::speak_polling() {
  if (upgrade_ == Upgrade::pausing) {
    return speak_pausing();
  }
  const bool is_leaving = state_ == State::leaving && !has_said_farewell_;
  const bool wants_post = (!outbox_.empty() || is_leaving) && posts_ == 0;
  const bool wants_poll = polls_ == 0 && state_ == State::open && !world_.chance.one_in(5);
  if (wants_post && !world_.chance.one_in(3)) {
    ++posts_;
    Wire& wire = free_wire();
    wire.ask(Question::post, post(take_payload()));
    if (wants_poll && world_.chance.one_in(4)) {  // Pipelined
      ++polls_;
      wire.ask(Question::poll, get());
    }
  }
  if (wants_poll && polls_ == 0) {
    ++polls_;
    free_wire().ask(Question::poll, get());
  }
  const bool may_upgrade = upgrade_ == Upgrade::none && state_ == State::open && !world_.is_calm;
  if (may_upgrade && world_.chance.one_in(25)) start_upgrade();
}

void EngineClient::speak_pausing() {
  // Later than this a "5" might cross with the server's farewell.
  const bool is_late = world_.clock.now() > probed_at_ + world_.settings.upgrade_timeout / 2;
  if (posts_ == 0 && (polls_ == 0 || plan_ == Plan::hasty)) {
    if (!is_late) return switch_over();
  } else if (world_.clock.now() > confirmed_at_ + milliseconds(100)) {
    for (const auto& wire : wires_) {
      if (!wire->questions.empty() && wire->is_quiet_for(milliseconds(100))) {
        world_.fail("member {}: a request waits, and so its upgrade", member_);
      }
    }
  }
  if (is_late) drop_candidate();
}

// Some of what is to be said, or with the farewell all of it.
std::string EngineClient::take_payload() {
  const bool is_last = state_ == State::leaving;
  std::size_t count =
      is_last || world_.chance.one_in(2) ? outbox_.size() : world_.chance.below(outbox_.size()) + 1;
  std::string payload;
  const auto append = [&payload](std::string_view item) {
    if (!payload.empty()) payload.push_back(engineio::payload_separator);
    payload.append(item);
  };
  for (; count > 0; --count) {
    const Message message = std::move(outbox_.front());
    outbox_.pop_front();
    std::string base64 = "b";
    if (message.is_binary) engineio::append_base64(message.text, base64);
    append(message.is_binary ? base64 : message.text);
  }
  if (is_last) {
    append("1");
    has_said_farewell_ = true;
  }
  return payload;
}

void EngineClient::start_upgrade() {
  world_.count("probes");
  const std::uint64_t odds = world_.chance.below(10);
  plan_ = odds < 6 ? Plan::honest : static_cast<Plan>(odds - 5);
  world_.note("member {} life {} begins an upgrade, plan {}", member_, life_number(),
              static_cast<int>(plan_));
  candidate_ = network_.connect();
  candidate_->ask(Question::upgrade, upgrade_request());
  upgrade_ = Upgrade::probing;
  probed_at_ = world_.clock.now();
}

void EngineClient::switch_over() {
  world_.count("upgrades");
  world_.note("member {} life {} upgrades", member_, life_number());
  write_frame(*candidate_, {"5", false});
  websocket_ = std::move(candidate_);
  upgrade_ = Upgrade::none;
  std::erase_if(wires_, [this](std::unique_ptr<Wire>& wire) {
    if (!wire->questions.empty()) return false;  // Of a hasty client: the poll, to be let go.
    abandon(std::move(wire));
    return true;
  });
}

void EngineClient::drop_candidate() {
  world_.note("member {} life {} gives up its upgrade", member_, life_number());
  upgrade_ = Upgrade::none;
  abandon(std::move(candidate_));
}

void EngineClient::speak_websocket() {
  for (; !outbox_.empty(); outbox_.pop_front()) write_frame(*websocket_, outbox_.front());
  if (world_.chance.one_in(30)) websocket_->write(test::write({.opcode = 9, .payload = "here?"}));
  if (state_ == State::leaving && !has_said_farewell_) {
    has_said_farewell_ = true;
    websocket_->write(test::write({.opcode = 8, .payload = test::close_payload(1000)}));
  }
}

void EngineClient::write_frame(Wire& wire, const Message& message) {
  const auto mask = static_cast<std::uint32_t>(world_.chance.below(UINT32_MAX));
  unsigned opcode = message.is_binary ? 2 : 1;
  std::string_view rest = message.text;
  while (rest.size() > 1 && world_.chance.one_in(6)) {  // In fragments
    const std::string_view piece = rest.substr(0, world_.chance.between(1, rest.size() - 1));
    wire.write(test::write({.opcode = opcode, .payload = piece, .is_final = false, .mask = mask}));
    rest.remove_prefix(piece.size());
    opcode = 0;
  }
  wire.write(test::write({.opcode = opcode, .payload = rest, .mask = mask}));
}

}  // namespace coterie::simulation
