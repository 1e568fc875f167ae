// Several servers as one cluster, by publish and subscribe over Redis.
//
//   socketio::ServerOptions options;
//   options.adapter = redis::pubsub_adapter({.redis = {.host = "10.0.0.5"}});
//   socketio::Server server(shards, options);
//
// It speaks the wire format of @socket.io/redis-adapter 8 (redis/classic_wire.hpp), so that servers
// on Node and @socket.io/redis-emitter 5 may be in the same cluster.
//
// A server delivers to its own clients at once, and to those of others by way of Redis, in the
// order in which it has spoken; two servers that speak at the same time may be heard in either
// order. What is said while Redis is away waits, up to a bound; what was on its way when a
// connection broke is lost (at most once). Sessions of connection state recovery wait on the server
// that had them.
//
// THREADS. The bus's thread encodes, decodes and repeats what others say; whoever publishes only
// hands over a copy. Handlers of questions and of server events run on that thread as well: they
// must not block.
// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/random.hpp"
#include "redis/bus_adapter.hpp"
#include "redis/classic_wire.hpp"
#include "redis/redis_bus.hpp"
#include "socketio/recovery.hpp"

namespace coterie::redis {

struct PubSubOptions {
  Address redis = {};
  std::string key = "socket.io";                      // All channels begin with it.
  std::chrono::milliseconds requests_timeout{5'000};  // For answers of other servers.
  socketio::RecoveryOptions recovery = {};            // How long sessions wait, and how many.
  // Called on the adapter's thread when the others are heard from now on: at first, and each time
  // that Redis was away. Clients of this server may have missed what others said before; when
  // `may_have_lost`, clients of others may have missed what this server said.
  std::function<void(bool may_have_lost)> on_hearing = {};
  BusLimits limits = {};
};

std::shared_ptr<socketio::Adapter> pubsub_adapter(PubSubOptions options);

class PubSubAdapter final : public BusAdapter {
 public:
  // start() follows. `options.redis` and `options.limits` are the bus's.
  PubSubAdapter(std::unique_ptr<Bus> bus, PubSubOptions options, Random& random = system_random(),
                const Clock& clock = system_clock());
  ~PubSubAdapter() override;
  void start();

  void open(const std::shared_ptr<socketio::Namespace>& space) override;
  void close(const std::string& nsp) override;
  void publish(const std::string& nsp, const socketio::Envelope& envelope, std::string_view event,
               const socketio::Arguments& arguments) override;

  void save(socketio::SavedSession session) override { sessions_.save(std::move(session)); }
  void take(const Id& pid, const std::string& nsp, const socketio::Asker&,
            std::function<void(std::optional<socketio::SavedSession>)> taken) override {
    taken(sessions_.take(pid, nsp));
  }
  std::size_t sweep() override { return sessions_.trim(); }

  // Questions that wait for answers, our own and those of others to our clients. On the bus's
  // thread.
  std::size_t open_questions() const { return questions_.size() + serving_.relayed(); }

 private:
  // One namespace.
  struct Space {
    Space(const std::string& key, const std::string& name, const std::string& uid,
          std::weak_ptr<socketio::Namespace> its_space)
        : nsp(name), channels(key, name, uid), space(std::move(its_space)) {}
    const std::string nsp;
    const Channels channels;
    const std::weak_ptr<socketio::Namespace> space;
  };
  using SharedSpace = std::shared_ptr<const Space>;

  std::string requests_channel(const std::string& nsp) const override {
    return channels(nsp).requests;
  }
  std::string answers_channel(const std::string& nsp, const Request& request) const override;
  std::string encode(const std::string& nsp, const Request& request) const override;
  std::string encode(const std::string& nsp, const Request& request,
                     const Answer& answer) const override;
  Channels channels(const std::string& nsp) const { return Channels(options_.key, nsp, uid_); }

  void on_message(std::string_view subscription, std::string_view message);
  void on_broadcast(const Space& space, std::string_view message);
  void on_request(const Space& space, std::string_view message);
  void on_response(std::string_view message);

  const PubSubOptions options_;       // Fixed after construction
  const std::string own_head_;        // How what it has said begins
  socketio::SavedSessions sessions_;  // Any thread

  std::unordered_map<std::string, SharedSpace> spaces_;  // Only on the bus's thread
  enum class Kind : unsigned char { broadcasts, requests, responses };
  struct Route {
    Kind kind;
    SharedSpace space;
  };
  std::unordered_map<std::string, Route> routes_;  // By subscription
};

}  // namespace coterie::redis
