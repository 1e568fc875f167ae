// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include "socketio/namespace.hpp"
#include "support/stepped_server.hpp"

namespace coterie::socketio {
namespace {

TEST(Backlog, is_what_the_shard_that_is_furthest_behind_has_yet_to_hand_out) {
  test::SteppedServer f;
  Namespace& space = f.server.of("/");
  EXPECT_EQ(space.backlog(), 0u);
  for (int i = 0; i < 7; ++i) space.emit("news", i);
  EXPECT_EQ(space.backlog(), 7u);
  f.step(0);
  EXPECT_EQ(space.backlog(), 7u) << "the second shard has not had its turn";
  f.settle();
  EXPECT_EQ(space.backlog(), 0u);
}

TEST(Backlog, of_events_that_are_followed_waits_for_the_one_that_is_not) {
  test::SteppedServer f;
  Namespace& space = f.server.of("/");
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 3; ++i) space.to("room").followed().emit("news", i);
    f.settle();
    EXPECT_EQ(space.backlog(), 3u) << "no shard was woken";
    space.emit("news", 3);
    f.step(0);
    f.step(1);
    EXPECT_EQ(space.backlog(), 0u) << "in one turn";
  }
}

}  // namespace
}  // namespace coterie::socketio
