// SPDX-License-Identifier: MIT
#include "storage/migrations.hpp"

#include <gtest/gtest.h>

#include <atomic>

#include "support/engines.hpp"
#include "support/fake_clock.hpp"
#include "support/together.hpp"

namespace coterie::tests {
namespace {

using storage::Database;
using storage::Driver;
using storage::RowReader;
using Names = std::vector<std::string>;

class Migrations : public testing::TestWithParam<Engine> {
 protected:
  Result<Names> migrate(const std::vector<storage::Migration>& migrations) {
    return storage::migrate(database, migrations, clock.wall());
  }

  const AllowBlocking blocking;
  const TempFolder folder;
  const FakeClock clock;
  Database database{GetParam().connect(folder, "new"), {GetParam().dialect, 64}};
};

TEST_P(Migrations, run_once_and_say_which) {
  const auto first = migrate(storage::chat_migrations(GetParam().dialect));
  ASSERT_TRUE(first) << first.error().detail;
  EXPECT_EQ(first->front(), "0001_initial");
  EXPECT_EQ(first->size(), storage::chat_migrations(GetParam().dialect).size());

  const auto second = migrate(storage::chat_migrations(GetParam().dialect));
  ASSERT_TRUE(second) << second.error().detail;
  EXPECT_TRUE(second->empty());
}

TEST_P(Migrations, are_written_down_with_their_time) {
  ASSERT_TRUE(migrate(storage::chat_migrations(GetParam().dialect)));
  const auto run_at = database.read([](Driver& db) -> Result<std::optional<WallTime>> {
    return db.query_one(R"(SELECT "runAt" FROM "migration" WHERE "number" = 1)",
                        [](RowReader& row) { return row.time(); });
  });
  ASSERT_TRUE(run_at && *run_at);
  EXPECT_EQ(**run_at, clock.wall());
}

TEST_P(Migrations, run_only_what_is_missing) {
  const storage::Migration first{1, "first", {R"(CREATE TABLE "a" ("id" INTEGER))"}};
  const storage::Migration second{2, "second", {R"(CREATE TABLE "b" ("id" INTEGER))"}};
  ASSERT_TRUE(migrate({first}));
  const auto names = migrate({first, second});
  ASSERT_TRUE(names) << names.error().detail;
  EXPECT_EQ(*names, Names{"0002_second"});
}

TEST_P(Migrations, refuse_a_schema_of_a_newer_program) {
  const storage::Migration first{1, "first", {R"(CREATE TABLE "a" ("id" INTEGER))"}};
  const storage::Migration second{2, "second", {R"(CREATE TABLE "b" ("id" INTEGER))"}};
  ASSERT_TRUE(migrate({first, second}));
  const auto refused = migrate({first});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, "schema_too_new");
  EXPECT_NE(refused.error().detail.find("migration 2"), std::string::npos);
}

TEST_P(Migrations, leave_nothing_of_one_that_failed) {
  if (GetParam().dialect == storage::Dialect::mysql) return;  // Its steps may be repeated instead.
  const storage::Migration broken{
      1, "broken", {R"(CREATE TABLE "a" ("id" INTEGER))", "this is not SQL"}};
  EXPECT_EQ(code_of(migrate({broken})), "storage_failed");
  const storage::Migration mended{1, "mended", {R"(CREATE TABLE "a" ("id" INTEGER))"}};
  const auto names = migrate({mended});
  ASSERT_TRUE(names) << names.error().detail;
  EXPECT_EQ(*names, Names{"0001_mended"});
}

TEST_P(Migrations, run_once_when_many_start_at_the_same_time) {
  std::atomic<int> have_run = 0;
  together(6, [&](int) {
    Database own(GetParam().connect(folder, "new"), {GetParam().dialect, 64});
    const auto names =
        storage::migrate(own, storage::chat_migrations(GetParam().dialect), clock.wall());
    ASSERT_TRUE(names) << names.error().code << ": " << names.error().detail;
    if (!names->empty()) ++have_run;
  });
  EXPECT_EQ(have_run, 1);
}

INSTANTIATE_TEST_SUITE_P(Storage, Migrations, testing::ValuesIn(engines()), engine_name);

}  // namespace
}  // namespace coterie::tests
