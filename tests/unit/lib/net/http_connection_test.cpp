// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/shards.hpp"
#include "support/manual_clock.hpp"

namespace coterie::net {
namespace {

constexpr std::chrono::milliseconds moment{1};

// A shard that is driven by hand, and a client at the other end of a pair of sockets.
class HttpConnections : public testing::Test {
 protected:
  void SetUp() override {
    std::array<int, 2> ends{};
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()), 0);
    client_ = ends[0];
    shards_[0].post([this, fd = ends[1]] { door_(fd, "127.0.0.1"); });
    shards_[0].step();
  }
  void TearDown() override {
    ::close(client_);
    shards_[0].stop();
    shards_[0].step();
  }

  void say(std::string_view text) {
    ASSERT_EQ(::send(client_, text.data(), text.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(text.size()));
    shards_[0].step();
  }
  void pass(std::chrono::milliseconds time) {
    clock_.move(time);
    shards_[0].step();
  }
  std::string heard() {
    std::array<char, 4096> buffer;
    const ssize_t got = ::recv(client_, buffer.data(), buffer.size(), 0);
    return {buffer.data(), got > 0 ? static_cast<std::size_t>(got) : 0};
  }
  // "/wait" is answered by nobody but the test.
  Router router() {
    Route route;
    route.method = "GET";
    route.pattern = "/wait";
    route.handler = [this](Request, Reply reply) { waiting_.push_back(std::move(reply)); };
    Router routes;
    routes.add(std::move(route));
    return routes;
  }
  bool is_connected() { return shards_[0].connection_count() == 1; }

  test::ManualClock clock_;
  HttpLimits limits_;
  Shards shards_{{.count = 1, .http = limits_, .clock = &clock_}};
  Shards::Door door_ = shards_.door(router());
  std::vector<Reply> waiting_;
  int client_ = -1;
};

TEST_F(HttpConnections, that_never_say_anything_are_closed) {
  pass(limits_.head_timeout - moment);
  EXPECT_TRUE(is_connected());
  pass(2 * moment);
  EXPECT_FALSE(is_connected());
  EXPECT_EQ(heard(), "");
}

TEST_F(HttpConnections, that_stop_in_the_middle_of_a_head_are_told_so) {
  pass(limits_.head_timeout - moment);
  say("GET / HTTP/1.1\r\n");
  pass(limits_.head_timeout - moment);
  EXPECT_TRUE(is_connected());
  pass(2 * moment);
  EXPECT_TRUE(heard().starts_with("HTTP/1.1 408 "));
}

TEST_F(HttpConnections, are_waited_for_when_the_server_stops_and_told_when_nobody_answers) {
  say("GET /wait HTTP/1.1\r\nHost: x\r\n\r\n");
  shards_[0].stop(std::chrono::seconds(8));
  shards_[0].step();
  pass(std::chrono::seconds(8) - moment);
  EXPECT_TRUE(is_connected());
  EXPECT_EQ(heard(), "");
  pass(2 * moment);
  EXPECT_FALSE(is_connected());
  const std::string answer = heard();
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 503 ")) << answer;
  EXPECT_NE(answer.find("Retry-After: 1\r\n"), std::string::npos) << answer;
  waiting_[0](text_response(200, "too late"));
  shards_[0].step();
}

TEST_F(HttpConnections, wait_for_the_next_request_no_longer_than_that) {
  say("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_TRUE(heard().starts_with("HTTP/1.1 404 "));
  pass(limits_.idle_timeout - moment);
  EXPECT_TRUE(is_connected());
  pass(2 * moment);
  EXPECT_FALSE(is_connected());
}

}  // namespace
}  // namespace coterie::net
