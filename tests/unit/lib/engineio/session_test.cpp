// SPDX-License-Identifier: MIT
#include "engineio/session.hpp"

#include <gtest/gtest.h>

#include <string>

#include "base/json.hpp"
#include "support/manual_sessions.hpp"

namespace coterie::engineio {
namespace {

using std::chrono::milliseconds;
using test::Answer;
using test::Heard;
using test::ManualSessions;
using test::PollingClient;
using test::text_of;

// Sessions with the timings of the protocol's own tests.
struct Fixture {
  Fixture() {
    owner.engine_options.ping_interval = milliseconds(300);
    owner.engine_options.ping_timeout = milliseconds(200);
  }
  ManualSessions owner;
};

// A client that has fetched the open packet.
struct Opened : Fixture {
  Opened() { EXPECT_EQ(text_of(client.get()).substr(0, 5), "200 0"); }
  PollingClient client{owner};
};

TEST(Session, opens_with_exactly_what_the_protocol_wants) {
  Fixture f;
  PollingClient client(f.owner);
  const Answer answer = client.get();
  ASSERT_TRUE(*answer);
  EXPECT_EQ((*answer)->fields.get("Content-Type"), "text/plain; charset=UTF-8");
  EXPECT_EQ((*answer)->fields.get("Cache-Control"), "no-store");
  ASSERT_EQ((*answer)->body.front(), '0');
  const std::string sid(client.session.sid().view());
  EXPECT_EQ((*answer)->body.substr(1),
            R"({"sid":")" + sid +
                R"(","upgrades":["websocket"],"pingInterval":300,"pingTimeout":200,)" +
                R"("maxPayload":1000000})");
  EXPECT_EQ(sid.size(), 20u);
}

TEST(Session, sends_what_comes_within_a_turn_in_one_answer) {
  Opened f;
  const Answer poll = f.client.get();
  f.client.send("a");
  f.client.session.send(Frame::binary("\x01\x02\x03\x04"));
  f.client.send("b");
  EXPECT_EQ(text_of(poll), "waiting");
  f.owner.end_turn();
  EXPECT_EQ(text_of(poll),
            "200 4a\x1E"
            "bAQIDBA==\x1E"
            "4b");
}

TEST(Session, keeps_what_it_sends_until_the_client_polls) {
  Opened f;
  f.client.send("a");
  f.owner.end_turn();
  f.client.send("b");
  f.owner.end_turn();
  EXPECT_EQ(text_of(f.client.get()),
            "200 4a\x1E"
            "4b");
  EXPECT_EQ(text_of(f.client.get()), "waiting");
}

TEST(Session, hands_messages_on_in_their_order) {
  Opened f;
  const Answer answer = f.client.post(
      "4a\x1E"
      "bAQID\x1E"
      "4");
  EXPECT_EQ(text_of(answer), "200 ok");
  EXPECT_EQ((*answer)->fields.get("Content-Type"), "text/html");
  EXPECT_EQ(*f.client.heard, (Heard{"text:a", "binary:\x01\x02\x03", "text:"}));
}

TEST(Session, is_writable_while_a_poll_waits_for_nothing_else) {
  Opened f;
  EXPECT_FALSE(f.client.session.is_writable());
  f.client.get();
  EXPECT_TRUE(f.client.session.is_writable());
  f.client.send("a");
  EXPECT_FALSE(f.client.session.is_writable());
}

// -- heartbeat --

TEST(Session, pings_when_the_interval_has_passed) {
  Opened f;
  const Answer poll = f.client.get();
  f.owner.pass(milliseconds(299));
  EXPECT_EQ(text_of(poll), "waiting");
  f.owner.pass(milliseconds(1));
  EXPECT_EQ(text_of(poll), "200 2");
}

TEST(Session, pings_again_an_interval_behind_each_pong) {
  Opened f;
  Answer poll = f.client.get();
  for (int i = 0; i < 5; ++i) {
    f.owner.pass(milliseconds(300));
    ASSERT_EQ(text_of(poll), "200 2");
    poll = f.client.get();
    f.owner.pass(milliseconds(150));
    EXPECT_EQ(text_of(f.client.post("3")), "200 ok");
  }
  EXPECT_EQ(*f.client.heard, Heard{});
}

TEST(Session, ends_when_the_pong_is_late) {
  Opened f;
  const Answer ping = f.client.get();
  f.owner.pass(milliseconds(300));
  EXPECT_EQ(text_of(ping), "200 2");
  const Answer poll = f.client.get();
  f.owner.pass(milliseconds(199));
  EXPECT_TRUE(f.client.lives());
  f.owner.pass(milliseconds(1));
  EXPECT_FALSE(f.client.lives());
  EXPECT_EQ(*f.client.heard, Heard{"closed:ping timeout"});
  EXPECT_EQ(text_of(poll), "200 1");
}

TEST(Session, counts_the_wait_for_a_pong_from_when_the_ping_was_due) {
  Opened f;
  f.client.get();
  // A busy loop comes to the ping 150 ms late.
  f.owner.jump(milliseconds(450));
  EXPECT_TRUE(f.client.lives());
  f.owner.pass(milliseconds(49));
  EXPECT_TRUE(f.client.lives());
  f.owner.pass(milliseconds(1));
  EXPECT_FALSE(f.client.lives());
}

TEST(Session, ends_when_nobody_polls) {
  Opened f;
  f.owner.pass(milliseconds(500));
  EXPECT_FALSE(f.client.lives());
  EXPECT_EQ(*f.client.heard, Heard{"closed:ping timeout"});
}

TEST(Session, ends_when_the_client_pings) {
  Opened f;
  f.client.post("2");
  EXPECT_EQ(*f.client.heard, Heard{"closed:transport error"});
  EXPECT_FALSE(f.client.lives());
}

TEST(Session, ignores_packets_that_mean_nothing_now) {
  Opened f;
  EXPECT_EQ(text_of(f.client.post("0\x1E"
                                  "5\x1E"
                                  "6\x1E"
                                  "3\x1E"
                                  "4a")),
            "200 ok");
  EXPECT_EQ(*f.client.heard, Heard{"text:a"});
}

TEST(Session, gives_a_pong_more_time_once_when_something_else_comes) {
  Opened f;
  f.owner.pass(milliseconds(300));
  f.client.get();  // The ping.
  f.owner.pass(milliseconds(150));
  f.client.post("4a");
  f.owner.pass(milliseconds(150));
  EXPECT_TRUE(f.client.lives());
  f.client.post("4b");
  f.owner.pass(milliseconds(49));
  EXPECT_TRUE(f.client.lives());
  f.owner.pass(milliseconds(1));
  EXPECT_FALSE(f.client.lives());
  EXPECT_EQ(f.client.heard->back(), "closed:ping timeout");
}

TEST(Session, gives_every_pong_that_time) {
  Opened f;
  for (int i = 0; i < 3; ++i) {
    f.owner.pass(milliseconds(300));
    f.client.get();
    f.owner.pass(milliseconds(150));
    f.client.post("4a");
    f.owner.pass(milliseconds(150));
    f.client.post("3");
    ASSERT_TRUE(f.client.lives());
  }
}

// -- what it offers --

TEST(Session, offers_no_upgrade_that_would_be_refused) {
  for (const bool is_websocket_off : {false, true}) {
    Fixture f;
    f.owner.engine_options.allow_upgrades = is_websocket_off;
    f.owner.engine_options.transports.websocket = !is_websocket_off;
    PollingClient client(f.owner);
    EXPECT_NE(text_of(client.get()).find(R"("upgrades":[],)"), std::string::npos);
  }
}

// -- revision 3 --

struct OldOpened : Fixture {
  explicit OldOpened(bool is_base64 = false) : client(owner, Dialect{3, is_base64}) {
    EXPECT_NE(text_of(client.get()).find(":0{\"sid\":"), std::string::npos);
  }
  PollingClient client;
};

TEST(Session, of_revision_3_takes_and_writes_payloads_with_lengths) {
  OldOpened f;
  const Answer poll = f.client.get();
  EXPECT_EQ(text_of(f.client.post("2:4a2:4€6:b4AQID")), "200 ok");
  EXPECT_EQ(*f.client.heard, (Heard{"text:a", "text:€", "binary:\x01\x02\x03"}));
  f.client.send("a");
  f.client.send("€");
  f.owner.end_turn();
  EXPECT_EQ(text_of(poll), "200 2:4a2:4€");
}

TEST(Session, of_revision_3_sends_binary_as_bytes_unless_asked_for_base64) {
  OldOpened f;
  const Answer bytes = f.client.get();
  f.client.session.send(Frame::binary("\x01"));
  f.owner.end_turn();
  EXPECT_EQ((*bytes)->fields.get("Content-Type"), "application/octet-stream");
  EXPECT_EQ(text_of(bytes), "200 \x01\x02\xFF\x04\x01");
  OldOpened g(true);
  const Answer base64 = g.client.get();
  g.client.session.send(Frame::binary("\x01"));
  g.owner.end_turn();
  EXPECT_EQ((*base64)->fields.get("Content-Type"), "text/plain; charset=UTF-8");
  EXPECT_EQ(text_of(base64), "200 6:b4AQ==");
}

TEST(Session, of_revision_3_takes_a_payload_of_bytes) {
  OldOpened f;
  const std::string body(
      "\0\2\xFF"
      "4a\1\2\xFF\4\7",
      10);
  EXPECT_EQ(text_of(f.client.post(body, "application/octet-stream")), "200 ok");
  EXPECT_EQ(*f.client.heard, (Heard{"text:a", "binary:\x07"}));
  EXPECT_EQ(text_of(f.client.post("2:4a", "application/octet-stream")), "400 ");
  EXPECT_EQ(f.client.heard->back(), "closed:parse error");
}

TEST(Session, of_revision_3_is_pinged_by_its_client) {
  OldOpened f;
  for (int i = 0; i < 3; ++i) {
    const Answer poll = f.client.get();
    f.owner.pass(milliseconds(499));
    EXPECT_EQ(text_of(poll), "waiting");
    f.client.post("1:2");
    EXPECT_EQ(text_of(poll), "200 1:3");
  }
  f.owner.pass(milliseconds(499));
  f.client.post("2:4a");  // Only a ping counts.
  EXPECT_TRUE(f.client.lives());
  f.owner.pass(milliseconds(1));
  EXPECT_FALSE(f.client.lives());
  EXPECT_EQ(f.client.heard->back(), "closed:ping timeout");
}

TEST(Session, of_revision_3_ends_at_a_pong) {
  OldOpened f;
  f.client.post("1:3");
  EXPECT_EQ(*f.client.heard, Heard{"closed:transport error"});
}

TEST(Session, of_revision_3_ends_in_its_own_words) {
  OldOpened f;
  f.client.session.close();
  f.owner.end_turn();
  EXPECT_EQ(text_of(f.client.get()), "200 1:61:1");
  OldOpened g;
  const Answer poll = g.client.get();
  g.client.post("1:1");
  EXPECT_EQ(text_of(poll), "200 1:6");
  EXPECT_EQ(*g.client.heard, Heard{"closed:transport close"});
}

// -- what breaks the protocol --

TEST(Session, ends_at_a_payload_that_cannot_be_read) {
  for (const char* body : {"abc", "", "4a\x1E", "b%", "4\xFF", "4\xE6\xBC"}) {
    Opened f;
    EXPECT_EQ(text_of(f.client.post(body)), "400 ") << body;
    EXPECT_FALSE(f.client.lives());
    EXPECT_EQ(f.client.heard->back(), "closed:parse error") << body;
  }
}

TEST(Session, hands_on_what_stands_before_a_parse_error_and_nothing_behind_it) {
  Opened f;
  f.client.post(
      "4a\x1E"
      "x\x1E"
      "4b");
  EXPECT_EQ(*f.client.heard, (Heard{"text:a", "closed:parse error"}));
}

TEST(Session, ends_at_a_post_of_an_old_binary_payload) {
  Opened f;
  EXPECT_EQ(text_of(f.client.post("4a", "application/octet-stream")), "400 ");
  EXPECT_EQ(*f.client.heard, Heard{"closed:transport error"});
}

TEST(Session, ends_at_a_second_poll) {
  Opened f;
  const Answer first = f.client.get();
  const Answer second = f.client.get();
  EXPECT_EQ(text_of(first), "200 1");
  EXPECT_EQ(text_of(second), "400 ");
  EXPECT_EQ(*f.client.heard, Heard{"closed:transport error"});
  EXPECT_FALSE(f.client.lives());
}

TEST(Session, ends_when_a_waiting_client_goes_away) {
  Opened f;
  f.client.get();
  f.client.abort_poll();
  EXPECT_EQ(*f.client.heard, Heard{"closed:transport error"});
  EXPECT_FALSE(f.client.lives());
}

TEST(Session, does_not_mind_when_the_client_of_an_answered_poll_goes_away) {
  Opened f;
  const Answer first = f.client.get();
  const std::uint32_t number = f.client.session.polling()->poll_number();
  f.client.send("a");
  f.owner.end_turn();
  EXPECT_EQ(text_of(first), "200 4a");
  f.client.session.polling()->on_poll_aborted(number);
  EXPECT_TRUE(f.client.lives());
  f.client.get();
  f.client.session.polling()->on_poll_aborted(number);
  EXPECT_TRUE(f.client.lives());
}

TEST(Session, ends_when_more_is_queued_than_a_client_may_leave) {
  Opened f;
  f.owner.engine_options.queue_bytes_max = 1500;
  for (int i = 0; i < 9; ++i) f.client.send(std::string(100, 'x'));
  f.owner.end_turn();
  EXPECT_TRUE(f.client.lives());
  f.client.send(std::string(100, 'x'));
  f.client.send("y");
  EXPECT_TRUE(f.client.lives());  // Whoever sends may be walking through a room.
  f.owner.end_turn();
  EXPECT_FALSE(f.client.lives());
  EXPECT_EQ(*f.client.heard, Heard{"closed:slow consumer"});
}

TEST(Session, counts_what_small_messages_cost_beside_their_bytes) {
  Opened f;
  f.owner.engine_options.queue_bytes_max = 10'000;
  for (int i = 0; i < 100; ++i) f.client.send("x");
  f.owner.end_turn();
  EXPECT_TRUE(f.client.lives());
  for (int i = 0; i < 200; ++i) f.client.send("x");
  f.owner.end_turn();
  EXPECT_FALSE(f.client.lives());
}

// -- closing --

TEST(Session, ends_when_the_client_says_so) {
  Opened f;
  const Answer poll = f.client.get();
  EXPECT_EQ(text_of(f.client.post("4a\x1E"
                                  "1\x1E"
                                  "4b")),
            "200 ok");
  EXPECT_EQ(text_of(poll), "200 6");
  EXPECT_EQ(*f.client.heard, (Heard{"text:a", "closed:transport close"}));
  EXPECT_FALSE(f.client.lives());
}

TEST(Session, tells_a_waiting_poll_that_it_closes) {
  Opened f;
  const Answer poll = f.client.get();
  f.client.session.close();
  EXPECT_EQ(*f.client.heard, Heard{"closed:forced close"});
  f.owner.end_turn();
  EXPECT_EQ(text_of(poll), "200 1");
  EXPECT_FALSE(f.client.lives());
}

TEST(Session, keeps_its_farewell_for_the_next_poll) {
  Opened f;
  f.client.session.close();
  f.owner.end_turn();
  EXPECT_EQ(*f.client.heard, Heard{"closed:forced close"});
  EXPECT_TRUE(f.client.lives());
  EXPECT_EQ(text_of(f.client.get()),
            "200 6\x1E"
            "1");
  EXPECT_FALSE(f.client.lives());
  EXPECT_EQ(f.client.heard->size(), 1u);
}

TEST(Session, sends_what_was_queued_before_its_farewell) {
  Opened f;
  const Answer poll = f.client.get();
  f.client.send("bye");
  f.client.session.close();
  f.client.send("too late");
  f.owner.end_turn();
  EXPECT_EQ(text_of(poll), "200 4bye");
  EXPECT_TRUE(f.client.lives());
  EXPECT_EQ(text_of(f.client.get()),
            "200 6\x1E"
            "1");
  EXPECT_FALSE(f.client.lives());
}

TEST(Session, waits_for_the_farewell_to_be_fetched_but_not_for_ever) {
  Opened f;
  f.client.session.close();
  f.owner.pass(milliseconds(29'999));
  EXPECT_TRUE(f.client.lives());
  f.owner.pass(milliseconds(1));
  EXPECT_FALSE(f.client.lives());
  EXPECT_EQ(*f.client.heard, Heard{"closed:forced close"});
}

TEST(Session, hears_nothing_while_it_closes) {
  Opened f;
  f.client.session.close();
  EXPECT_FALSE(f.client.session.is_open());
  EXPECT_FALSE(f.client.session.is_writable());
  EXPECT_EQ(text_of(f.client.post("4late")), "200 ok");
  EXPECT_EQ(*f.client.heard, Heard{"closed:forced close"});
}

TEST(Session, closes_once) {
  Opened f;
  f.client.session.close();
  f.client.session.close();
  f.client.session.end("transport error");
  EXPECT_EQ(f.client.heard->size(), 1u);
  f.owner.pass(milliseconds(30'000));
  EXPECT_EQ(f.client.heard->size(), 1u);
}

TEST(Session, ends_at_once_whatever_is_unsent) {
  Opened f;
  const Answer poll = f.client.get();
  f.client.session.end("transport error");
  EXPECT_FALSE(f.client.lives());
  EXPECT_EQ(text_of(poll), "200 1");
  EXPECT_EQ(*f.client.heard, Heard{"closed:transport error"});
}

TEST(Session, leaves_no_timer_behind_when_it_has_ended) {
  Opened f;
  f.client.session.end("transport error");
  f.owner.pass(milliseconds(1000));
  EXPECT_EQ(f.owner.timers().next_due(), std::nullopt);
}

// A listener that ends its session as soon as it hears something.
class Rude final : public SessionHandler {
 public:
  Rude(Session& session, std::string& log) : session_(session), log_(log) {}
  void on_message(std::string_view message, bool) override {
    log_.append(message).append(";");
    session_.close();
  }
  void on_closed(std::string_view reason) override { log_.append(reason).append(";"); }

 private:
  Session& session_;
  std::string& log_;
};

TEST(Session, may_be_closed_by_what_it_hands_on) {
  Fixture f;
  Session& session = f.owner.make();
  std::string log;
  session.open_polling(std::make_unique<Rude>(session, log));
  auto answer = std::make_shared<std::optional<net::Response>>();
  session.polling()->on_get(PollingClient::reply_to(answer));
  answer->reset();
  session.polling()->on_get(PollingClient::reply_to(answer));
  net::Request request;
  request.body =
      "4a\x1E"
      "4b";
  auto posted = std::make_shared<std::optional<net::Response>>();
  session.polling()->on_post(request, PollingClient::reply_to(posted));
  f.owner.end_turn();
  EXPECT_EQ(log, "a;forced close;");
  EXPECT_EQ(text_of(posted), "200 ok");
  EXPECT_EQ(text_of(answer), "200 1");
}

}  // namespace
}  // namespace coterie::engineio
