// All sessions of one shard: handshake, look-up, and the only way to remove one.
//
// A request is verified in the reference's order (transport, origin, session, method, version) and
// refused with its codes 0 to 5. The first two characters of a sid name the shard that the session
// lives on, so that any shard can send a request home.
// SPDX-License-Identifier: MIT
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "engineio/options.hpp"
#include "engineio/session.hpp"
#include "net/http.hpp"
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

  Session* find(const Id& sid);
  std::size_t session_count() const { return sessions_.size(); }
  void close_all();

  const Options& options() const override { return options_; }
  TimePoint now() const override;
  TimerWheel& timers() override;
  void flush_later(Session& session) override;
  void remove(Session& session, std::unique_ptr<SessionHandler> handler) override;

 private:
  // The codes of the protocol's error bodies.
  enum class Refusal : unsigned char {
    unknown_transport = 0,
    unknown_session = 1,
    bad_method = 2,
    bad_request = 3,
    forbidden = 4,
    unsupported_version = 5,
  };
  static net::Response refusal(Refusal code);
  static std::string_view message_of(Refusal code);

  // Why the request must be refused; otherwise `session` is the one it names, or null.
  std::optional<Refusal> verify(const net::Request& request, const net::Query& query,
                                bool is_upgrade, Session*& session);
  Id make_sid();
  Session& open_session(const net::Request& request);
  void flush_polls();
  void begin_get(Session& session, const net::Request& request, net::Reply reply);

  net::Shard& shard_;  // Fixed after construction
  const Options& options_;
  const HandlerFactory& make_handler_;

  boost::unordered_flat_map<Id, std::unique_ptr<Session>, Id::Hash> sessions_;  // On this shard
  std::vector<Id> to_flush_;
};

}  // namespace coterie::engineio
