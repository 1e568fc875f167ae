// An Engine.IO server: one engine for each shard, behind one path.
//
// Used by the Socket.IO server above it, or alone by whoever wants messages without packets:
//
//   engineio::Server server(shards, {}, [](engineio::Session& session) { return …handler…; });
//   router.add(server.routes());
// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "engineio/engine.hpp"
#include "engineio/options.hpp"
#include "net/router.hpp"

namespace coterie::net {
class Shards;
}

namespace coterie::engineio {

class Server {
 public:
  // Throws std::invalid_argument, naming the option, for options that make no sense.
  Server(net::Shards& shards, Options options, HandlerFactory make_handler);
  ~Server();

  std::vector<net::Route> routes();

  // Ends every session, whatever is unsent; `reason` is what handlers hear. Any thread.
  void close(std::string_view reason = "forced close");

  const Options& options() const { return options_; }
  const Engine& engine(unsigned shard) const { return *engines_[shard]; }

 private:
  const Options options_;  // Fixed after construction
  const HandlerFactory make_handler_;
  net::Shards& shards_;
  std::vector<std::unique_ptr<Engine>> engines_;  // By shard
};

}  // namespace coterie::engineio
