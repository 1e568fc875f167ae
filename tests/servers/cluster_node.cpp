// A server with all features that is one of a cluster, and what servers say to each other.
//
//   cluster_node PORT REDIS_URL NAME
// SPDX-License-Identifier: MIT
#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

#include "base/guarded.hpp"
#include "feature_handlers.hpp"
#include "net/shards.hpp"
#include "redis/pubsub_adapter.hpp"
#include "socketio/server.hpp"
#include "socketio/socket.hpp"

using coterie::Guarded;
using coterie::Json;
using coterie::JsonArray;
using coterie::JsonObject;
namespace net = coterie::net;
namespace redis = coterie::redis;
namespace socketio = coterie::socketio;
using socketio::Ack;
using socketio::Args;
using socketio::Socket;

namespace {

std::chrono::milliseconds time_of(const Json& number) {
  return std::chrono::milliseconds(number.to_number<int>());
}

// The server events "news", whose arguments are kept, and "name", which is answered.
void add_server_events(socketio::Namespace& space, Guarded<JsonArray>& news,
                       const std::string& name) {
  space.on_server_event("news", [&news](const Args& args, const socketio::ServerAck&) {
    news.with([&](JsonArray& all) { all.emplace_back(args.values()); });
  });
  space.on_server_event("name", [name](const Args& args, const socketio::ServerAck& ack) {
    ack(socketio::arguments(Json{{"name", name}, {"heard", Json(args.values())}}));
  });
  space.on("news", [&news](Socket&, const Args&, Ack ack) {
    ack(news.with([](JsonArray& all) { return Json(std::exchange(all, {})); }));
  });
  space.on("tell-cluster", [&space](Socket&, const Args& args, Ack ack) {
    space.server_side_emit("news", args);
    ack("told");
  });
  space.on("ask-cluster", [&space](Socket&, const Json& event, const Json& time, Ack ack) {
    space.server_side_emit_with_ack(
        event.as_string(), time_of(time),
        [ack](const socketio::Answers& answers) {
          JsonArray values;
          for (const Args& each : answers.values) values.push_back(each[0]);
          ack(JsonObject{{"answers", std::move(values)}, {"missing", answers.missing}});
        },
        1, "two");
  });
  // Who is there, without the order that "fetch" brings it into, and with what only servers know.
  space.on("census", [&space](Socket&, const Args&, Ack ack) {
    space.all().fetch_sockets([ack](const socketio::RemoteSockets& sockets) {
      JsonArray all;
      for (const auto& each : sockets) {
        all.push_back(JsonObject{{"id", each.id},
                                 {"url", each.handshake.url()},
                                 {"agent", each.handshake.header("x-agent")},
                                 {"address", each.handshake.address()},
                                 {"data", each.data}});
      }
      ack(JsonObject{{"sockets", std::move(all)}, {"missing", sockets.missing_servers}});
    });
  });
}

}  // namespace

int main(int argc, char** argv) {
  const auto address = redis::parse_address(argc == 4 ? argv[2] : "");
  if (!address) {
    std::fprintf(stderr, "usage: cluster_node PORT REDIS_URL NAME\n");
    return 2;
  }
  Guarded<JsonArray> news;
  net::Shards shards;
  socketio::ServerOptions options{.cleanup_empty_child_namespaces = true};
  options.adapter =
      redis::pubsub_adapter({.redis = *address, .requests_timeout = std::chrono::seconds(2)});
  socketio::Server server(shards, options);
  add_features(server);
  add_server_events(server.of("/"), news, argv[3]);

  net::Router router;
  router.add(server.routes());
  const auto port = shards.listen(std::string("127.0.0.1:") + argv[1], std::move(router));
  if (!port) {
    std::fprintf(stderr, "cluster_node: %s\n", port.error().detail.c_str());
    return 1;
  }
  shards.run_until_signal([&server] { server.close(); });
}
