// Two servers of one cluster on this thread, and a stream of Redis in memory.
// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "redis/streams_adapter.hpp"
#include "socketio/socket.hpp"
#include "support/memory_bus.hpp"
#include "support/packet_client.hpp"
#include "support/stepped_server.hpp"

namespace coterie::test::streams {

using redis::Bus;
using redis::StreamsAdapter;
using redis::StreamsOptions;
using socketio::Namespace;
using socketio::Socket;
using std::chrono::milliseconds;

struct Node {
  Node(MemoryRedis& redis, std::uint64_t seed, std::size_t queue_bytes_max = 64'000'000)
      : random(seed), bus(new MemoryBus(redis)), at(options(queue_bytes_max), 2, seed) {
    adapter->start();
    space.on("join", [](Socket& socket, const Json& room) { socket.join(room.as_string()); });
    space.on("note", [](Socket& socket, const Json& what) { socket.data()["noted"] = what; });
    space.on_connect([this](Socket& socket) { recovered.push_back(socket.is_recovered()); });
    at.server.of_pattern("/child-.*");
    if (redis.is_up) bus->come_up();
  }
  socketio::ServerOptions options(std::size_t queue_bytes_max) {
    StreamsOptions streams;
    streams.on_hearing = [this] { ++hearings; };
    streams.on_gap = [this] { ++gaps; };
    streams.limits.queue_bytes_max = queue_bytes_max;
    adapter = std::make_shared<StreamsAdapter>(std::unique_ptr<Bus>(bus), streams, random);
    socketio::ServerOptions options;
    options.recovery = socketio::RecoveryOptions{};
    options.cleanup_empty_child_namespaces = true;
    options.adapter = adapter;
    return options;
  }

  SeededRandom random;
  MemoryBus* bus;
  int hearings = 0;
  int gaps = 0;
  std::shared_ptr<StreamsAdapter> adapter;
  SteppedServer at;
  Namespace& space = at.server.of("/");
  std::vector<bool> recovered;
};

struct Fixture {
  Fixture() { settle(); }
  void settle() {
    do {
      for (Node* node : nodes) node->at.settle();
    } while (redis.deliver());
    for (Node* node : nodes) node->at.settle();
  }
  void pass(milliseconds time) {
    for (Node* node : nodes) node->at.pass(time);
    for (Node* node : nodes) node->bus->pass(time);
    settle();
  }
  PacketClient connected(Node& node, std::string_view room = "room", std::string_view nsp = "/") {
    PacketClient client(node.at, 0);
    client.join(nsp);
    settle();
    if (nsp == "/") client.say(R"(2["join",")" + std::string(room) + R"("])");
    settle();
    client.take();
    return client;
  }
  void lose(PacketClient& client) {
    client.drop();
    settle();
  }
  PacketClient back(const PacketClient& before, Node& node, std::string_view nsp = "/") {
    PacketClient client(node.at, 1);
    client.claim(before.pid(), before.offset(), nsp);
    settle();
    return client;
  }
  void say(Node& node, int n) {
    node.space.to("room").emit("n", n);
    settle();
  }
  // Redis is gone for all, and back.
  void take_redis_away() {
    redis.is_up = false;
    for (Node* node : nodes) node->bus->cut();
    settle();
  }
  void bring_redis_back() {
    redis.is_up = true;
    for (Node* node : nodes) node->bus->come_up();
    settle();
  }

  MemoryRedis redis;
  Node one{redis, 1}, two{redis, 2};
  std::vector<Node*> nodes{&one, &two};
};

inline Packets numbers(std::initializer_list<int> all) {
  Packets packets;
  for (const int n : all) packets.push_back("[\"n\"," + std::to_string(n) + "]");
  return packets;
}

}  // namespace coterie::test::streams
