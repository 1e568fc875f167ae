// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include "storage/postgres_driver.hpp"

namespace coterie::tests {
namespace {

using storage::numbered_parameters;
using storage::parse_timestamp;

TEST(PostgresText, parameters_are_numbered_from_one) {
  EXPECT_EQ(numbered_parameters("SELECT 1"), "SELECT 1");
  EXPECT_EQ(numbered_parameters("a = ? AND b IN (?,?)"), "a = $1 AND b IN ($2,$3)");
  EXPECT_EQ(numbered_parameters("?,?,?,?,?,?,?,?,?,?,?"), "$1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11");
}

TEST(PostgresText, question_marks_in_quotes_are_no_parameters) {
  EXPECT_EQ(numbered_parameters(R"(SELECT '?', "?", ?)"), R"(SELECT '?', "?", $1)");
  EXPECT_EQ(numbered_parameters("SELECT 'it''s ?', ?"), "SELECT 'it''s ?', $1");
  EXPECT_EQ(numbered_parameters(R"(SELECT '"', ?, "'", ?)"), R"(SELECT '"', $1, "'", $2)");
}

TEST(PostgresText, timestamps_are_read_to_the_millisecond) {
  const auto iso = [](std::string_view text) { return to_iso8601(parse_timestamp(text)); };
  EXPECT_EQ(iso("2026-11-24 14:56:29.286+00"), "2026-11-24T14:56:29.286Z");
  EXPECT_EQ(iso("2026-11-24 14:56:29+00"), "2026-11-24T14:56:29.000Z");
  EXPECT_EQ(iso("2026-11-24 14:56:29.5+00"), "2026-11-24T14:56:29.500Z");
  EXPECT_EQ(iso("2026-11-24 14:56:29.286999+00"), "2026-11-24T14:56:29.286Z");
  EXPECT_EQ(iso("1969-12-31 23:59:59.999+00"), "1969-12-31T23:59:59.999Z");
  EXPECT_EQ(iso("2024-02-29 00:00:00+00"), "2024-02-29T00:00:00.000Z");
}

TEST(PostgresText, what_is_no_timestamp_is_the_beginning_of_time) {
  for (const auto* text : {"", "infinity", "2026", "2026-11", "2026-11-24", "2026-11-24 14:56",
                           "2026-02-30 00:00:00+00", "-1-1-1 1:1:1", "2026-11-24 14:56:"}) {
    EXPECT_EQ(parse_timestamp(text), WallTime()) << text;
  }
}

}  // namespace
}  // namespace coterie::tests
