// A namespace: the handlers its sockets share, and the way to all of them on every shard.
//
// Handlers are registered before the server starts and never change afterwards; they run on the
// shard of the socket they are given. emit(), to() and their kin may be called from any thread.
// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/random.hpp"
#include "engineio/frame.hpp"
#include "socketio/broadcast.hpp"
#include "socketio/handlers.hpp"

namespace coterie::net {
class Shards;
}

namespace coterie::socketio {

class Adapter;
class Hub;
struct Envelope;

// Why a client may not join: the client's connect_error gets the message and, if any, the data.
struct ConnectError {
  std::string message;
  std::optional<Json> data;
};

// Continues a connection after a middleware: next() lets it in, next(ConnectError{…}) refuses it.
// Any thread; the first call counts. A connection whose Next is lost waits for its timeout.
class Next {
 public:
  using Continue = std::function<void(std::optional<ConnectError>)>;
  explicit Next(Continue resume) : once_(std::make_shared<Once>(std::move(resume))) {}

  void operator()() const { call(std::nullopt); }
  void operator()(ConnectError error) const { call(std::move(error)); }

 private:
  struct Once {
    explicit Once(Continue continuation) : resume(std::move(continuation)) {}
    Continue resume;
    std::atomic<bool> is_used = false;
  };
  void call(std::optional<ConnectError> error) const {
    if (!once_->is_used.exchange(true)) once_->resume(std::move(error));
  }

  std::shared_ptr<Once> once_;
};

using Middleware = std::function<void(Socket&, Next)>;

class Namespace {
 public:
  // `encoding` of what is emitted to many; what it points to must outlive the namespace.
  Namespace(std::string name, net::Shards& shards, Adapter& adapter, Random& random,
            engineio::Encoding encoding = {});
  ~Namespace();
  Namespace(const Namespace&) = delete;
  Namespace& operator=(const Namespace&) = delete;

  const std::string& name() const { return name_; }

  // Middlewares see a socket before it is connected, in the order they were added; they may wait.
  // In one, a socket may already join rooms, but hears nothing until it is connected.
  Namespace& use(Middleware middleware);
  // After the client has been told that it is connected.
  Namespace& on_connect(ConnectHandler handler);
  Namespace& on_disconnect(DisconnectHandler handler);
  // For this event of every socket: costs nothing per socket. Handlers of the socket run after it.
  template <class F>
  Namespace& on(std::string event, F handler) {
    return add_handler(std::move(event), event_handler(std::move(handler)));
  }

  BroadcastOperator to(std::string room);
  BroadcastOperator in(std::string room) { return to(std::move(room)); }
  BroadcastOperator except(std::string room);
  BroadcastOperator all();
  template <class... Values>
  void emit(std::string_view event, const Values&... values) {
    all().emit(event, values...);
  }

  // How many sockets are connected on this node, now. Any thread.
  std::size_t socket_count() const;

 private:
  friend class BroadcastOperator;
  friend class Client;
  friend class Hub;
  friend class Server;
  friend class Socket;

  using Handlers = std::unordered_multimap<std::string, EventHandler>;
  Namespace& add_handler(std::string event, EventHandler handler);
  // Delivers on every shard of this node and hands it to the adapter. Any thread.
  void publish(std::shared_ptr<const Envelope> envelope);
  Hub& hub(unsigned shard) { return *hubs_[shard]; }
  using Inbox = std::vector<std::shared_ptr<const Envelope>>;
  void take(Inbox& inbox, Inbox& empty);  // Swaps a hub's inbox, under the order lock.

  const std::string name_;  // Fixed after construction
  net::Shards& shards_;
  Adapter& adapter_;
  Random& random_;
  const engineio::Encoding encoding_;
  std::vector<std::unique_ptr<Hub>> hubs_;  // One for each shard

  // Guards every hub's inbox. Held while an envelope is put into all: shards see one order.
  std::mutex order_;

  std::vector<Middleware> middlewares_;  // Fixed once the shards run
  std::vector<ConnectHandler> connect_handlers_;
  std::vector<DisconnectHandler> disconnect_handlers_;
  Handlers handlers_;
};

}  // namespace coterie::socketio
