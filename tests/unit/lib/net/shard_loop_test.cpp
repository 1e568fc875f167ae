// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <vector>

#include "net/shard.hpp"
#include "net/shards.hpp"

namespace coterie::net {
namespace {

using std::chrono::milliseconds;

TEST(Shard, runs_what_was_delayed_in_the_order_of_its_times_and_once) {
  Shards shards{{.count = 1}};
  shards.start();
  std::promise<std::vector<int>> done;
  shards[0].post([&shard = shards[0], &done] {
    auto order = std::make_shared<std::vector<int>>();
    shard.run_after(milliseconds(20), [order, &shard, &done] {
      order->push_back(3);
      shard.run_after(milliseconds(1), [order, &done] {
        order->push_back(4);
        done.set_value(*order);
      });
    });
    shard.run_after(milliseconds(10), [order] { order->push_back(2); });
    shard.run_after(milliseconds(0), [order] { order->push_back(1); });
  });
  EXPECT_EQ(done.get_future().get(), (std::vector<int>{1, 2, 3, 4}));
  shards.stop();
}

TEST(Shard, destroys_unrun_what_still_waits_when_it_stops) {
  auto owned = std::make_shared<int>(7);
  const std::weak_ptr<int> watched = owned;
  bool has_run = false;
  {
    Shards shards{{.count = 1}};
    shards.start();
    std::promise<void> waiting;
    shards[0].post([&shard = shards[0], &waiting, &has_run, owned = std::move(owned)] {
      shard.run_after(std::chrono::hours(1), [&has_run, owned] { has_run = true; });
      waiting.set_value();
    });
    waiting.get_future().get();
    shards.stop();
    EXPECT_TRUE(watched.expired());
  }
  EXPECT_FALSE(has_run);
}

}  // namespace
}  // namespace coterie::net
