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

}  // namespace
}  // namespace coterie::socketio
