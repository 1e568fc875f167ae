// HTTP long-polling: the waiting GET, the POST, and the queue between them.
//
//   GET  -> answered with everything queued, or parked until there is something
//   POST -> a payload of packets; answered "ok"
//
// What a turn sends leaves in one answer at its end. A second GET while one is parked breaks the
// protocol and ends the session, and so does a second POST while one is on its way; so do a parked
// GET and a POST whose client goes away.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "engineio/dialect.hpp"
#include "engineio/transport.hpp"
#include "net/content_coding.hpp"
#include "net/http.hpp"
#include "net/http_exchange.hpp"

namespace coterie::engineio {

class Session;

class Polling final : public Transport {
 public:
  Polling(Session& session, Dialect dialect) : session_(session), dialect_(dialect) {}

  void send(const Frame& frame) override;
  bool is_writable() const override { return static_cast<bool>(parked_) && queue_.empty(); }
  bool inflates() const override { return false; }
  void close() override;

  // A poll of the client. `number` of the parked poll: for on_poll_aborted().
  void on_get(net::Reply reply, net::ContentCoding coding = net::ContentCoding::identity);
  std::uint32_t poll_number() const { return poll_number_; }
  void on_poll_aborted(std::uint32_t number);
  // A POST whose body will take its time; then, like any other, on_post().
  void on_post_arriving(net::HttpArrival arrival);
  void on_post(const net::Request& request, net::Reply reply);

  // Answers the parked poll with what is queued, if both are there.
  void flush();

  // While a WebSocket is being probed polls must not wait: they get a noop.
  void set_answers_at_once(bool yes);
  // After the upgrade: lets go of the parked poll and gives up what was not fetched.
  std::vector<Frame> retire();
  // The session closes: tells a poll that waits for nothing; any other fetches the farewell later.
  void say_farewell();
  // The client has said that it leaves: a parked poll is let go with a noop.
  void leave();

 private:
  void answer(std::span<const Frame> frames);
  template <class Reader>
  bool take_packets(Reader reader);

  Session& session_;
  const Dialect dialect_;
  net::Reply parked_;
  net::HttpArrival arriving_;
  std::vector<Frame> queue_;
  std::size_t queue_bytes_ = 0;
  std::uint32_t poll_number_ = 0;
  net::ContentCoding coding_ = net::ContentCoding::identity;  // Of the parked poll.
  bool answers_at_once_ = false;
  bool is_overflowing_ = false;  // The client reads too slowly: the session ends with this turn.
};

}  // namespace coterie::engineio
