// SPDX-License-Identifier: MIT
#include "api/health.hpp"

#include <gtest/gtest.h>

#include "net/shards.hpp"
#include "support/fake_clock.hpp"

namespace coterie::tests {
namespace {

using namespace std::chrono_literals;
using Lines = std::vector<std::string>;

const std::string well = R"(200 {"status":"ok"})";
const std::string stopping = R"(503 {"status":"stopping"})";
std::string away(const std::string& names) {
  return R"(503 {"status":"unavailable","away":[)" + names + "]}";
}

net::Reply into(Lines& lines) {
  return net::Reply([&lines](net::Response response) {
    lines.push_back(std::to_string(response.status) + " " + response.body);
  });
}

// A loop that turns when a test says so; what blocks waits until the test runs it.
class ReadinessTest : public testing::Test {
 protected:
  struct Store {
    Result<void> outcome;
    int asked = 0;
  };

  api::Readiness::Need need(std::string name, std::chrono::milliseconds fresh, Store& store) {
    return {std::move(name), fresh, [&store]() -> Result<void> {
              ++store.asked;
              return store.outcome;
            }};
  }
  void ask() {
    shards[0].post([this] { route.handler(net::Request(), into(answers)); });
    step();
  }
  void step() {
    for (int turn = 0; turn < 4; ++turn) shards[0].step();
  }
  // What blocks gets its answers.
  void run_blocking() {
    for (Task& task : std::exchange(blocking, {})) task();
    step();
  }
  std::string answer() {
    answers.clear();
    ask();
    run_blocking();
    EXPECT_EQ(answers.size(), 1U);
    return answers.empty() ? "" : answers.front();
  }

  FakeClock clock;
  net::Shards shards{{.count = 1, .clock = &clock}};
  Store database;
  Store files;
  bool has_room = true;
  std::vector<Task> blocking;
  api::Readiness readiness{shards[0],
                           [this](Task task) {
                             if (has_room) blocking.push_back(std::move(task));
                             return has_room;
                           },
                           {need("database", 1s, database), need("files", 10s, files)}};
  net::Route route = readiness.route();
  Lines answers;
};

TEST_F(ReadinessTest, asks_before_it_answers_and_nothing_while_nobody_asks) {
  clock.advance(1h);
  step();
  EXPECT_TRUE(blocking.empty());
  ask();
  EXPECT_TRUE(answers.empty());
  run_blocking();
  EXPECT_EQ(answers, Lines{well});
}

TEST_F(ReadinessTest, names_what_is_away_until_it_is_back) {
  database.outcome = Error("storage_unavailable", "gone");
  EXPECT_EQ(answer(), away(R"("database")"));
  files.outcome = Error("files_unavailable", "gone");
  clock.advance(10s);
  EXPECT_EQ(answer(), away(R"("database","files")"));
  database.outcome = files.outcome = {};
  clock.advance(10s);
  EXPECT_EQ(answer(), well);
}

TEST_F(ReadinessTest, keeps_an_answer_as_long_as_it_counts) {
  EXPECT_EQ(answer(), well);
  database.outcome = Error("storage_unavailable");
  clock.advance(999ms);
  EXPECT_EQ(answer(), well);
  EXPECT_EQ(database.asked, 1);
  clock.advance(1ms);
  EXPECT_EQ(answer(), away(R"("database")"));
  EXPECT_EQ(database.asked, 2);
  EXPECT_EQ(files.asked, 1);
  clock.advance(9s);
  EXPECT_EQ(answer(), away(R"("database")"));
  EXPECT_EQ(files.asked, 2);
}

TEST_F(ReadinessTest, asks_once_for_all_who_wait) {
  for (int i = 0; i < 5; ++i) ask();
  EXPECT_EQ(blocking.size(), 2U);
  run_blocking();
  EXPECT_EQ(answers, Lines(5, well));
  EXPECT_EQ(database.asked, 1);
}

TEST_F(ReadinessTest, waits_two_seconds_for_who_is_silent_and_then_no_more) {
  ask();
  clock.advance(1999ms);
  step();
  EXPECT_TRUE(answers.empty());
  blocking.back()();  // The files answer.
  step();
  clock.advance(1ms);
  step();
  EXPECT_EQ(answers, Lines{away(R"("database")")});
  ask();
  EXPECT_EQ(answers, Lines(2, away(R"("database")")));
  EXPECT_EQ(blocking.size(), 2U);  // It is not asked again while it owes an answer.
  blocking.front()();
  blocking.clear();
  step();
  EXPECT_EQ(answer(), well);
}

TEST_F(ReadinessTest, where_nobody_can_ask_is_not_ready) {
  has_room = false;
  EXPECT_EQ(answer(), away(R"("database","files")"));
}

TEST_F(ReadinessTest, that_is_stopping_asks_nobody) {
  ask();
  readiness.stop();
  ask();
  EXPECT_EQ(answers, Lines(2, stopping));
  EXPECT_EQ(blocking.size(), 2U);
}

TEST(Alive, is_answered_behind_the_last_loop) {
  net::Shards shards{{.count = 3}};
  const net::Route route = api::alive_route();
  Lines answers;
  shards[1].post([&] { route.handler(net::Request(), into(answers)); });
  for (const unsigned turning : {0U, 1U, 2U, 1U}) shards[turning].step();
  EXPECT_TRUE(answers.empty());  // The first has not turned since.
  shards[0].step();
  EXPECT_EQ(answers, Lines{well});
}

}  // namespace
}  // namespace coterie::tests
