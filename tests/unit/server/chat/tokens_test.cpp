// SPDX-License-Identifier: MIT
#include "chat/tokens.hpp"

#include <gtest/gtest.h>

#include "base/json.hpp"
#include "support/base64url.hpp"
#include "support/fake_clock.hpp"
#include "support/seeded_random.hpp"

namespace coterie::tests {
namespace {

class TokensTest : public testing::Test {
 protected:
  const FakeClock clock;
  SeededRandom random;
  const chat::Tokens tokens{"a secret of thirty-two characters", clock, random};
};

TEST_F(TokensTest, name_whom_they_were_issued_to) {
  EXPECT_EQ(tokens.verify(tokens.issue(42)), 42);
}

TEST_F(TokensTest, are_json_web_tokens_that_a_client_may_read) {
  const std::string token = tokens.issue(42);
  const std::size_t first = token.find('.');
  const std::size_t second = token.rfind('.');
  ASSERT_NE(first, second);
  const auto header = parse_json(from_base64url(token.substr(0, first)));
  const auto payload = parse_json(from_base64url(token.substr(first + 1, second - first - 1)));
  ASSERT_TRUE(header && payload);
  EXPECT_EQ(header->at("alg").as_string(), "HS256");
  EXPECT_EQ(payload->at("id").as_int64(), 42);
  EXPECT_EQ(payload->at("iat").as_int64(), 1795532189);
}

TEST_F(TokensTest, differ_when_issued_to_the_same_user_in_the_same_second) {
  EXPECT_NE(tokens.issue(42), tokens.issue(42));
}

TEST_F(TokensTest, of_another_secret_are_refused) {
  const chat::Tokens other("another secret, as long as the one", clock, random);
  EXPECT_EQ(tokens.verify(other.issue(42)), std::nullopt);
}

TEST_F(TokensTest, that_name_no_algorithm_are_refused) {
  const std::string payload = to_base64url(R"({"id":42,"iat":1795532189})");
  for (const char* algorithm : {"none", "None", "NONE", ""}) {
    const std::string header =
        to_base64url(std::string(R"({"alg":")") + algorithm + R"(","typ":"JWT"})");
    EXPECT_EQ(tokens.verify(header + "." + payload + "."), std::nullopt) << algorithm;
    EXPECT_EQ(tokens.verify(header + "." + payload), std::nullopt) << algorithm;
    EXPECT_EQ(tokens.verify(header + "." + payload + ".AAAA"), std::nullopt) << algorithm;
  }
}

TEST_F(TokensTest, whose_header_names_another_algorithm_are_refused) {
  const std::string token = tokens.issue(42);
  const std::string rest = token.substr(token.find('.'));
  for (const char* algorithm : {"none", "HS384", "RS256", "hs256"}) {
    const std::string header =
        to_base64url(std::string(R"({"alg":")") + algorithm + R"(","typ":"JWT"})");
    EXPECT_EQ(tokens.verify(header + rest), std::nullopt) << algorithm;
  }
}

TEST_F(TokensTest, whose_payload_was_altered_are_refused) {
  const std::string token = tokens.issue(42);
  const std::string altered = token.substr(0, token.find('.') + 1) + to_base64url(R"({"id":1})") +
                              token.substr(token.rfind('.'));
  EXPECT_EQ(tokens.verify(altered), std::nullopt);
}

TEST_F(TokensTest, that_are_garbage_are_refused) {
  const std::string token = tokens.issue(42);
  for (const std::string& garbage :
       {std::string(), std::string("."), std::string(".."), std::string("..."),
        std::string("a.b.c"), std::string("\xFF\xFE.\x80.\0", 6), token.substr(0, token.size() - 1),
        token + "A", token + ".", "." + token, " " + token, token.substr(0, token.rfind('.')),
        std::string(2000, 'e'), token + std::string(2000, 'A'),
        to_base64url("[]") + "." + to_base64url("[]") + "." + to_base64url("[]"),
        to_base64url("{") + "." + to_base64url("}") + ".AAAA"}) {
    EXPECT_EQ(tokens.verify(garbage), std::nullopt) << garbage;
  }
}

TEST_F(TokensTest, stay_good_whatever_the_time_because_log_ins_expire_elsewhere) {
  FakeClock later;
  later.advance(std::chrono::hours(1000));
  const std::string token = tokens.issue(42);
  const chat::Tokens same("a secret of thirty-two characters", later, random);
  EXPECT_EQ(same.verify(token), 42);
}

}  // namespace
}  // namespace coterie::tests
