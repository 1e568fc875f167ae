// All sessions of one shard: handshake, look-up, and the only way to remove one.
//
// A request is verified in the reference's order (transport, origin, session, method, the
// application's leave, version) and refused with its codes 0 to 5. The first two characters of a
// sid name the shard that the session lives on, so that any shard can send a request home.
// SPDX-License-Identifier: MIT
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engineio/options.hpp"
#include "engineio/refusal.hpp"
#include "engineio/session.hpp"
#include "net/http.hpp"
#include "net/http_exchange.hpp"
#include "net/router.hpp"

namespace coterie::net {
class Shard;
}

namespace coterie::engineio {

// Makes the layer above of a session that has just been opened. Called on its shard.
using HandlerFactory = std::function<std::unique_ptr<SessionHandler>(Session&)>;

class Engine final : public SessionOwner {
 public:
  Engine(net::Shard& shard, const Options& options, const HandlerFactory& make_handler);
  ~Engine() override;

  // On which of `shards` a request's session lives; nullopt: it names none.
  static std::optional<unsigned> home_of(const net::Request& request, unsigned shards);

  void handle(net::Request request, net::Reply reply);
  void upgrade(net::HttpUpgrade upgrade);
  // A request whose body will take its time.
  void on_arriving(const net::Request& request, net::HttpArrival arrival);

  Session* find(const Id& sid);
  std::size_t session_count() const { return sessions_.size(); }
  void close_all(std::string_view reason);

  const Options& options() const override { return options_; }
  TimePoint now() const override;
  TimerWheel& timers() override;
  void flush_later(Session& session) override;
  void remove(Session& session, std::unique_ptr<SessionHandler> handler) override;

 private:
  // Why the request must be refused; otherwise `session` is the one it names, or null.
  std::optional<Refusal> verify(const net::Request& request, const net::Query& query,
                                bool is_upgrade, Session*& session);
  // Asks the application whether a session may be opened; settle(refusal) runs on this shard.
  void ask(const net::Request& request, const Decision::Settle& settle);
  // What a client that opens a session speaks; nullopt: nothing that we do.
  std::optional<Dialect> dialect_of(const net::Query& query) const;

  void handle_first(net::Request request, net::Reply reply);
  void open_polling(const net::Request& request, net::Reply reply);
  void begin_get(Session& session, const net::Request& request, net::Reply reply);
  void accept(net::HttpUpgrade upgrade);
  WebSocketTransport& accept(net::HttpUpgrade& upgrade, Dialect dialect, bool is_initial);
  void open_websocket(const net::Request& request, Dialect dialect, WebSocketTransport& wire);
  // What options add to an answer within a session.
  net::Fields more_fields(const net::Request& request, bool is_initial) const;

  Session& open_session(const net::Request& request, Dialect dialect);
  void flush_polls();

  net::Shard& shard_;  // Fixed after construction
  const Options& options_;
  const HandlerFactory& make_handler_;

  boost::unordered_flat_map<Id, std::unique_ptr<Session>, Id::Hash> sessions_;  // On this shard
  std::vector<Id> to_flush_;
};

}  // namespace coterie::engineio
