// Namespaces that come and go on shards with threads of their own. No network: requests are handed
// to the route where they live.
// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <future>
#include <string>
#include <utility>

#include "net/shards.hpp"
#include "socketio/server.hpp"
#include "socketio/socket.hpp"

namespace coterie::socketio {
namespace {

// Opens a session on its shard, joins a child namespace, leaves, and begins again.
class Visitor {
 public:
  Visitor(net::Shard& shard, const net::Route& route, int visits)
      : shard_(shard), route_(route), left_(visits) {
    shard_.post([this] { begin(); });
  }
  std::future<void> done() { return done_.get_future(); }

 private:
  using Next = void (Visitor::*)(const std::string& body);

  void begin() {
    if (left_-- == 0) return done_.set_value();
    session_.clear();
    ask("GET", "", &Visitor::join);
  }
  void join(const std::string& opened) {
    session_ = "&sid=" + std::string(parse_json(opened.substr(1))->at("sid").as_string());
    ask("POST", "40/room-1,", &Visitor::leave);
  }
  void leave(const std::string&) { ask("POST", left_ % 2 ? "41/room-1," : "1", &Visitor::close); }
  void close(const std::string&) { ask("POST", "1", &Visitor::again); }
  void again(const std::string&) { begin(); }

  void ask(std::string method, std::string body, Next next) {
    net::Request request;
    request.method = std::move(method);
    request.target = "/socket.io/?EIO=4&transport=polling" + session_;
    request.body = std::move(body);
    route_.handler(std::move(request), net::Reply([this, next](const net::Response& response) {
                     shard_.post([this, next, body = response.body] { (this->*next)(body); });
                   }));
  }

  net::Shard& shard_;
  const net::Route& route_;
  int left_;
  std::string session_;
  std::promise<void> done_;
};

TEST(ChildNamespaces, come_and_go_under_the_hands_of_many_threads) {
  net::Shards shards({.count = 3});
  ServerOptions options;
  options.cleanup_empty_child_namespaces = true;
  options.recovery = RecoveryOptions{};
  Server server(shards, options);
  std::atomic<int> connected = 0;
  std::atomic<int> left = 0;
  ParentNamespace& rooms = server.of_pattern("/room-.");
  rooms.on_connect([](Socket& socket) { socket.join("room"); });
  rooms.on_disconnecting(
      [](Socket& socket, std::string_view) { socket.to("room").emit("leaving", socket.id()); });
  rooms.on_disconnect([&](Socket& socket, std::string_view) {
    socket.broadcast().emit("left", socket.id());
    ++left;
  });
  server.on_new_namespace(
      [&](Namespace& space) { space.on_connect([&](Socket&) { ++connected; }); });
  const net::Route route = server.routes().front();
  constexpr int visits = 300;
  shards.start();
  Visitor one(shards[0], route, visits);
  Visitor two(shards[1], route, visits);
  Visitor three(shards[2], route, visits);
  for (Visitor* visitor : {&one, &two, &three}) {
    const auto done = visitor->done();
    while (done.wait_for(std::chrono::milliseconds(1)) != std::future_status::ready) {
      rooms.emit("news");
    }
  }
  shards.stop();
  EXPECT_EQ(connected, 3 * visits);
  EXPECT_EQ(left, 3 * visits);
  EXPECT_TRUE(rooms.children().empty());
}

}  // namespace
}  // namespace coterie::socketio
