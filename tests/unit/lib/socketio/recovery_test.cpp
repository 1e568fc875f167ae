// SPDX-License-Identifier: MIT
#include "socketio/recovery.hpp"

#include <gtest/gtest.h>

#include <string>

#include "socketio/envelope.hpp"
#include "support/manual_clock.hpp"
#include "support/seeded_random.hpp"

namespace coterie::socketio {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Numbers = std::vector<std::uint64_t>;

// A log that has `count` events.
struct Logged {
  explicit Logged(unsigned count = 0, RecoveryOptions its_options = {}) : options(its_options) {
    for (unsigned i = 0; i < count; ++i) append();
  }

  void append(std::size_t bytes = 10) {
    auto envelope = std::make_shared<Envelope>();
    envelope->offset = log.last().next();
    envelope->frames =
        Frames{engineio::Frame(engineio::PacketType::message, std::string(bytes, 'x')), {}};
    log.append(std::move(envelope));
  }
  // The numbers of the events behind the n-th, counted from where the log began.
  std::optional<Numbers> since(std::uint64_t n, std::size_t most = 1000) const {
    const auto events = log.since({0, start + n}, most);
    if (!events) return std::nullopt;
    Numbers numbers;
    for (const auto& event : *events) numbers.push_back(event->offset.number - start);
    return numbers;
  }

  test::ManualClock clock;
  test::SeededRandom random;
  RecoveryOptions options;
  EventLog log{options, clock, random};
  const std::uint64_t start = log.last().number;
};

// The bytes of one event of Logged::append(10).
constexpr std::size_t event_bytes = 13;

TEST(EventLog, numbers_its_events_without_a_gap) {
  Logged logged(3);
  EXPECT_EQ(logged.log.last().number, logged.start + 3);
  EXPECT_EQ(logged.since(0), (Numbers{1, 2, 3}));
}

TEST(EventLog, begins_at_a_number_that_no_other_log_begins_at) {
  const test::ManualClock clock;
  const RecoveryOptions options;
  test::SeededRandom random;
  const EventLog first(options, clock, random);
  const EventLog second(options, clock, random);
  EXPECT_NE(first.last(), second.last());
  // A number of one is none of the other's: there is room for all events that either can hold.
  const std::uint64_t one = first.last().number;
  const std::uint64_t other = second.last().number;
  const std::uint64_t distance = std::max(one, other) - std::min(one, other);
  EXPECT_GT(distance, options.events_max);
}

TEST(EventLogDeathTest, takes_no_event_out_of_its_turn) {
  Logged logged(3);
  auto envelope = std::make_shared<Envelope>();
  envelope->offset = logged.log.last();
  envelope->frames = Frames{engineio::Frame(engineio::PacketType::message, "x"), {}};
  EXPECT_DEATH(logged.log.append(envelope), "CHECK failed");
}

TEST(EventLog, knows_what_is_behind_any_of_its_numbers) {
  const Logged logged(3);
  EXPECT_EQ(logged.since(1), (Numbers{2, 3}));
  EXPECT_EQ(logged.since(2), (Numbers{3}));
  EXPECT_EQ(logged.since(3), (Numbers{}));
}

TEST(EventLog, knows_nothing_before_its_first_and_beyond_its_last) {
  const Logged logged(3);
  EXPECT_EQ(logged.since(4), std::nullopt);
  EXPECT_EQ(logged.log.since({0, 0}, 10), std::nullopt);
  EXPECT_EQ(logged.log.since({0, logged.start - 1}, 10), std::nullopt);
  EXPECT_EQ(logged.log.since({0, UINT64_MAX}, 10), std::nullopt);
}

TEST(EventLog, that_is_empty_knows_that_nothing_was_missed) {
  const Logged logged;
  EXPECT_EQ(logged.since(0), (Numbers{}));
  EXPECT_EQ(logged.since(1), std::nullopt);
}

TEST(EventLog, gives_as_many_at_once_as_it_is_asked_for) {
  const Logged logged(5);
  EXPECT_EQ(logged.since(1, 2), (Numbers{2, 3}));
  EXPECT_EQ(logged.since(3, 2), (Numbers{4, 5}));
  EXPECT_EQ(logged.since(4, 2), (Numbers{5}));
  EXPECT_EQ(logged.since(2, 0), (Numbers{}));
}

TEST(EventLog, forgets_what_is_too_old) {
  Logged logged(1, {.max_disconnection = seconds(10)});
  logged.clock.move(seconds(4));
  logged.append();
  logged.clock.move(seconds(6));
  logged.log.trim();
  EXPECT_EQ(logged.since(0), (Numbers{1, 2}));
  logged.clock.move(milliseconds(1));
  logged.log.trim();
  EXPECT_EQ(logged.since(0), std::nullopt);
  EXPECT_EQ(logged.since(1), (Numbers{2}));
  logged.clock.move(seconds(6));
  logged.append();
  EXPECT_EQ(logged.since(1), std::nullopt);
  EXPECT_EQ(logged.since(2), (Numbers{3}));
}

TEST(EventLog, goes_on_counting_when_all_is_forgotten) {
  Logged logged(2, {.max_disconnection = seconds(10)});
  logged.clock.move(seconds(11));
  logged.log.trim();
  EXPECT_EQ(logged.log.size(), 0u);
  EXPECT_EQ(logged.since(2), (Numbers{}));
  logged.append();
  EXPECT_EQ(logged.since(2), (Numbers{3}));
}

TEST(EventLog, forgets_the_oldest_of_too_many) {
  Logged logged(5, {.events_max = 3});
  EXPECT_EQ(logged.log.size(), 3u);
  EXPECT_EQ(logged.since(1), std::nullopt);
  EXPECT_EQ(logged.since(2), (Numbers{3, 4, 5}));
}

TEST(EventLog, forgets_the_oldest_of_too_many_bytes) {
  Logged logged(3, {.bytes_max = 3 * event_bytes});
  EXPECT_EQ(logged.since(0), (Numbers{1, 2, 3}));
  logged.append();
  EXPECT_EQ(logged.since(0), std::nullopt);
  EXPECT_EQ(logged.since(1), (Numbers{2, 3, 4}));
  logged.append(1000);
  EXPECT_EQ(logged.log.size(), 0u);
  logged.append();
  EXPECT_EQ(logged.since(5), (Numbers{6}));
}

TEST(EventLog, counts_the_bytes_of_attachments) {
  Logged logged(1, {.bytes_max = 100});
  auto envelope = std::make_shared<Envelope>();
  envelope->offset = logged.log.last().next();
  envelope->frames = Frames{engineio::Frame(engineio::PacketType::message, "x"),
                            {engineio::Frame::binary(std::string(90, 'x'))}};
  logged.log.append(std::move(envelope));
  EXPECT_EQ(logged.since(0), std::nullopt);
  EXPECT_EQ(logged.since(1), (Numbers{2}));
}

bool concerns_those_in(std::unordered_set<std::string_view> rooms, Audience audience) {
  Envelope envelope;
  envelope.audience = std::move(audience);
  return concerns(envelope, Id(), rooms);
}

TEST(Concerns, one_socket_when_it_is_for_it_alone) {
  test::SeededRandom random;
  const Id one = Id::random(random);
  const Id other = Id::random(random);
  Envelope envelope;
  envelope.alone = one;
  EXPECT_TRUE(concerns(envelope, one, {one.view()}));
  EXPECT_FALSE(concerns(envelope, other, {one.view(), other.view()}));
}

TEST(Concerns, everybody_when_no_room_is_named) {
  EXPECT_TRUE(concerns_those_in({"own id"}, {}));
  EXPECT_TRUE(concerns_those_in({"own id", "a"}, {}));
}

TEST(Concerns, those_in_any_of_the_rooms) {
  EXPECT_TRUE(concerns_those_in({"own id", "b"}, {{"a", "b"}, {}}));
  EXPECT_FALSE(concerns_those_in({"own id", "c"}, {{"a", "b"}, {}}));
  EXPECT_TRUE(concerns_those_in({"own id"}, {{"own id"}, {}}));
}

TEST(Concerns, nobody_in_an_excepted_room) {
  EXPECT_FALSE(concerns_those_in({"own id", "a", "c"}, {{"a"}, {"c"}}));
  EXPECT_TRUE(concerns_those_in({"own id", "a"}, {{"a"}, {"c"}}));
  EXPECT_FALSE(concerns_those_in({"own id"}, {{}, {"own id"}}));
}

// Sessions of clients that are called 'a', 'b', …
struct Saved {
  explicit Saved(RecoveryOptions its_options = {}) : options(its_options) {}

  static Id pid(char name) { return *Id::parse(std::string(Id::length, name)); }
  void save(char name, std::uint64_t offset = 0) {
    sessions.save({pid(name), {}, "/", {"room"}, {}, {0, offset}});
  }
  bool take(char name) { return sessions.take(pid(name), "/").has_value(); }

  test::ManualClock clock;
  RecoveryOptions options;
  SavedSessions sessions{options, clock};
};

TEST(SavedSessions, are_taken_once) {
  Saved saved;
  saved.save('a', 7);
  const auto session = saved.sessions.take(Saved::pid('a'), "/");
  ASSERT_TRUE(session);
  EXPECT_EQ(session->offset, (Offset{0, 7}));
  EXPECT_EQ(session->rooms, std::vector<std::string>{"room"});
  EXPECT_FALSE(saved.take('a'));
  EXPECT_EQ(saved.sessions.size(), 0u);
}

TEST(SavedSessions, are_not_taken_by_who_names_another) {
  Saved saved;
  saved.save('a');
  EXPECT_FALSE(saved.take('b'));
  EXPECT_TRUE(saved.take('a'));
}

TEST(SavedSessions, wait_on_when_they_are_asked_for_in_another_namespace) {
  Saved saved;
  saved.save('a');
  EXPECT_FALSE(saved.sessions.take(Saved::pid('a'), "/other"));
  EXPECT_TRUE(saved.take('a'));
}

TEST(SavedSessions, are_gone_when_their_time_is_up) {
  Saved saved({.max_disconnection = seconds(10)});
  saved.save('a');
  saved.save('b');
  saved.clock.move(seconds(10) - milliseconds(1));
  EXPECT_TRUE(saved.take('a'));
  saved.clock.move(milliseconds(1));
  EXPECT_FALSE(saved.take('b'));
  EXPECT_EQ(saved.sessions.size(), 0u);
}

TEST(SavedSessions, give_their_memory_back_when_their_time_is_up) {
  Saved saved({.max_disconnection = seconds(10)});
  saved.save('a');
  saved.clock.move(seconds(5));
  saved.save('b');
  saved.clock.move(seconds(5));
  EXPECT_EQ(saved.sessions.trim(), 1u);
  EXPECT_EQ(saved.sessions.size(), 1u);
  EXPECT_TRUE(saved.take('b'));
}

TEST(SavedSessions, give_way_when_there_are_too_many_the_oldest_first) {
  Saved saved({.sessions_max = 2});
  for (const char name : {'a', 'b', 'c'}) saved.save(name);
  EXPECT_EQ(saved.sessions.size(), 2u);
  EXPECT_FALSE(saved.take('a'));
  EXPECT_TRUE(saved.take('b'));
  EXPECT_TRUE(saved.take('c'));
}

TEST(SavedSessions, give_way_when_they_hold_too_much_together) {
  Saved saved({.sessions_bytes_max = 80'000});
  const auto save_with_rooms = [&](char name, std::size_t count) {
    std::vector<std::string> rooms(count, "group:1234567890123456");
    saved.sessions.save({Saved::pid(name), {}, "/", std::move(rooms), {}, {}});
  };
  save_with_rooms('a', 1000);
  save_with_rooms('b', 700);
  EXPECT_FALSE(saved.take('a'));
  save_with_rooms('c', 700);
  EXPECT_TRUE(saved.take('b'));
  EXPECT_TRUE(saved.take('c'));
  save_with_rooms('d', 1000);  // What was taken counts no more.
  EXPECT_TRUE(saved.take('d'));
}

TEST(SavedSessions, that_were_saved_again_have_their_later_place) {
  Saved saved({.max_disconnection = seconds(10), .sessions_max = 2});
  saved.save('a', 1);
  saved.save('b');
  saved.clock.move(seconds(5));
  saved.save('a', 2);
  saved.save('c');
  EXPECT_FALSE(saved.take('b'));
  saved.clock.move(seconds(9));
  const auto session = saved.sessions.take(Saved::pid('a'), "/");
  ASSERT_TRUE(session);
  EXPECT_EQ(session->offset, (Offset{0, 2}));
}

TEST(SavedSessions, that_were_taken_push_no_others_out) {
  Saved saved({.sessions_max = 2});
  saved.save('b');
  for (int i = 0; i < 5; ++i) {
    saved.save('a');
    EXPECT_TRUE(saved.take('a'));
  }
  saved.save('a');
  EXPECT_TRUE(saved.take('b'));
}

}  // namespace
}  // namespace coterie::socketio
