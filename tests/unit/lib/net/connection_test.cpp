// SPDX-License-Identifier: MIT
#include "net/connection.hpp"

#include <gtest/gtest.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/shard.hpp"

namespace coterie::net {
namespace {

constexpr std::size_t bound = 16 * 1024;  // Of what may wait; a socket of the kernel takes more.

class Silent final : public Connection::Protocol {
 public:
  explicit Silent(std::optional<CloseReason>& closed) : closed_(closed) {}
  std::size_t on_bytes(std::span<char> bytes) override { return bytes.size(); }
  void on_end() override {}
  void on_closed(CloseReason reason) override { closed_ = reason; }

 private:
  std::optional<CloseReason>& closed_;
};

// A connection on a shard whose turns the test takes, and the peer's end of its stream.
struct Fixture {
  Fixture() {
    int ends[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
    peer = ends[1];
    family.push_back(std::make_unique<Shard>(0, family));
    in_a_turn([this, fd = ends[0]](Shard& shard) {
      connection = shard.adopt(std::make_unique<Connection>(fd, "127.0.0.1", bound));
      connection->set_protocol(std::make_unique<Silent>(closed));
    });
  }
  ~Fixture() {
    ::close(peer);
    family[0]->stop();
    family[0]->step();
  }

  template <class Use>
  void in_a_turn(Use use) {
    family[0]->post([this, use] { use(*family[0]); });
    family[0]->step();
  }
  std::size_t read_all() {
    std::vector<char> buffer(64 * 1024);
    std::size_t total = 0;
    for (;;) {
      const ssize_t count = ::read(peer, buffer.data(), buffer.size());
      if (count <= 0) return total;
      total += static_cast<std::size_t>(count);
    }
  }

  int peer = -1;
  std::vector<std::unique_ptr<Shard>> family;
  Connection* connection = nullptr;
  std::optional<CloseReason> closed;
};

TEST(Connection, may_say_more_in_a_turn_than_may_wait_when_the_kernel_takes_it) {
  Fixture f;
  f.in_a_turn([&f](Shard&) {
    for (int i = 0; i < 8; ++i) f.connection->send(SharedBytes(std::string(bound / 2, 'x')));
  });
  EXPECT_EQ(f.closed, std::nullopt);
  EXPECT_EQ(f.read_all(), 4 * bound);
}

TEST(Connection, is_closed_as_a_slow_consumer_when_the_kernel_takes_no_more) {
  Fixture f;
  std::size_t sent = 0;
  f.in_a_turn([&](Shard&) {
    for (int i = 0; i < 10'000 && f.connection->is_open(); ++i) {
      f.connection->send(SharedBytes(std::string(1000, 'x')));
      sent += 1000;
    }
  });
  EXPECT_EQ(f.closed, CloseReason::slow_consumer);
  EXPECT_LT(f.read_all(), sent);
}

TEST(Connection, is_closed_for_one_piece_that_is_larger_than_what_may_wait) {
  Fixture f;
  f.in_a_turn([&f](Shard&) { f.connection->send(SharedBytes(std::string(bound + 1, 'x'))); });
  EXPECT_EQ(f.closed, CloseReason::slow_consumer);
}

// Many connections on one shard, which writes to them at once (true), or to each by itself.
class Crowd : public testing::TestWithParam<bool> {
 protected:
  // One that can be told what to do when it has said all.
  class Member final : public Connection::Protocol {
   public:
    Member(std::optional<CloseReason>& closed, std::function<void()>& drained)
        : closed_(closed), drained_(drained) {}
    std::size_t on_bytes(std::span<char> bytes) override { return bytes.size(); }
    void on_end() override {}
    void on_drained() override { drained_(); }
    void on_closed(CloseReason reason) override { closed_ = reason; }

   private:
    std::optional<CloseReason>& closed_;
    std::function<void()>& drained_;
  };
  struct Place {
    int peer = -1;
    Connection* connection = nullptr;
    std::optional<CloseReason> closed;
    std::function<void()> drained;

    std::string heard() const {
      std::string text(256 * 1024, '\0');
      const ssize_t count = ::read(peer, text.data(), text.size());
      text.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
      return text;
    }
  };

  void SetUp() override {
    family_.push_back(std::make_unique<Shard>(0, family_, system_clock(), GetParam()));
    in_a_turn([this] {
      for (Place& place : places_) {
        int ends[2];
        ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
        place.peer = ends[1];
        place.connection =
            family_[0]->adopt(std::make_unique<Connection>(ends[0], "127.0.0.1", bound));
        place.connection->set_protocol(std::make_unique<Member>(place.closed, place.drained));
      }
    });
  }
  void TearDown() override {
    for (const Place& place : places_) ::close(place.peer);
    family_[0]->stop();
    family_[0]->step();
  }
  void in_a_turn(std::function<void()> use) {
    family_[0]->post(std::move(use));
    family_[0]->step();
  }
  static void say(Place& place, std::string_view text) {
    if (place.connection->is_open()) place.connection->send(SharedBytes(text));
  }

  std::vector<std::unique_ptr<Shard>> family_;
  std::vector<Place> places_{300};  // More than one batch.
};

TEST_P(Crowd, hears_what_turns_say_in_their_order) {
  std::string expected;
  for (int turn = 0; turn < 3; ++turn) {
    in_a_turn([&] {
      for (int i = 0; i < 150; ++i) {  // More than one write.
        const std::string text = std::to_string(turn) + ":" + std::to_string(i) + ";";
        for (Place& place : places_) say(place, text);
        expected += text;
      }
    });
  }
  for (Place& place : places_) ASSERT_EQ(place.heard(), expected);
}

TEST_P(Crowd, does_not_suffer_from_one_that_is_slow_or_gone) {
  Place& slow = places_[3];
  Place& gone = places_[4];
  std::string said;
  const std::string much(bound / 2, 'x');
  for (int turn = 0; turn < 100 && slow.connection->unsent_bytes() == 0; ++turn) {
    in_a_turn([&] { say(slow, much); });
    said += much;
  }
  ASSERT_GT(slow.connection->unsent_bytes(), 0u);
  ::close(std::exchange(gone.peer, -1));
  in_a_turn([&] {
    for (Place& place : places_) say(place, "all");
  });
  EXPECT_TRUE(gone.closed);
  for (Place& place : places_) {
    if (&place != &slow && &place != &gone) ASSERT_EQ(place.heard(), "all");
  }
  std::string heard;
  for (std::string more = slow.heard(); !more.empty(); more = slow.heard()) {
    heard += more;
    family_[0]->step();
  }
  EXPECT_EQ(heard, said + "all");
}

// What is written already is off every outbox by then.
TEST_P(Crowd, hears_once_what_the_end_of_a_write_makes_others_say) {
  const std::string text(bound / 2 + 1, 'x');  // Two of them do not fit.
  places_[0].drained = [&] {
    for (Place& place : places_) say(place, text + "second");
  };
  in_a_turn([&] {
    for (Place& place : places_) say(place, text + "first");
    places_[0].connection->want_drained();
  });
  for (Place& place : places_) {
    ASSERT_EQ(place.closed, std::nullopt);
    ASSERT_EQ(place.heard(), text + "first" + text + "second");
  }
}

TEST_P(Crowd, hears_once_what_is_said_around_the_news_that_there_is_room) {
  in_a_turn([&] {
    for (Place& place : places_) say(place, "before,");
    for (Place& place : places_) place.connection->on_events(EPOLLOUT);
    for (Place& place : places_) say(place, "behind");
  });
  for (Place& place : places_) ASSERT_EQ(place.heard(), "before,behind");
}

INSTANTIATE_TEST_SUITE_P(Writing, Crowd, testing::Bool(),
                         [](const auto& with) { return with.param ? "at_once" : "one_by_one"; });

}  // namespace
}  // namespace coterie::net
