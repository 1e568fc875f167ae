// SPDX-License-Identifier: MIT
#include "redis/errands.hpp"

#include <gtest/gtest.h>

namespace coterie::redis {
namespace {

const Place a{"10.0.0.1", 7000};
const Place b{"10.0.0.2", 7001};
const Place c{"10.0.0.3", 7002};

using Commands = std::vector<Command>;

// "bar" and "a-..." are at a, "foo" at b.
SlotMap two() {
  SlotMap map(a);
  map.move(slot_of("foo"), b);
  return map;
}

Result<Reply> said(std::string text) {
  return Reply(Reply::Value(std::move(text)));
}
Result<Reply> refused(std::string text) {
  return Error("redis_refused", std::move(text));
}

std::string text_of(const Result<std::vector<Reply>>& replies) {
  if (!replies) return replies.error().detail;
  std::string all;
  for (const Reply& each : *replies) all += each.text().value() + " ";
  return all;
}

TEST(Errands, go_to_the_servers_of_their_keys_and_come_back_in_order) {
  const Commands commands{{"GET", "foo"}, {"GET", "bar"}, {"PTTL", "foo"}, {"PTTL", "bar"}};
  Errands errands(commands);
  const auto batches = errands.take_batches(two());
  ASSERT_EQ(batches.size(), 2U);
  EXPECT_EQ(batches[0].place, b);
  EXPECT_EQ(batches[0].commands, (Commands{{"GET", "foo"}, {"PTTL", "foo"}}));
  EXPECT_EQ(batches[1].place, a);
  EXPECT_EQ(batches[1].commands, (Commands{{"GET", "bar"}, {"PTTL", "bar"}}));
  EXPECT_TRUE(errands.take(batches[0], {said("1"), said("3")}).empty());
  EXPECT_FALSE(errands.are_done());
  EXPECT_TRUE(errands.take(batches[1], {said("2"), said("4")}).empty());
  ASSERT_TRUE(errands.are_done());
  EXPECT_EQ(text_of(std::move(errands).replies()), "1 2 3 4 ");
}

TEST(Errands, that_a_server_has_no_more_go_where_the_map_says_next) {
  const Commands commands{{"GET", "foo"}, {"GET", "bar"}};
  Errands errands(commands);
  const SlotMap old(a);
  const auto batch = errands.take_batches(old).at(0);
  const auto moves = errands.take(batch, {refused("MOVED 12182 10.0.0.2:7001"), said("2")});
  EXPECT_EQ(moves, (std::vector<Redirect>{{Redirect::Kind::moved, 12182, b}}));
  const auto again = errands.take_batches(two());
  ASSERT_EQ(again.size(), 1U);
  EXPECT_EQ(again[0].place, b);
  EXPECT_EQ(again[0].commands, (Commands{{"GET", "foo"}}));
  errands.take(again[0], {said("1")});
  EXPECT_EQ(text_of(std::move(errands).replies()), "1 2 ");
}

TEST(Errands, that_are_to_ask_elsewhere_do_so_once) {
  const Commands commands{{"GET", "foo"}, {"PTTL", "foo"}};
  Errands errands(commands);
  const auto batch = errands.take_batches(two()).at(0);
  EXPECT_TRUE(errands.take(batch, {said("1"), refused("ASK 12182 10.0.0.3:7002")}).empty());
  const auto asking = errands.take_batches(two()).at(0);
  EXPECT_EQ(asking.place, c);
  EXPECT_EQ(asking.commands, (Commands{{"ASKING"}, {"PTTL", "foo"}}));
  // It was lost on the way: what the map says holds again.
  const auto later = errands.take_batches(two()).at(0);
  EXPECT_EQ(later.place, b);
  EXPECT_EQ(later.commands, (Commands{{"PTTL", "foo"}}));
  errands.take(asking, {said("OK"), said("2")});
  ASSERT_TRUE(errands.are_done());
  EXPECT_EQ(text_of(std::move(errands).replies()), "1 2 ");
}

TEST(Errands, end_with_the_first_error_reply_by_the_order_of_commands) {
  const Commands commands{{"GET", "foo"}, {"GET", "bar"}, {"GET", "baz"}};
  Errands errands(commands);
  const auto batches = errands.take_batches(two());
  errands.take(batches[1], {refused("ERR second"), refused("ERR third")});
  errands.take(batches[0], {said("1")});
  ASSERT_TRUE(errands.are_done());
  EXPECT_EQ(text_of(std::move(errands).replies()), "ERR second");
}

TEST(Errands, none_are_done_at_once) {
  Errands errands({});
  EXPECT_TRUE(errands.are_done());
  EXPECT_TRUE(std::move(errands).replies()->empty());
}

}  // namespace
}  // namespace coterie::redis
