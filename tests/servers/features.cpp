// A server with all features.
//
//   features PORT [recovery MILLISECONDS]
// SPDX-License-Identifier: MIT
#include <chrono>
#include <cstdio>
#include <string>

#include "feature_handlers.hpp"
#include "net/shards.hpp"
#include "socketio/server.hpp"

namespace net = coterie::net;
namespace socketio = coterie::socketio;

int main(int argc, char** argv) {
  if (argc != 2 && argc != 4) {
    std::fprintf(stderr, "usage: features PORT [recovery MILLISECONDS]\n");
    return 2;
  }
  net::Shards shards;
  socketio::ServerOptions options{.cleanup_empty_child_namespaces = true};
  if (argc == 4) {
    options.recovery = {.max_disconnection = std::chrono::milliseconds(std::stoi(argv[3]))};
  }
  socketio::Server server(shards, options);
  add_features(server);

  net::Router router;
  router.add(server.routes());
  const auto port = shards.listen(std::string("127.0.0.1:") + argv[1], std::move(router));
  if (!port) {
    std::fprintf(stderr, "features: %s\n", port.error().detail.c_str());
    return 1;
  }
  shards.run_until_signal([&server] { server.close(); });
}
