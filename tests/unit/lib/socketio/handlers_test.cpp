// SPDX-License-Identifier: MIT
#include "socketio/handlers.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "support/sockets.hpp"

namespace coterie::socketio {
namespace {

// Calls a handler as a socket would, with the arguments of a JSON array.
template <class F>
void call(F function, std::string_view array, Ack ack = {}) {
  test::Sockets sockets;
  const EventHandler handler = event_handler(std::move(function));
  handler(sockets.make(), Args(parse_json(array)->as_array()), std::move(ack));
}

TEST(EventHandler, may_take_nothing_but_the_socket) {
  bool is_called = false;
  call([&](Socket&) { is_called = true; }, "[1,2]");
  EXPECT_TRUE(is_called);
}

TEST(EventHandler, may_take_all_arguments) {
  std::size_t size = 0;
  call([&](Socket&, const Args& args) { size = args.size(); }, "[1,2,3]");
  EXPECT_EQ(size, 3u);
  call([&](Socket&, const Args& args, Ack ack) { size = args.size() + (ack ? 100 : 0); }, "[1]");
  EXPECT_EQ(size, 1u);
}

TEST(EventHandler, may_take_arguments_one_by_one) {
  std::string seen;
  call([&](Socket&, const Json& a) { seen = to_text(a); }, R"(["x",2])");
  EXPECT_EQ(seen, "\"x\"");
  call([&](Socket&, const Json& a, const Json& b) { seen = to_text(a) + to_text(b); }, "[1,2]");
  EXPECT_EQ(seen, "12");
  call([&](Socket&, const Json& a, const Json& b, const Json& c,
           const Json& d) { seen = to_text(a) + to_text(b) + to_text(c) + to_text(d); },
       "[1,2]");
  EXPECT_EQ(seen, "12nullnull");
}

TEST(EventHandler, may_take_the_ack_behind_its_arguments) {
  std::string seen;
  call([&](Socket&, Ack ack) { seen = ack ? "wanted" : "unwanted"; }, "[1]");
  EXPECT_EQ(seen, "unwanted");
  call([&](Socket&, const Json& a, Ack) { seen = to_text(a); }, "[1]");
  EXPECT_EQ(seen, "1");
  call([&](Socket&, const Json&, const Json& b, Ack) { seen = to_text(b); }, "[1,2]");
  EXPECT_EQ(seen, "2");
  test::Sockets sockets;
  call([&](Socket&, const Json&, Ack ack) { seen = ack ? "wanted" : "unwanted"; }, "[1]",
       Ack(sockets.make().ref(), 7));
  EXPECT_EQ(seen, "wanted");
}

TEST(EventHandler, may_take_a_copy_of_a_json_value) {
  std::string seen;
  call([&](Socket&, Json a) { seen = to_text(a); }, "[1]");
  EXPECT_EQ(seen, "1");
}

TEST(EventHandler, may_keep_what_it_counts) {
  test::Sockets sockets;
  int seen = 0;
  const EventHandler handler =
      event_handler([&seen, count = 0](Socket&, const Json&) mutable { seen = ++count; });
  handler(sockets.make(), Args(), Ack());
  handler(sockets.make(), Args(), Ack());
  EXPECT_EQ(seen, 2);
}

TEST(Ack, that_nobody_asked_for_does_nothing) {
  const Ack ack;
  EXPECT_FALSE(ack);
  ack("ignored");
}

}  // namespace
}  // namespace coterie::socketio
