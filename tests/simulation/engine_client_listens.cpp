// What an EngineClient hears.
// SPDX-License-Identifier: MIT
#include <utility>

#include "base/json.hpp"
#include "engine_client.hpp"
#include "engineio/packet.hpp"

namespace coterie::simulation {

void EngineClient::listen() {
  listen_to_http();
  if (!is_over() && candidate_) listen_to_candidate();
  // What was said to a last poll comes before what is said on the WebSocket.
  if (!is_over() && websocket_ && polls_ == 0) listen_to_websocket();
}

void EngineClient::listen_to_http() {
  for (std::size_t i = 0; i < wires_.size();) {
    Wire& wire = *wires_[i];
    while (!wire.questions.empty()) {
      const auto answer = take_answer(wire.incoming);
      if (!answer) break;
      const Question question = wire.questions.front();
      wire.questions.pop_front();
      on_answer(question, *answer);
      if (is_over()) return;
    }
    if (!wire.has_ended()) {
      ++i;
      continue;
    }
    if (!wire.questions.empty()) return ended("a request was not answered");
    abandon(std::move(wires_[i]));
    wires_.erase(wires_.begin() + static_cast<std::ptrdiff_t>(i));
  }
}

void EngineClient::on_answer(Question question, const HttpAnswer& answer) {
  switch (question) {
    case Question::handshake:
      if (answer.status != 200) return ended(fmt::format("handshake: {}", answer.status));
      return on_payload(answer.body);
    case Question::poll:
      --polls_;
      // A hasty client's poll may come when the session is a WebSocket's already.
      if (websocket_ && answer.status == 400) return;
      if (answer.status != 200) return ended(fmt::format("poll: {}", answer.status));
      return on_payload(answer.body);
    case Question::post:
      --posts_;
      if (answer.status != 200 || answer.body != "ok") {
        return ended(fmt::format("post: {}", answer.status));
      }
      if (has_said_farewell_) over();
      return;
    case Question::upgrade:
      return world_.fail("member {}: an upgrade was answered on the wrong wire", member_);
  }
}

void EngineClient::on_payload(std::string_view payload) {
  for (;;) {
    const std::size_t end = payload.find(engineio::payload_separator);
    const std::string_view item = payload.substr(0, end);
    if (item.starts_with('b')) {
      auto bytes = engineio::decode_base64(item.substr(1));
      if (!bytes) return world_.fail("member {}: broken base64", member_);
      inbox_.push_back({std::move(*bytes), true});
    } else {
      on_packet(item);
    }
    if (is_over() || end == std::string_view::npos) return;
    payload.remove_prefix(end + 1);
  }
}

void EngineClient::on_packet(std::string_view packet) {
  if (packet.empty()) return world_.fail("member {}: an empty packet", member_);
  const std::string_view rest = packet.substr(1);
  if ((packet.front() == '0') != sid_.empty()) {
    return world_.fail("member {}: open packet missing, or twice: {}", member_, packet);
  }
  switch (packet.front()) {
    case '0':
      return on_open(rest);
    case '1':
      return ended("close packet");
    case '2':
      world_.count("heartbeats");
      world_.note("member {} life {} is pinged", member_, life_number());
      outbox_.push_back({"3", false});
      return;
    case '4':
      inbox_.push_back({std::string(rest), false});
      return;
    case '6':
      return;
    default:
      return world_.fail("member {}: a packet out of place: {}", member_, packet);
  }
}

void EngineClient::on_open(std::string_view json) {
  const auto data = parse_json(json);
  if (!data || !data->is_object() || !data->as_object().contains("sid")) {
    return world_.fail("member {}: broken handshake {}", member_, json);
  }
  sid_ = std::string_view(data->as_object().at("sid").as_string());
  state_ = State::open;
  opened_at_ = world_.clock.now();
  world_.note("member {} life {} is open: {}", member_, life_number(), sid_);
}

void EngineClient::listen_to_candidate() {
  if (!candidate_->questions.empty()) {
    if (const auto answer = take_answer(candidate_->incoming)) {
      candidate_->questions.pop_front();
      if (answer->status != 101) {
        if (life().excuse.empty()) world_.fail("member {}: upgrade {}", member_, answer->status);
        return drop_candidate();
      }
      write_frame(*candidate_, {plan_ == Plan::babble ? "4hello" : "2probe", false});
    }
  } else {
    bool broken = false;
    while (const auto frame = take_frame(candidate_->incoming, broken)) {
      if (frame->opcode == 8) return drop_candidate();
      if (frame->opcode != 1 || frame->payload != "3probe") {
        return world_.fail("member {}: a candidate heard {}", member_, frame->payload);
      }
      on_probe_answered();
      if (!candidate_) return;
    }
    if (broken) return world_.fail("member {}: a broken frame", member_);
  }
  if (candidate_->has_ended()) drop_candidate();
}

void EngineClient::on_probe_answered() {
  world_.note("member {} life {}: probe answered", member_, life_number());
  confirmed_at_ = world_.clock.now();
  if (plan_ == Plan::honest || plan_ == Plan::hasty) {
    upgrade_ = Upgrade::pausing;
  } else if (plan_ == Plan::dawdle) {
    upgrade_ = Upgrade::dawdling;
  } else if (plan_ == Plan::cut) {
    candidate_->cut();
    drop_candidate();
  }
}

void EngineClient::listen_to_websocket() {
  Wire& wire = *websocket_;
  if (!wire.questions.empty()) {
    if (const auto answer = take_answer(wire.incoming)) {
      wire.questions.pop_front();
      if (answer->status != 101) return ended(fmt::format("websocket: {}", answer->status));
    }
  } else {
    bool broken = false;
    while (auto frame = take_frame(wire.incoming, broken)) {
      if (frame->opcode == 1) {
        on_packet(frame->payload);
      } else if (frame->opcode == 2) {
        inbox_.push_back({std::move(frame->payload), true});
      } else if (frame->opcode == 8) {
        return ended("close frame");
      } else if (frame->opcode != 10) {
        return world_.fail("member {}: a frame of opcode {}", member_, frame->opcode);
      }
      if (is_over()) return;
    }
    if (broken) return world_.fail("member {}: a broken frame", member_);
  }
  if (wire.has_ended()) ended("the WebSocket's stream ended");
}

}  // namespace coterie::simulation
