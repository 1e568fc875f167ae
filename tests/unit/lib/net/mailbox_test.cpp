// SPDX-License-Identifier: MIT
#include "net/mailbox.hpp"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace coterie::net {
namespace {

TEST(Mailbox, says_when_its_reader_may_be_asleep) {
  Mailbox mailbox;
  EXPECT_TRUE(mailbox.put([] {}));
  EXPECT_FALSE(mailbox.put([] {}));
  std::vector<Task> tasks;
  mailbox.take(tasks);
  EXPECT_EQ(tasks.size(), 2u);
  EXPECT_TRUE(mailbox.put([] {}));
}

TEST(Mailbox, keeps_the_order_of_every_sender) {
  constexpr int senders = 4;
  constexpr int each = 2000;
  Mailbox mailbox;
  std::vector<int> seen(senders, 0);
  std::vector<std::thread> threads;
  for (int sender = 0; sender < senders; ++sender) {
    threads.emplace_back([&, sender] {
      for (int i = 0; i < each; ++i) {
        mailbox.put([&seen, sender, i] {
          EXPECT_EQ(seen[static_cast<std::size_t>(sender)], i);
          ++seen[static_cast<std::size_t>(sender)];
        });
      }
    });
  }
  int count = 0;
  while (count < senders * each) {
    std::vector<Task> tasks;
    mailbox.take(tasks);
    for (Task& task : tasks) task();
    count += static_cast<int>(tasks.size());
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(seen, std::vector<int>(senders, each));
}

}  // namespace
}  // namespace coterie::net
