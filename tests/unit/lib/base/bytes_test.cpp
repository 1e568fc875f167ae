// SPDX-License-Identifier: MIT
#include "base/bytes.hpp"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace coterie {
namespace {

TEST(SharedBytes, is_empty_by_itself) {
  const SharedBytes bytes;
  EXPECT_TRUE(bytes.empty());
  EXPECT_EQ(bytes.size(), 0u);
  EXPECT_EQ(bytes.view(), "");
}

TEST(SharedBytes, keeps_a_copy_of_what_it_was_made_of) {
  std::string text("a\0b", 3);
  const SharedBytes bytes(text);
  text[0] = 'x';
  EXPECT_EQ(bytes.view(), std::string_view("a\0b", 3));
}

TEST(SharedBytes, may_be_made_of_nothing) {
  const SharedBytes bytes{std::string_view()};
  EXPECT_TRUE(bytes.empty());
  EXPECT_EQ(bytes.view(), "");
}

TEST(SharedBytes, shares_its_bytes_with_its_copies) {
  SharedBytes first(std::string_view("hello"));
  const SharedBytes second = first;
  EXPECT_EQ(first.view().data(), second.view().data());
  first = SharedBytes();
  EXPECT_EQ(second.view(), "hello");
}

TEST(SharedBytes, leaves_nothing_behind_when_moved) {
  SharedBytes first(std::string_view("hello"));
  const SharedBytes second = std::move(first);
  EXPECT_TRUE(first.empty());  // NOLINT: that is what is tested
  EXPECT_EQ(second.view(), "hello");
}

TEST(SharedBytes, survives_being_assigned_to_itself) {
  SharedBytes bytes(std::string_view("hello"));
  const SharedBytes& same = bytes;
  bytes = same;
  EXPECT_EQ(bytes.view(), "hello");
}

TEST(SharedBytes, is_filled_in_place_before_anyone_sees_it) {
  const SharedBytes bytes = SharedBytes::made(3, [](char* at) {
    at[0] = 'a';
    at[1] = 'b';
    at[2] = 'c';
  });
  EXPECT_EQ(bytes.view(), "abc");
}

TEST(SharedBytes, may_be_let_go_on_many_threads) {
  const SharedBytes bytes(std::string(1000, 'x'));
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([bytes] {
      for (int round = 0; round < 1000; ++round) {
        const SharedBytes copy = bytes;
        EXPECT_EQ(copy.size(), 1000u);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(bytes.view().front(), 'x');
}

}  // namespace
}  // namespace coterie
