// SPDX-License-Identifier: MIT
#include "net/shards.hpp"

#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>

#include <algorithm>
#include <atomic>

#include "base/shrink.hpp"
#include "net/connection.hpp"
#include "net/http_connection.hpp"
#include "net/listener.hpp"
#include "net/workers.hpp"

namespace coterie::net {

namespace {

sigset_t stop_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  return signals;
}

}  // namespace

void block_stop_signals() {
  const sigset_t signals = stop_signals();
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

Shards::Shards() : Shards(Options()) {}

Shards::Shards(Options options) : options_(std::move(options)) {
  block_stop_signals();
  if (options_.count == 0) options_.count = std::max(1u, std::thread::hardware_concurrency());
  if (!options_.files) {
    own_files_ = std::make_unique<Workers>(Workers::Options{.name = "files"});
    options_.files = own_files_.get();
  }
  shards_.reserve(options_.count);
  for (unsigned i = 0; i < options_.count; ++i) {
    shards_.push_back(std::make_unique<Shard>(i, shards_, *options_.clock));
    shards_.back()->set_on_exodus([this] { options_.files->run_next([] { trim_heap(); }); });
  }
}

Shards::~Shards() {
  stop();
}

Shards::Door Shards::door(Router router) {
  auto service =
      std::make_shared<const HttpService>(std::move(router), options_.http, options_.files);
  // Connections begin on the listener's shard and move with their first request, when it is known
  // where that belongs: requests of one session keep the order in which they came.
  return [first = shards_[0].get(), service](int fd, std::string peer) {
    auto connection =
        std::make_unique<Connection>(fd, std::move(peer), service->limits.outbox_bytes_max);
    Connection* adopted = first->adopt(std::move(connection));
    adopted->set_protocol(std::make_unique<HttpConnection>(*adopted, service));
  };
}

Result<unsigned short> Shards::listen(std::string_view address, Router router) {
  COTERIE_CHECK(threads_.empty());
  auto listener = Listener::open(address, door(std::move(router)));
  if (!listener) return listener.error();
  const unsigned short port = (*listener)->port();
  listeners_.push_back(std::move(*listener));
  return port;
}

void Shards::start() {
  COTERIE_CHECK(threads_.empty());
  for (auto& listener : listeners_) {
    shards_[0]->post(
        [shard = shards_[0].get(), pollable = listener.get()] { shard->listen_on(*pollable); });
  }
  for (auto& shard : shards_) {
    threads_.emplace_back([raw = shard.get()] {
      ::pthread_setname_np(::pthread_self(), ("shard-" + std::to_string(raw->index())).c_str());
      raw->run();
    });
  }
}

void Shards::stop_listening() {
  shards_[0]->post([this] { listeners_.clear(); });
}

void Shards::stop() {
  if (threads_.empty()) return;
  stop_listening();
  for (auto& shard : shards_) shard->stop();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
  if (own_files_) own_files_->stop();
}

void Shards::run_until_signal(const std::function<void()>& before_stop) {
  const sigset_t signals = stop_signals();
  start();
  int signal = 0;
  ::sigwait(&signals, &signal);
  if (before_stop) before_stop();
  stop();
}

void Shards::each(const std::function<void(Shard&)>& fn) {
  for (auto& shard : shards_) shard->post([fn, raw = shard.get()] { fn(*raw); });
}

}  // namespace coterie::net
