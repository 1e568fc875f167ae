// SPDX-License-Identifier: MIT
#include "api/turnstile.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "api/headcount.hpp"

namespace coterie::tests {
namespace {

using api::Headcount;
using api::Turnstile;

struct Crowd {
  explicit Crowd(std::size_t at_once, std::size_t line_max = 100) {
    turnstile.emplace(at_once, line_max);
  }
  bool come(int who) {
    return turnstile->come([this, who](Turnstile::Pass pass) {
      came.push_back(who);
      inside.push_back(std::move(pass));
    });
  }
  void one_leaves() {
    const auto pass = std::move(inside.front());  // Whose end lets in the next.
    inside.erase(inside.begin());
  }
  void all_leave() {
    while (!inside.empty()) one_leaves();
  }

  std::optional<Turnstile> turnstile;
  std::vector<int> came;
  std::vector<Turnstile::Pass> inside;
};

using Came = std::vector<int>;

TEST(Turnstile, lets_in_so_many_at_once_and_the_others_in_their_order) {
  Crowd crowd(2);
  for (int who = 1; who <= 5; ++who) EXPECT_TRUE(crowd.come(who));
  EXPECT_EQ(crowd.came, (Came{1, 2}));
  crowd.one_leaves();
  EXPECT_EQ(crowd.came, (Came{1, 2, 3}));
  crowd.one_leaves();
  crowd.one_leaves();
  EXPECT_EQ(crowd.came, (Came{1, 2, 3, 4, 5}));
  crowd.all_leave();
  EXPECT_TRUE(crowd.come(6));
  EXPECT_EQ(crowd.came.back(), 6);
}

TEST(Turnstile, has_a_line_of_a_length) {
  Crowd crowd(1, 2);
  for (int who = 1; who <= 3; ++who) EXPECT_TRUE(crowd.come(who));
  EXPECT_FALSE(crowd.come(4));
  crowd.one_leaves();
  EXPECT_TRUE(crowd.come(5));
  crowd.all_leave();
  EXPECT_EQ(crowd.came, (Came{1, 2, 3, 5}));
}

TEST(Turnstile, is_left_with_the_last_copy_of_a_pass) {
  Crowd crowd(1);
  crowd.come(1);
  crowd.come(2);
  auto copy = crowd.inside.front();
  crowd.one_leaves();
  EXPECT_EQ(crowd.came, Came{1});
  copy.reset();
  EXPECT_EQ(crowd.came, (Came{1, 2}));
}

TEST(Turnstile, is_passed_by_a_crowd_that_leaves_at_once_without_a_deep_stack) {
  Turnstile turnstile(1, 200'000);
  Turnstile::Pass first;
  EXPECT_TRUE(turnstile.come([&first](Turnstile::Pass pass) { first = std::move(pass); }));
  int passed = 0;
  for (int i = 0; i < 100'000; ++i) {
    EXPECT_TRUE(turnstile.come([&passed](const Turnstile::Pass&) { ++passed; }));
  }
  EXPECT_EQ(passed, 0);
  first.reset();
  EXPECT_EQ(passed, 100'000);
}

TEST(Turnstile, that_is_gone_lets_nobody_in) {
  Crowd crowd(1);
  crowd.come(1);
  crowd.come(2);
  crowd.turnstile.reset();
  crowd.one_leaves();
  EXPECT_EQ(crowd.came, Came{1});
}

TEST(Headcount, lets_in_so_many_of_each_kind) {
  Headcount<std::string> headcount(2);
  auto first = headcount.enter("a");
  const auto second = headcount.enter("a");
  EXPECT_TRUE(first && second);
  EXPECT_FALSE(headcount.enter("a"));
  EXPECT_TRUE(headcount.enter("b"));
  const auto copy = first;
  first.reset();
  EXPECT_FALSE(headcount.enter("a"));
}

TEST(Headcount, counts_down_when_a_pass_is_gone) {
  std::optional<Headcount<int>> headcount(std::in_place, 1);
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(headcount->enter(7));
  const auto pass = headcount->enter(7);
  headcount.reset();  // Passes may outlive it.
}

TEST(Headcount, of_no_bound_lets_in_everybody) {
  Headcount<int> headcount(0);
  std::vector<Headcount<int>::Pass> passes;
  for (int i = 0; i < 1000; ++i) EXPECT_TRUE(passes.emplace_back(headcount.enter(7)));
}

}  // namespace
}  // namespace coterie::tests
