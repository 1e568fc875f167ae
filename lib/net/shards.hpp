// All shards of a process: the threads that carry connections, and the listeners that feed them.
//
//   net::Shards shards{{.count = 8}};
//   shards.listen("0.0.0.0:3000", router);
//   shards.listen("0.0.0.0:3443", router, net::TlsFiles{"chain.pem", "key.pem"});
//   shards.run_until_signal();
// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/result.hpp"
#include "net/http_limits.hpp"
#include "net/networks.hpp"
#include "net/router.hpp"
#include "net/shard.hpp"
#include "net/tls.hpp"

namespace coterie::net {

struct HttpService;
class Listener;
class Workers;

// Keeps SIGINT, SIGTERM and SIGHUP from this thread and those it starts from here on, so that
// run_until_signal() gets them. The constructor of Shards calls it; call it yourself before
// starting other threads.
void block_stop_signals();

class Shards {
 public:
  struct Options {
    unsigned count = 0;  // 0: one for each core.
    HttpLimits http = {};
    // Reads response files and feeds request sinks; one of four threads is made when null.
    Workers* files = nullptr;
    const Clock* clock = &system_clock();
    // To write to many connections at once, where the kernel lets us: see net/write_batch.
    bool io_uring = true;
    // Whose X-Forwarded-For and Forwarded are believed: they become Request::remote.
    Networks trusted_proxies = {};
  };

  explicit Shards(Options options);
  Shards();
  ~Shards();  // stop()s.
  Shards(const Shards&) = delete;
  Shards& operator=(const Shards&) = delete;

  // Binds `address` ("0.0.0.0:3000", "[::]:3000", port 0: any free one) and serves `router` there
  // from start() on, over TLS when told with which certificate. Returns the port, or Error
  // "cannot_listen" or "bad_tls_files". Before start() only.
  Result<unsigned short> listen(std::string_view address, Router router,
                                std::optional<TlsFiles> tls = std::nullopt);

  // Reads the certificates of all listeners anew, for connections still to come. Where that fails
  // the old one stays; the first error is returned. Any thread that may wait for files.
  Result<void> reload_tls();
  // Serves `router` to stream sockets that are connected already (and do not block): the door takes
  // each with its peer's address. To be called on the first shard.
  using Door = std::function<void(int fd, std::string peer)>;
  Door door(Router router);

  void start();  // Starts the threads and returns.
  // Closes the listeners: no new connection is accepted. Any thread, any time.
  void stop_listening();
  // Closes every connection and ends the threads. Answers that are on their way have `grace` to
  // arrive; all else is closed at once. Safe to repeat; not from a shard.
  void stop(std::chrono::milliseconds grace = std::chrono::milliseconds(0));

  // start(), wait for SIGINT or SIGTERM, stop(grace). `before_stop` runs between the last two.
  // SIGHUP means reload_tls(); the log says what came of it.
  void run_until_signal(const std::function<void()>& before_stop = {},
                        std::chrono::milliseconds grace = std::chrono::milliseconds(0));

  unsigned size() const { return static_cast<unsigned>(shards_.size()); }
  Shard& operator[](unsigned index) { return *shards_[index]; }
  // Posts fn(shard) to every shard. Any thread.
  void each(const std::function<void(Shard&)>& fn);
  // What was freed goes back to the operating system, after a crowd. Any thread; returns at once.
  void give_memory_back();

 private:
  std::shared_ptr<const HttpService> service_of(Router router) const;
  void on_hangup();

  Options options_;  // Fixed after construction
  std::unique_ptr<Workers> own_files_;
  std::vector<std::unique_ptr<Shard>> shards_;
  std::vector<std::unique_ptr<Listener>> listeners_;
  std::vector<std::shared_ptr<TlsSource>> tls_;  // Of those listeners that have one.
  std::vector<std::thread> threads_;
};

}  // namespace coterie::net
