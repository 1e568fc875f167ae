// SPDX-License-Identifier: MIT
#include "redis/slots.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace coterie::redis {
namespace {

const Place a{"10.0.0.1", 7000};
const Place b{"10.0.0.2", 7001};
const Place c{"10.0.0.3", 7002};

Reply number(std::int64_t value) {
  return Reply(Reply::Value(value));
}
Reply text(std::string value) {
  return Reply(Reply::Value(std::move(value)));
}
Reply list(Reply::List values) {
  return Reply(Reply::Value(std::move(values)));
}
Reply node(const Place& place) {
  return list({text(place.host), number(place.port), text("id"), list({})});
}
Reply range(std::int64_t first, std::int64_t last, std::vector<Place> places) {
  Reply::List all{number(first), number(last)};
  for (const Place& each : places) all.push_back(node(each));
  return list(std::move(all));
}
SlotMap thirds() {
  return SlotMap::parse(
             list({range(0, 5460, {a}), range(5461, 10922, {b}), range(10923, 16383, {c})}), a)
      .value();
}

// The check value of CRC16/XMODEM is of the specification, the slots are what Redis 7 says.
TEST(RedisSlots, are_the_crc_of_the_key) {
  EXPECT_EQ(slot_of("123456789"), 0x31C3);
  EXPECT_EQ(slot_of(""), 0);
  EXPECT_EQ(slot_of("foo"), 12182);
  EXPECT_EQ(slot_of("bar"), 5061);
  EXPECT_EQ(slot_of("group_users:1"), 4258);
  EXPECT_EQ(slot_of("\xFF\x80\x01"), 1242);
}

TEST(RedisSlots, are_of_the_tag_where_there_is_one) {
  EXPECT_EQ(slot_of("{user1000}.following"), slot_of("user1000"));
  EXPECT_EQ(slot_of("{user1000}.followers"), slot_of("user1000"));
  EXPECT_EQ(slot_of("foo{{bar}}zap"), slot_of("{bar"));
  EXPECT_EQ(slot_of("foo{bar}{zap}"), slot_of("bar"));
  EXPECT_EQ(slot_of("foo{}{bar}"), 8363);  // All of it.
  EXPECT_NE(slot_of("foo{bar"), slot_of("bar"));
  EXPECT_NE(slot_of("foo}bar{"), slot_of("bar"));
}

TEST(RedisSlots, are_of_the_key_of_a_command) {
  EXPECT_EQ(key_of({"GET", "k"}), "k");
  EXPECT_EQ(key_of({"EVAL", "return 1", "1", "k", "x"}), "k");
  EXPECT_EQ(key_of({"EVAL", "return 1", "0", "x"}), std::nullopt);
  EXPECT_EQ(key_of({"PING"}), std::nullopt);
}

TEST(RedisRedirects, say_where_a_slot_is_or_where_to_ask) {
  using Kind = Redirect::Kind;
  EXPECT_EQ(parse_redirect("MOVED 3999 127.0.0.1:6381", a),
            (Redirect{Kind::moved, 3999, {"127.0.0.1", 6381}}));
  EXPECT_EQ(parse_redirect("ASK 16383 redis.example.org:1", a),
            (Redirect{Kind::ask, 16383, {"redis.example.org", 1}}));
  EXPECT_EQ(parse_redirect("MOVED 0 :6381", a), (Redirect{Kind::moved, 0, {a.host, 6381}}));
  EXPECT_EQ(parse_redirect("MOVED 0 fe80::1:6381", a),
            (Redirect{Kind::moved, 0, {"fe80::1", 6381}}));
}

TEST(RedisRedirects, are_no_other_errors) {
  for (const char* other :
       {"", "ERR no", "MOVED", "MOVED 1", "MOVED 16384 a:1", "MOVED x a:1", "MOVED -1 a:1",
        "MOVED 1 a", "MOVED 1 a:0", "MOVED 1 a:65536", "MOVED 1 a:1 ", "ASK  1 a:1", "MOVEDX 1 a:1",
        "TRYAGAIN Multiple keys request during rehashing of slot"}) {
    EXPECT_FALSE(parse_redirect(other, a)) << other;
  }
}

TEST(SlotMap, of_a_server_alone_has_everything_there) {
  const SlotMap map(a);
  EXPECT_EQ(map.place_of({"GET", "foo"}), a);
  EXPECT_EQ(map.primaries(), std::vector<Place>{a});
  EXPECT_EQ(map.shares("mark"), (std::vector<SlotMap::Share>{{a, "mark"}}));
}

TEST(SlotMap, sends_each_command_to_the_primary_of_its_key) {
  const SlotMap map = thirds();
  EXPECT_EQ(map.place_of({"GET", "foo"}), c);
  EXPECT_EQ(map.place_of({"GET", "bar"}), a);
  EXPECT_EQ(map.place_of({"EVAL", "", "1", "foo{}{bar}"}), b);
  EXPECT_EQ(map.place_of({"PING"}), a);
  EXPECT_EQ(map.primaries(), (std::vector<Place>{a, b, c}));
}

TEST(SlotMap, knows_replicas_and_the_host_that_is_not_named) {
  const Reply unnamed = list({Reply(), number(7002)});
  const auto map = SlotMap::parse(
      list({range(0, 99, {b, c}), list({number(200), number(300), unnamed, node(b)})}), a);
  ASSERT_TRUE(map);
  const Place here{a.host, 7002};
  EXPECT_EQ(map->primaries(), (std::vector<Place>{b, here}));
  EXPECT_EQ(map->places(), (std::vector<Place>{b, c, here}));
}

TEST(SlotMap, sends_what_nobody_has_to_anyone_who_will_say_so) {
  const auto map = SlotMap::parse(list({range(0, 99, {b})}), a);
  EXPECT_EQ(map->place_of({"GET", "foo"}), b);
  const auto none = SlotMap::parse(list({}), a);
  EXPECT_EQ(none->place_of({"GET", "foo"}), a);
  EXPECT_TRUE(none->primaries().empty());
  EXPECT_TRUE(none->shares("mark").empty());
}

TEST(SlotMap, learns_slots_one_by_one) {
  SlotMap map(a);
  map.move(slot_of("foo"), b);
  EXPECT_EQ(map.place_of({"GET", "foo"}), b);
  EXPECT_EQ(map.place_of({"GET", "bar"}), a);
  EXPECT_NE(map, SlotMap(a));
  map.move(slot_of("foo"), a);
  EXPECT_EQ(map.place_of({"GET", "foo"}), a);
}

TEST(SlotMap, finds_a_key_for_each_primary_even_for_one_slot) {
  SlotMap map = thirds();
  const Place d{"10.0.0.4", 7003};
  map.move(4711, d);
  const auto shares = map.shares("mark");
  ASSERT_EQ(shares.size(), 4U);
  for (const auto& share : shares) {
    EXPECT_EQ(map.place_of({"GET", share.key}), share.place);
    EXPECT_TRUE(share.key.starts_with("mark:")) << share.key;
  }
  EXPECT_EQ(shares, map.shares("mark"));
}

TEST(SlotMap, is_not_made_of_nonsense) {
  const Reply good = node(a);
  for (const Reply& wrong :
       {Reply(), number(1), text("x"), list({number(1)}), list({list({})}),
        list({list({number(0), number(1)})}), list({list({text("0"), number(1), good})}),
        list({list({number(2), number(1), good})}), list({list({number(0), number(16384), good})}),
        list({list({number(-1), number(1), good})}), list({list({number(0), number(1), list({})})}),
        list({list({number(0), number(1), list({text("h"), number(0)})})}),
        list({list({number(0), number(1), list({text("h"), number(65536)})})}),
        list({list({number(0), number(1), list({number(1), number(1)})})})}) {
    EXPECT_FALSE(SlotMap::parse(wrong, a));
  }
}

}  // namespace
}  // namespace coterie::redis
