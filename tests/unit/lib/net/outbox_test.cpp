// SPDX-License-Identifier: MIT
#include "net/outbox.hpp"

#include <gtest/gtest.h>

#include <string>

namespace coterie::net {
namespace {

SharedBytes bytes(int number) {
  return SharedBytes(std::to_string(number));
}

TEST(Outbox, gives_back_what_it_was_given_in_order) {
  OutboxPool pool;
  Outbox outbox;
  EXPECT_TRUE(outbox.empty());
  for (int i = 0; i < 3000; ++i) outbox.push(pool, bytes(i));
  EXPECT_EQ(outbox.size(), 3000u);
  for (int i = 0; i < 3000; ++i) {
    ASSERT_EQ(outbox.first()->bytes.view(), std::to_string(i));
    outbox.pop(pool);
  }
  EXPECT_TRUE(outbox.empty());
  EXPECT_EQ(outbox.size(), 0u);
}

TEST(Outbox, may_be_filled_again_once_it_is_empty) {
  OutboxPool pool;
  Outbox outbox;
  for (int round = 0; round < 3; ++round) {
    outbox.push(pool, bytes(1));
    outbox.push(pool, bytes(2));
    outbox.pop(pool);
    outbox.push(pool, bytes(3));
    EXPECT_EQ(outbox.first()->bytes.view(), "2");
    EXPECT_EQ(outbox.first()->next->bytes.view(), "3");
    outbox.clear(pool);
    EXPECT_TRUE(outbox.empty());
  }
}

TEST(Outbox, lets_go_of_the_bytes_it_gives_up) {
  OutboxPool pool;
  Outbox outbox;
  const SharedBytes shared(std::string(100, 'x'));
  outbox.push(pool, shared);
  outbox.pop(pool);
  OutboxNode* node = pool.get();
  EXPECT_TRUE(node->bytes.empty());
  EXPECT_EQ(node->next, nullptr);
  pool.put(node);
}

TEST(OutboxPool, uses_the_same_nodes_again) {
  OutboxPool pool;
  OutboxNode* node = pool.get();
  pool.put(node);
  EXPECT_EQ(pool.get(), node);
  pool.put(node);
}

}  // namespace
}  // namespace coterie::net
