// SPDX-License-Identifier: MIT
#include "redis/stream_outbox.hpp"

#include <utility>

#include "base/log.hpp"

namespace coterie::redis {

namespace {

// On their way at a time: enough to keep Redis busy, little to say again.
constexpr std::size_t sent_max = 1'000;
constexpr std::size_t sent_bytes_max = 4'000'000;
constexpr std::size_t overhead_bytes = 256;  // What an entry holds beside its texts, about.

}  // namespace

void StreamOutbox::add(std::uint64_t number, std::vector<std::string> fields) {
  std::size_t bytes = overhead_bytes;
  for (const std::string& field : fields) bytes += field.size();
  waiting_.push_back({number, std::move(fields), bytes});
  bytes_ += bytes;
  if (bytes_ <= bytes_max_) return;
  log::warn("too much waits for the stream of Redis: the oldest events are dropped");
  while (bytes_ > bytes_max_ - bytes_max_ / 8)
    drop_first();  // Not one by one, nor a line for each.
}

void StreamOutbox::confirm(std::uint64_t number) {
  while (!waiting_.empty() && waiting_.front().number <= number) drop_first();
}

void StreamOutbox::drop_first() {
  const std::size_t bytes = waiting_.front().bytes;
  bytes_ -= bytes;
  if (sent_ > 0) {
    --sent_;
    sent_bytes_ -= bytes;
  }
  waiting_.pop_front();
}

void StreamOutbox::send() {
  while (sent_ < waiting_.size() && sent_ < sent_max && sent_bytes_ < sent_bytes_max) send_next();
}

void StreamOutbox::send_all() {
  if (is_cut_) forget_sent();
  while (sent_ < waiting_.size()) send_next();
}

void StreamOutbox::send_next() {
  const Entry& next = waiting_[sent_++];
  sent_bytes_ += next.bytes;
  Command command{"XADD", stream_, "MAXLEN", "~", std::to_string(length_), "*"};
  command.insert(command.end(), next.fields.begin(), next.fields.end());
  command.insert(command.end(), {"n", std::to_string(next.number)});
  // Who wants a reply is not sent on the next connection, where it would overtake what was lost.
  bus_.run(std::move(command), [this](const Result<Reply>& reply) {
    if (!reply) is_cut_ = true;
  });
}

}  // namespace coterie::redis
