// SPDX-License-Identifier: MIT
#include "redis/subscriber_count.hpp"

#include <algorithm>
#include <utility>

namespace coterie::redis {

namespace {

constexpr std::size_t questions_max = 1000;  // That wait, each for a millisecond or so.

}  // namespace

Command numsub(std::string channel) {
  return {"PUBSUB", "NUMSUB", std::move(channel)};
}

std::size_t count_of(const Reply& reply) {
  // The channel, and how many.
  const auto counts = reply.list();
  const auto count = counts && counts->size() == 2 ? (*counts)[1].integer() : 0;
  return count ? static_cast<std::size_t>(std::max<std::int64_t>(*count, 0)) : 0;
}

SubscriberCount::SubscriberCount(Options options)
    : options_(hurried(std::move(options))),
      thread_({.name = "redis-count", .threads = 1, .queue_max = questions_max}) {}

void SubscriberCount::ask(std::string channel, std::vector<Place> places, OnCount on_count) {
  static_cast<void>(
      thread_.run([this, channel = std::move(channel), places = std::move(places),
                   on_count = std::move(on_count)] { on_count(count(channel, places)); }));
}

std::size_t SubscriberCount::count(const std::string& channel, const std::vector<Place>& places) {
  std::erase_if(pools_,
                [&](const auto& each) { return std::ranges::count(places, each.first) == 0; });
  const std::vector<Command> question{numsub(channel)};
  std::size_t count = 0;
  for (const Place& place : places) {
    auto& pool = pools_[place];
    if (!pool) pool = std::make_unique<Pool>(at(options_, place));
    const auto replies = pool->run(question, Repeat::harmless);
    if (replies && replies->front()) count += count_of(*replies->front());
  }
  return count;
}

}  // namespace coterie::redis
