// SPDX-License-Identifier: MIT
#include "chat/errors.hpp"

#include <gtest/gtest.h>

#include <set>

namespace coterie::tests {
namespace {

TEST(Errors, have_codes_that_are_unique) {
  std::set<std::string_view> codes;
  for (const auto& fact : chat::error_facts()) {
    EXPECT_TRUE(codes.insert(fact.code).second) << fact.code;
  }
}

TEST(Errors, have_codes_in_snake_case_and_statuses_of_failures) {
  for (const auto& fact : chat::error_facts()) {
    EXPECT_EQ(fact.code.find_first_not_of("abcdefghijklmnopqrstuvwxyz_"), std::string_view::npos)
        << fact.code;
    EXPECT_GE(fact.status, 400) << fact.code;
    EXPECT_LT(fact.status, 600) << fact.code;
  }
}

TEST(Errors, have_words_of_their_own_or_leave_them_to_the_detail) {
  for (const auto& fact : chat::error_facts()) {
    EXPECT_EQ(fact.message.empty(), fact.detail_is_message) << fact.code;
    const Error error(fact.code, "the detail");
    EXPECT_EQ(chat::message_of(error),
              fact.detail_is_message ? "the detail" : std::string(fact.message));
  }
}

TEST(Errors, that_nobody_knows_are_internal_and_tell_nothing) {
  const Error error("segment_fault_in_sector_7", "secret SQL");
  EXPECT_EQ(chat::fact_of(error).status, 500);
  EXPECT_EQ(chat::fact_of(error).code, "internal_error");
  EXPECT_EQ(chat::message_of(error), "Internal server error");
}

TEST(Errors, of_the_storage_show_nothing_of_it) {
  for (const char* detail : {"no such table: user", "/var/lib/coterie/coterie.db: disk full"}) {
    EXPECT_EQ(chat::message_of(Error("storage_failed", detail)).find(detail), std::string::npos);
    EXPECT_EQ(chat::message_of(Error("storage_full", detail)).find(detail), std::string::npos);
  }
}

TEST(Errors, of_too_many_attempts_say_how_long_to_wait) {
  EXPECT_EQ(chat::retry_after_seconds(Error("too_many_attempts", "17")), 17);
  EXPECT_EQ(chat::retry_after_seconds(Error("too_many_attempts", "soon")), 60);
  EXPECT_EQ(chat::retry_after_seconds(Error("too_many_messages", "3")), 3);
  EXPECT_EQ(chat::retry_after_seconds(Error("password_wrong", "17")), std::nullopt);
}

}  // namespace
}  // namespace coterie::tests
