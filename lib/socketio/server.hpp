// The front door of the library: namespaces by name, and the routes that carry them.
//
//   net::Shards shards{{.count = 8}};
//   socketio::Server server{shards, {.ping_interval = 25s}};
//   server.of("/").on_connect([](socketio::Socket& socket) { … });
//   net::Router router;
//   router.add(server.routes());
//   shards.listen("0.0.0.0:3000", std::move(router));
//   shards.run_until_signal();
//
// The Shards must outlive the Server, which must outlive their running: stop the shards first.
// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "net/router.hpp"
#include "socketio/limits.hpp"
#include "socketio/namespace.hpp"

namespace coterie::engineio {
class Server;
}

namespace coterie::socketio {

struct ServerOptions {
  std::string path = "/socket.io/";
  std::chrono::milliseconds ping_interval{25'000};
  std::chrono::milliseconds ping_timeout{20'000};
  std::chrono::milliseconds upgrade_timeout{10'000};
  std::chrono::milliseconds connect_timeout{45'000};  // To join a first namespace.
  std::size_t max_payload = 1'000'000;                // Bytes of one message, on every transport.
  Limits limits = {};
  const Clock* clock = &system_clock();
  Random* random = &system_random();
};

class Server {
 public:
  Server(net::Shards& shards, ServerOptions options);
  explicit Server(net::Shards& shards);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // The namespace of that name ("/" or "/admin"), made at the first call. Before the shards run.
  Namespace& of(std::string_view name);

  // To be added to the router that the shards serve.
  std::vector<net::Route> routes();

  // What lives on one shard, all namespaces together. To be asked on that shard.
  struct Population {
    std::size_t sessions = 0;
    std::size_t sockets = 0;
    std::size_t rooms = 0;
  };
  Population population(unsigned shard) const;

  // Tells every client that the server is leaving and closes its session. Any thread.
  void close();

 private:
  friend class Client;
  Namespace* find(std::string_view name);

  const ServerOptions options_;  // Fixed after construction
  net::Shards& shards_;
  std::unique_ptr<Adapter> adapter_;
  std::map<std::string, std::unique_ptr<Namespace>, std::less<>> namespaces_;
  std::unique_ptr<engineio::Server> engine_;
};

}  // namespace coterie::socketio
