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
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "base/timer_wheel.hpp"
#include "engineio/options.hpp"
#include "net/deflate.hpp"
#include "net/router.hpp"
#include "socketio/limits.hpp"
#include "socketio/namespace.hpp"
#include "socketio/namespaces.hpp"
#include "socketio/recovery.hpp"

namespace coterie::engineio {
class Server;
}

namespace coterie::socketio {

using engineio::AllowRequest;
using engineio::Cookie;
using engineio::Cors;
using engineio::CorsOrigin;
using engineio::Decision;
using engineio::HeadersHook;
using engineio::SameSite;
using engineio::Transports;

// What engineio::Options says more about has its name there.
struct ServerOptions {
  std::string path = "/socket.io/";
  bool add_trailing_slash = true;  // False: "/socket.io" with anything behind it is ours, too.
  Transports transports = {};
  bool allow_upgrades = true;
  bool allow_eio3 = false;  // Serve socket.io-client 1 and 2, too.
  std::chrono::milliseconds ping_interval{25'000};
  std::chrono::milliseconds ping_timeout{20'000};
  std::chrono::milliseconds upgrade_timeout{10'000};
  std::chrono::milliseconds connect_timeout{45'000};  // To join a first namespace.
  std::size_t max_payload = 1'000'000;                // Bytes of one message, on every transport.
  std::optional<net::PerMessageDeflate> per_message_deflate = {};  // On WebSocket; nullopt: none.
  bool http_compression = true;                   // Of what a poll is answered, from
  std::size_t http_compression_threshold = 1024;  // so many bytes on.
  std::optional<Cookie> cookie = {};
  std::optional<Cors> cors = {};
  AllowRequest allow_request = {};
  HeadersHook on_initial_headers = {};
  HeadersHook on_headers = {};
  std::optional<RecoveryOptions> recovery = {};  // Off: who was away begins anew.
  bool cleanup_empty_child_namespaces = false;   // A child goes with its last socket.
  Limits limits = {};
  // How this server and others of a cluster hear each other; a cluster of one when null.
  std::shared_ptr<Adapter> adapter = nullptr;
  const Clock* clock = &system_clock();
  Random* random = &system_random();
};

class Server {
 public:
  // Throws std::invalid_argument, naming the option, for options that make no sense.
  Server(net::Shards& shards, ServerOptions options);
  explicit Server(net::Shards& shards);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // The namespace of that name ("/" or "/admin"), made at the first call. Before the shards run.
  Namespace& of(std::string_view name) { return namespaces_.of(name); }
  // Namespaces that are made when a client asks for them: what is registered here is registered
  // for each. Names tried in the order of these calls, after those of of(). Before the shards run.
  ParentNamespace& of_matching(NamespaceMatch match);
  // The same for names that match, as a whole, an ECMAScript regular expression.
  ParentNamespace& of_pattern(const std::string& pattern);
  // Called when a child is made, on the shard of the client that has asked for it and before anyone
  // is in it: more may be registered for this child. Must not block.
  void on_new_namespace(std::function<void(Namespace&)> handler);

  // To be added to the router that the shards serve.
  std::vector<net::Route> routes();

  // What lives on one shard, all namespaces together. To be asked on that shard.
  struct Population {
    std::size_t sessions = 0;
    std::size_t sockets = 0;
    std::size_t rooms = 0;
  };
  Population population(unsigned shard) const;

  // Tells every client that the server is leaving and closes its session: its sockets end with
  // "server shutting down". Any thread.
  void close();

 private:
  friend class Client;
  void arm_sweep();
  void sweep();

  const ServerOptions options_;  // Fixed after construction
  net::Shards& shards_;
  const std::shared_ptr<Adapter> adapter_;
  Namespaces namespaces_;
  std::unique_ptr<engineio::Server> engine_;
  Timer sweep_timer_;  // On the first shard.
};

}  // namespace coterie::socketio
