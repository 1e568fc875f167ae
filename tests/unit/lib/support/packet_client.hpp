// A client of a SteppedServer that speaks Socket.IO packets over long-polling: text in, text out.
//
//   PacketClient client(server, 0);     // A session on shard 0.
//   client.join("/chat");               // CONNECT, and every shard has settled.
//   client.say(R"(2/chat,["hello"])");  // On its way; heard when shard 0 takes its turn.
//   client.take();                      // The packets that have come since.
//
// It always has a poll waiting, answers pings, and does nothing else by itself. A value: copies are
// the same client.
// SPDX-License-Identifier: MIT
#pragma once

#include <cctype>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.hpp"
#include "engineio/packet.hpp"
#include "support/stepped_server.hpp"

namespace coterie::test {

using Packets = std::vector<std::string>;

class PacketClient {
 public:
  PacketClient(SteppedServer& server, unsigned shard, std::string query = "EIO=4")
      : state_(std::make_shared<State>(server, shard, std::move(query))) {
    poll(state_);
    server.settle();
  }

  // CONNECT; `auth` is the text of an object. Then everything settles.
  void join(std::string_view nsp = "/", std::string_view auth = "") {
    say("0" + (nsp == "/" ? "" : std::string(nsp) + ",") + std::string(auth));
    state_->server.settle();
  }
  // CONNECT of one who was away and names what it knows; nothing settles yet.
  void claim(std::string_view pid, std::string_view offset, std::string_view nsp = "/") {
    state_->pid = pid;
    state_->offset = offset;
    JsonObject auth{{"pid", pid}};
    if (!offset.empty()) auth["offset"] = offset;
    say("0" + (nsp == "/" ? "" : std::string(nsp) + ",") + to_text(auth));
  }
  // A packet, and what is attached to it.
  void say(std::string_view packet, const std::vector<std::string>& attachments = {}) {
    std::string payload = "4" + std::string(packet);
    for (const std::string& bytes : attachments) {
      payload.append({engineio::payload_separator, 'b'});
      engineio::append_base64(bytes, payload);
    }
    post(state_, std::move(payload));
  }
  // Several packets in one payload.
  void say_at_once(const Packets& packets) {
    std::string payload;
    for (const std::string& packet : packets) {
      if (!payload.empty()) payload.push_back(engineio::payload_separator);
      payload.append("4").append(packet);
    }
    post(state_, std::move(payload));
  }
  // The connection ends as when a page is closed: "transport close".
  void close() { post(state_, "1"); }
  // The network is gone while a poll waits: "transport error".
  void drop() {
    state_->is_polling = false;
    state_->server.shards[state_->shard].post([state = state_] {
      if (state->aborted) std::exchange(state->aborted, {})();
    });
  }
  // Fetches nothing more, or again.
  void stop_polling() { state_->is_polling = false; }
  void poll_again() {
    state_->is_polling = true;
    poll(state_);
  }

  // The packets that have come; "b…" is an attachment.
  Packets take() { return std::exchange(state_->packets, {}); }
  // The arrays of the events among them; without their offsets for one who has a pid.
  Packets take_events() {
    Packets events;
    for (const std::string& packet : take()) {
      if (packet.front() == '2' || packet.front() == '5') events.push_back(array_of(packet));
    }
    return events;
  }
  // What CONNECT has brought last: the socket's id and, with recovery, its secret.
  const std::string& sid() const { return state_->sid; }
  const std::string& pid() const { return state_->pid; }
  // Of the last event, as the official client reads it: a text behind all other arguments.
  const std::string& offset() const { return state_->offset; }
  unsigned shard() const { return state_->shard; }
  bool is_gone() const { return state_->is_gone; }  // The server has ended the session.

 private:
  struct State {
    State(SteppedServer& its_server, unsigned its_shard, std::string its_query)
        : server(its_server), shard(its_shard), query(std::move(its_query)) {}

    SteppedServer& server;
    const unsigned shard;
    const std::string query;
    std::string session;
    std::string sid;
    std::string pid;
    std::string offset;
    Packets packets;
    Task aborted;  // What the server wants to be told when the poll's client has gone.
    bool is_polling = true;
    bool has_poll = false;
    bool is_gone = false;
  };
  using Shared = std::shared_ptr<State>;

  static net::Request request(const State& state, std::string method) {
    net::Request request;
    request.method = std::move(method);
    request.target = "/socket.io/?" + state.query + "&transport=polling";
    if (!state.session.empty()) request.target += "&sid=" + state.session;
    return request;
  }
  static void poll(const Shared& state);
  static void post(const Shared& state, std::string payload) {
    state->server.shards[state->shard].post([state, payload = std::move(payload)] {
      net::Request posted = request(*state, "POST");
      posted.body = payload;
      state->server.route.handler(std::move(posted), net::Reply([](net::Response) {}));
    });
  }
  static void read(const Shared& state, const net::Response& response);
  static void read_packet(State& state, std::string_view packet);
  // Where an event's array begins, and whether the event has an id.
  static std::size_t begin_of_array(std::string_view packet) {
    const std::size_t name = packet.find('/') < packet.find('[') ? packet.find(',') : 0;
    return packet.find('[', name);
  }
  std::string array_of(std::string_view packet) const {
    const std::size_t begin = begin_of_array(packet);
    const std::string_view array = packet.substr(begin);
    const bool has_offset = !state_->pid.empty() && !has_id(packet, begin);
    return has_offset ? std::string(array.substr(0, array.rfind(','))) + "]" : std::string(array);
  }
  static bool has_id(std::string_view packet, std::size_t begin) {
    return begin > 1 && std::isdigit(static_cast<unsigned char>(packet[begin - 1]));
  }

  Shared state_;
};

inline void PacketClient::poll(const Shared& state) {
  if (state->has_poll || state->is_gone) return;
  state->has_poll = true;
  state->server.shards[state->shard].post([state] {
    const auto answered = [state](const net::Response& response) {
      state->has_poll = false;
      state->aborted = {};
      read(state, response);
      if (state->is_polling) poll(state);
    };
    const auto watch = [state](Task aborted) { state->aborted = std::move(aborted); };
    state->server.route.handler(request(*state, "GET"), net::Reply(answered, watch));
  });
}

inline void PacketClient::read(const Shared& state, const net::Response& response) {
  state->is_gone = response.status != 200;
  engineio::PayloadReader reader(response.body);
  while (!state->is_gone && !reader.is_done()) {
    const auto packet = reader.next();
    if (packet->type == engineio::PacketType::open) {
      state->session = parse_json(packet->data)->at("sid").as_string();
    } else if (packet->type == engineio::PacketType::ping) {
      if (state->is_polling) post(state, "3");
    } else if (packet->type == engineio::PacketType::close) {
      state->is_gone = true;
    } else if (packet->is_binary) {
      state->packets.push_back("b" + std::string(packet->data));
    } else if (packet->type == engineio::PacketType::message) {
      read_packet(*state, packet->data);
    }
  }
}

inline void PacketClient::read_packet(State& state, std::string_view packet) {
  state.packets.emplace_back(packet);
  if (packet.front() == '0' && packet.find('{') != std::string_view::npos) {
    const Json body = parse_json(packet.substr(packet.find('{'))).value();
    state.sid = body.at("sid").as_string();
    const Json* pid = body.as_object().if_contains("pid");
    state.pid = pid ? std::string(pid->as_string()) : "";
  } else if (packet.front() == '2' || packet.front() == '5') {
    const std::size_t begin = begin_of_array(packet);
    if (state.pid.empty() || has_id(packet, begin)) return;
    const Json array = parse_json(packet.substr(begin)).value();
    const Json& last = array.as_array().back();
    if (last.is_string()) state.offset = last.as_string();
  }
}

}  // namespace coterie::test
