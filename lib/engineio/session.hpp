// One Engine.IO client, whatever carries it today: heartbeat, upgrade, and how it ends. Sans-I/O.
//
//   open --close()--> closing --farewell fetched, or 30 s--> closed      (polling)
//   open --close(), ping timeout, transport gone, bad packet--> closed
//
// UPGRADE (polling to WebSocket). A second transport knocks: the candidate. It sends "2probe" and
// hears "3probe"; while it does, waiting polls are answered with a noop so that the client can stop
// polling; with "5" the candidate becomes the transport and what polling had queued goes out on it
// first, so nothing is lost, doubled or reordered. A candidate that says anything else is closed,
// and the polling session lives on. A session that is closed meanwhile says its last words on
// whichever the client turns to: the next poll, or the candidate.
//
// HEARTBEAT. The server pings `ping_interval` after the last pong; the pong must come within
// `ping_timeout` of the time the ping was due. While it is awaited the first other packet gives it
// `ping_timeout` anew: it may be queued behind something large. Timers run on through an upgrade.
// In revision 3 the client pings, and must do so every `ping_interval` + `ping_timeout`.
//
// One thread: its shard's. Time and timers come from the SessionOwner, so that tests own them.
// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string_view>

#include "base/id.hpp"
#include "base/timer_wheel.hpp"
#include "engineio/dialect.hpp"
#include "engineio/frame.hpp"
#include "engineio/handshake.hpp"
#include "engineio/options.hpp"
#include "engineio/packet.hpp"
#include "engineio/transport.hpp"

namespace coterie::engineio {

class Polling;
class Session;
class WebSocketTransport;

// Who listens to a session: the layer above. Owned by the session.
class SessionHandler {
 public:
  virtual ~SessionHandler() = default;
  // The open packet has been sent: from here on the session takes messages.
  virtual void on_opened() {}
  virtual void on_message(std::string_view message, bool is_binary) = 0;
  // The last call; the session takes nothing from here on. Reasons are worded as the reference's:
  // "transport close", "transport error", "ping timeout", "parse error", "forced close"; and
  // "slow consumer", which the reference has not: it lets what waits for a client grow.
  virtual void on_closed(std::string_view reason) = 0;
};

// Where sessions live: an Engine, or a test.
class SessionOwner {
 public:
  virtual ~SessionOwner() = default;
  virtual const Options& options() const = 0;
  virtual TimePoint now() const = 0;
  virtual TimerWheel& timers() = 0;
  // Calls session.polling()->flush() at the end of this turn, if both still exist.
  virtual void flush_later(Session& session) = 0;
  // The session has ended. Destroys it, and this handler, once no code of theirs is running.
  virtual void remove(Session& session, std::unique_ptr<SessionHandler> handler) = 0;
};

class Session {
 public:
  Session(SessionOwner& owner, Id sid, Handshake handshake, Dialect dialect = {});
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  const Id& sid() const { return sid_; }
  const Handshake& handshake() const { return handshake_; }
  SessionOwner& owner() const { return owner_; }
  std::uint8_t revision() const { return dialect_.revision; }

  // Before anything else: who listens, and what carries the session at first. Sends the open
  // packet.
  void open_polling(std::unique_ptr<SessionHandler> handler);
  void open_websocket(std::unique_ptr<SessionHandler> handler, WebSocketTransport& transport);

  void send(const Frame& frame) {
    if (state_ == State::open) transport_->send(frame);
  }
  // How to make a frame for this client alone.
  Encoding encoding(bool compress = true) const {
    return transport_ && transport_->inflates() ? owner_.options().encoding(compress)
                                                : Encoding{compress};
  }
  bool is_open() const { return state_ == State::open; }
  bool is_writable() const { return state_ == State::open && transport_->is_writable(); }

  // Ends the session after what was sent; on_closed("forced close") comes at once.
  void close();
  // Ends it now, whatever is unsent.
  void end(std::string_view reason);

  // For the engine and the transports:
  Polling* polling() const { return polling_.get(); }  // Null once upgraded.
  bool is_closing() const { return state_ == State::closing; }
  // False: another WebSocket is upgrading already, or has. `candidate` must then close itself.
  bool offer_candidate(WebSocketTransport& candidate);
  void on_packet(const Transport& from, const Packet& packet);
  // `from` carries no longer: with the reason "transport close", "transport error", "parse error".
  void on_transport_gone(const Transport& from, std::string_view reason);
  // The last poll has fetched the farewell.
  void on_farewell_fetched() { finish("forced close"); }

 private:
  enum class State : unsigned char { open, closing, closed };

  void opened(std::unique_ptr<SessionHandler> handler, std::string_view upgrades);
  void on_candidate_packet(const Packet& packet);
  void upgrade();
  void drop_candidate();
  void on_pong();
  void on_ping();
  void await_ping();
  void arm(TimePoint due);
  void on_timer();
  void on_candidate_timeout();
  // The only way to the state closed.
  void finish(std::string_view reason);

  SessionOwner& owner_;  // Fixed after construction
  const Id sid_;
  const Dialect dialect_;
  Handshake handshake_;

  std::unique_ptr<SessionHandler> handler_;  // Only on this shard
  Transport* transport_ = nullptr;
  std::unique_ptr<Polling> polling_;
  WebSocketTransport* candidate_ = nullptr;
  std::unique_ptr<Timer> candidate_timer_;
  Timer timer_;  // Of the next ping, of the client's sign of life, or of the farewell.
  TimePoint due_;
  State state_ = State::open;
  bool awaits_client_ = false;  // Its pong; in revision 3 its ping.
  bool has_grace_ = false;      // Another packet may give the pong more time, once.
  bool is_probed_ = false;      // The candidate has sent its probe: polls are answered at once.
};

}  // namespace coterie::engineio
