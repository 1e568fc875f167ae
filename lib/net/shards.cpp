// SPDX-License-Identifier: MIT
#include "net/shards.hpp"

#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>

#include <algorithm>
#include <atomic>

#include "base/log.hpp"
#include "base/shrink.hpp"
#include "net/connection.hpp"
#include "net/http_connection.hpp"
#include "net/listener.hpp"
#include "net/supervisor.hpp"
#include "net/workers.hpp"

namespace coterie::net {

namespace {

sigset_t awaited_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGHUP);
  return signals;
}

using Service = std::shared_ptr<const HttpService>;

void settle(Shard& shard, std::unique_ptr<Connection> connection, const Service& service) {
  Connection* settled = shard.adopt(std::move(connection));
  settled->set_protocol(std::make_unique<HttpConnection>(*settled, service));
}

// Connections begin on the listener's shard and move with their first request, when it is known
// where that belongs: requests of one session keep the order in which they came.
//
// A listener for each shard (SO_REUSEPORT) was measured and is not worth it: a connect takes 37 µs
// either way, so that moving costs nothing to speak of. It would let the kernel's hash deal them
// out, unevenly; a second server could take the same address without an error; and a socket that
// systemd hands over cannot do it.
Listener::Accepted serve_plain(Shard& first, const Service& service) {
  return [&first, service](int fd, std::string peer) {
    settle(first,
           std::make_unique<Connection>(fd, std::move(peer), service->limits.outbox_bytes_max),
           service);
  };
}

// Handshakes take a hundred times the work of a request: no shard shall have them all.
Listener::Accepted serve_tls(Shard& first, const Service& service,
                             const std::shared_ptr<TlsSource>& source) {
  return [&first, service, source](int fd, std::string peer) {
    Shard& shard = first.sibling(service->dealt++ % first.family_size());
    auto connection =
        std::make_unique<Connection>(fd, std::move(peer), service->limits.outbox_bytes_max,
                                     std::make_unique<TlsStream>(source->current()));
    shard.post([&shard, service, connection = std::move(connection)]() mutable {
      settle(shard, std::move(connection), service);
    });
  };
}

// The next of our signals; 0 when `patience` is over.
int await_signal(std::optional<std::chrono::microseconds> patience) {
  const sigset_t signals = awaited_signals();
  int signal = 0;
  if (!patience) return ::sigwait(&signals, &signal) == 0 ? signal : SIGTERM;
  const auto seconds = std::chrono::floor<std::chrono::seconds>(*patience);
  const timespec time{seconds.count(), std::chrono::nanoseconds(*patience - seconds).count()};
  signal = ::sigtimedwait(&signals, nullptr, &time);
  return signal > 0 ? signal : 0;  // Debuggers interrupt, too.
}

// Which loops have turned since they were called: a watchdog is fed by all of them together.
class Roll {
 public:
  explicit Roll(Shards& shards) : shards_(shards) {}

  bool is_complete() const { return *missing_ == 0; }
  void call() {
    *missing_ = shards_.size();
    shards_.each([missing = missing_](Shard&) { --*missing; });
  }

 private:
  Shards& shards_;
  const std::shared_ptr<std::atomic<unsigned>> missing_ =
      std::make_shared<std::atomic<unsigned>>(0);
};

}  // namespace

void block_stop_signals() {
  const sigset_t signals = awaited_signals();
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
    shards_.push_back(std::make_unique<Shard>(i, shards_, *options_.clock, options_.io_uring));
    shards_.back()->set_on_exodus([this] { give_memory_back(); });
  }
}

Shards::~Shards() {
  stop();
}

std::shared_ptr<const HttpService> Shards::service_of(Router router) const {
  return std::make_shared<const HttpService>(std::move(router), options_.http, options_.files,
                                             options_.trusted_proxies);
}

Shards::Door Shards::door(Router router) {
  return serve_plain(*shards_[0], service_of(std::move(router)));
}

Result<unsigned short> Shards::listen(std::string_view address, Router router,
                                      std::optional<TlsFiles> tls) {
  COTERIE_CHECK(threads_.empty());
  std::shared_ptr<TlsSource> source;
  if (tls) {
    auto opened = TlsSource::open(std::move(*tls));
    if (!opened) return opened.error();
    source = std::move(*opened);
  }
  const auto service = service_of(std::move(router));
  auto listener = Listener::open(address, source ? serve_tls(*shards_[0], service, source)
                                                 : serve_plain(*shards_[0], service));
  if (!listener) return listener.error();
  const unsigned short port = (*listener)->port();
  listeners_.push_back(std::move(*listener));
  if (source) tls_.push_back(std::move(source));
  return port;
}

Result<void> Shards::reload_tls() {
  Result<void> outcome;
  for (const auto& source : tls_) {
    const auto reloaded = source->reload();
    if (outcome && !reloaded) outcome = reloaded;
  }
  return outcome;
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

void Shards::stop(std::chrono::milliseconds grace) {
  if (threads_.empty()) return;
  stop_listening();
  for (auto& shard : shards_) shard->stop(grace);
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
  if (own_files_) own_files_->stop();
}

void Shards::run_until_signal(const std::function<void()>& before_stop,
                              std::chrono::milliseconds grace) {
  const Supervisor supervisor;
  start();
  supervisor.tell("READY=1");
  Roll roll(*this);
  for (int signal = 0; signal == 0 || signal == SIGHUP;) {
    if (supervisor.watchdog_interval() && roll.is_complete()) {
      supervisor.tell("WATCHDOG=1");
      roll.call();
    }
    signal = await_signal(supervisor.watchdog_interval());
    if (signal != SIGHUP) continue;
    supervisor.tell_reloading();
    on_hangup();
    supervisor.tell("READY=1");
  }
  supervisor.tell("STOPPING=1");
  if (before_stop) before_stop();
  stop(grace);
}

void Shards::on_hangup() {
  if (tls_.empty()) return log::info("SIGHUP: there is no certificate to reload");
  if (const auto reloaded = reload_tls(); !reloaded) {
    return log::error("SIGHUP: the old certificate stays: {}", reloaded.error().detail);
  }
  log::info("SIGHUP: new connections get the certificate as it is in its file now");
}

void Shards::each(const std::function<void(Shard&)>& fn) {
  for (auto& shard : shards_) shard->post([fn, raw = shard.get()] { fn(*raw); });
}

void Shards::give_memory_back() {
  options_.files->run_next([] { trim_heap(); });
}

}  // namespace coterie::net
