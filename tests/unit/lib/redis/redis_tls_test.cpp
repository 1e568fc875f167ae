// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include "redis/address.hpp"
#include "redis/tls.hpp"

namespace coterie::redis {
namespace {

TEST(RedisTls, that_is_off_is_none) {
  const auto none = TlsClient::make({}, "localhost");
  ASSERT_TRUE(none);
  EXPECT_EQ(*none, nullptr);
}

TEST(RedisTls, greets_first_and_lets_commands_wait_for_the_handshake) {
  const auto client = TlsClient::make({.is_on = true}, "redis.example.org");
  ASSERT_TRUE(client) << client.error().detail;
  const std::string greeting = (*client)->take_ciphertext();
  ASSERT_GT(greeting.size(), 5U);
  EXPECT_EQ(greeting[0], 22);                                        // A record of the handshake,
  EXPECT_NE(greeting.find("redis.example.org"), std::string::npos);  // with the server's name.
  EXPECT_TRUE((*client)->send("PING\r\n"));
  EXPECT_EQ((*client)->take_ciphertext(), "");
}

TEST(RedisTls, refuses_what_speaks_no_tls) {
  for (const std::string& words : {std::string("-ERR Protocol error\r\n"), std::string("+PONG\r\n"),
                                   std::string(100, '\0'), std::string(100, '\xff')}) {
    const auto client = TlsClient::make({.is_on = true}, "127.0.0.1");
    std::string plaintext;
    const auto taken = (*client)->receive(words, plaintext);
    ASSERT_FALSE(taken) << words;
    EXPECT_EQ(taken.error().code, "redis_failed");
    EXPECT_FALSE(taken.error().detail.empty());
    EXPECT_EQ(plaintext, "");
  }
}

TEST(RedisTls, says_which_authority_cannot_be_read) {
  const auto client = TlsClient::make({true, "/nowhere/ca.pem"}, "127.0.0.1");
  ASSERT_FALSE(client);
  EXPECT_EQ(client.error().code, "redis_failed");
  EXPECT_TRUE(client.error().detail.starts_with("/nowhere/ca.pem: ")) << client.error().detail;
}

TEST(RedisTls, is_asked_for_by_the_address) {
  EXPECT_TRUE(parse_address("rediss://:secret@10.0.0.1:6380")->tls.is_on);
  EXPECT_FALSE(parse_address("redis://10.0.0.1")->tls.is_on);
  EXPECT_EQ(parse_address("rediss://10.0.0.1:6380/")->port, 6380);
  EXPECT_FALSE(parse_address("redissss://10.0.0.1"));
}

}  // namespace
}  // namespace coterie::redis
