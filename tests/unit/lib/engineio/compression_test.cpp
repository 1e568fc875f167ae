// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

#include "engineio/server.hpp"
#include "net/shards.hpp"
#include "support/manual_sessions.hpp"

namespace coterie::engineio {
namespace {

using net::ContentCoding;
using test::Answer;
using test::ManualSessions;
using test::PollingClient;

// A client that has fetched the open packet.
struct Opened {
  Opened() { client.get(); }
  ManualSessions owner;
  PollingClient client{owner};
};

std::string coding_of(const Answer& answer) {
  return std::string((*answer)->fields.get("Content-Encoding"));
}

const std::string long_text(1023, 'x');  // With its type the threshold's 1024 bytes.

TEST(Compression, is_for_polls_that_ask_for_it) {
  Opened f;
  f.client.send(long_text);
  const Answer gzip = f.client.get(ContentCoding::gzip);
  EXPECT_EQ(coding_of(gzip), "gzip");
  EXPECT_EQ((*gzip)->fields.get("Vary"), "Accept-Encoding");
  EXPECT_EQ((*gzip)->fields.get("Cache-Control"), "no-store");
  EXPECT_LT((*gzip)->body.size(), 100u);
  f.client.send(long_text);
  EXPECT_EQ(coding_of(f.client.get(ContentCoding::deflate)), "deflate");
  f.client.send(long_text);
  const Answer plain = f.client.get();
  EXPECT_EQ(coding_of(plain), "");
  EXPECT_EQ((*plain)->fields.get("Vary"), "Accept-Encoding");
  EXPECT_EQ((*plain)->body, "4" + long_text);
}

TEST(Compression, is_for_a_poll_that_waited) {
  Opened f;
  const Answer waiting = f.client.get(ContentCoding::gzip);
  f.client.send(long_text);
  f.owner.end_turn();
  EXPECT_EQ(coding_of(waiting), "gzip");
}

TEST(Compression, is_not_for_short_payloads) {
  Opened f;
  f.client.send(long_text.substr(1));
  const Answer answer = f.client.get(ContentCoding::gzip);
  EXPECT_EQ(coding_of(answer), "");
  EXPECT_FALSE((*answer)->fields.has("Vary"));
  // Several short ones are a long one.
  for (int i = 0; i < 2; ++i) f.client.send(long_text.substr(512));
  EXPECT_EQ(coding_of(f.client.get(ContentCoding::gzip)), "gzip");
}

TEST(Compression, is_not_for_payloads_in_which_no_packet_wants_it) {
  Opened f;
  f.client.send(long_text, {.compress = false});
  EXPECT_EQ(coding_of(f.client.get(ContentCoding::gzip)), "");
  f.client.send(long_text, {.compress = false});
  f.client.send("short");
  EXPECT_EQ(coding_of(f.client.get(ContentCoding::gzip)), "gzip");
}

TEST(Compression, is_as_the_options_say) {
  Opened f;
  f.owner.engine_options.http_compression_threshold = 10;
  f.client.send("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
  EXPECT_EQ(coding_of(f.client.get(ContentCoding::gzip)), "gzip");
  f.owner.engine_options.http_compression = false;
  f.client.send(long_text);
  EXPECT_EQ(coding_of(f.client.get(ContentCoding::gzip)), "");
}

TEST(Compression, never_touches_the_answer_to_a_post) {
  Opened f;
  f.owner.engine_options.http_compression_threshold = 0;
  const Answer answer = f.client.post("4a");
  EXPECT_EQ((*answer)->body, "ok");
  EXPECT_EQ(coding_of(answer), "");
}

TEST(Compression, is_not_made_for_a_polling_client_twice) {
  Opened f;
  f.owner.engine_options.per_message_deflate.emplace();
  EXPECT_EQ(f.client.session.encoding().deflate, nullptr);
  EXPECT_FALSE(f.client.session.encoding(false).compress);
  EXPECT_NE(f.owner.engine_options.encoding().deflate, nullptr);
}

TEST(Compression, is_refused_at_the_start_when_it_is_malformed) {
  net::Shards shards({.count = 1});
  const auto make = [&](net::PerMessageDeflate deflate) {
    Options options;
    options.per_message_deflate = deflate;
    Server server(shards, options, {});
  };
  EXPECT_NO_THROW(make({}));
  EXPECT_THROW(make({.window_bits = 8}), std::invalid_argument);
  EXPECT_THROW(make({.level = 10}), std::invalid_argument);
}

}  // namespace
}  // namespace coterie::engineio
