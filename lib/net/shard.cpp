// SPDX-License-Identifier: MIT
#include "net/shard.hpp"

#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <iterator>

#include "base/shrink.hpp"
#include "net/connection.hpp"
#include "net/write_batch.hpp"

namespace coterie::net {

namespace {

constexpr int events_per_turn = 512;
// Tasks that shards post to themselves run in the same turn; beyond so many rounds, in the next.
constexpr int rounds_per_turn = 16;
// How often a turn looks for more events before it writes.
constexpr int looks_per_turn = 4;
// Fewer writes than this are quicker one by one.
constexpr std::size_t batch_least = 4;
// When so many connections were there and half of them have left, memory is worth giving back.
constexpr std::size_t exodus_least = 256;
constexpr auto exodus_pause = std::chrono::seconds(1);
// A task that waits costs a hundred bytes: more of them than this are a leak, or an attack.
constexpr std::size_t delayed_max = 1'000'000;
constexpr auto linger_time = std::chrono::seconds(2);

thread_local Shard* this_shard = nullptr;

}  // namespace

Shard::Shard(unsigned index, const std::vector<std::unique_ptr<Shard>>& family, const Clock& clock,
             bool may_batch)
    : index_(index),
      epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      family_(family),
      clock_(clock),
      now_(clock.now()),
      timers_(now_),
      receive_buffer_(std::make_unique<char[]>(receive_buffer_size)),
      may_batch_(may_batch) {
  COTERIE_CHECK(epoll_ >= 0);
  watch(wakeup_, EPOLLIN);
}

Shard::~Shard() {
  // What was posted too late is dropped here, where a Reply that is dropped with it may still post.
  for (mailbox_.take(posted_); !posted_.empty(); mailbox_.take(posted_)) {
    std::vector<Task>().swap(posted_);
  }
  ::close(epoll_);
}

Shard* Shard::here() {
  return this_shard;
}

void Shard::post(Task task) {
  // A shard that posts to itself is awake: it looks again before it sleeps.
  if (mailbox_.put(std::move(task)) && !is_here()) wakeup_.wake();
}

void Shard::stop(std::chrono::milliseconds grace) {
  post([this, grace] { wind_up(grace); });
}

void Shard::wind_up(std::chrono::milliseconds grace) {
  is_winding_up_ = true;
  if (grace.count() <= 0) return end_loop();
  timers_.arm<&Shard::give_up>(grace_timer_, now_ + grace, this);
  for (auto& connection : connections_) {
    if (connection) connection->wind_up();
  }
}

void Shard::give_up() {
  for (auto& connection : connections_) {
    if (connection) connection->give_up();
  }
  end_loop();
}

void Shard::run() {
  this_shard = this;
  while (!is_stopping_ && !(is_winding_up_ && connection_count_ == 0)) turn(wait_milliseconds());
  close_connections();
  this_shard = nullptr;
}

void Shard::step() {
  this_shard = this;
  turn(0);
  if (is_stopping_) close_connections();
  this_shard = nullptr;
}

void Shard::close_connections() {
  for (auto& connection : connections_) {
    if (connection) connection->close(CloseReason::server_stopping);
  }
  delayed_.clear();
  run_posted();
  end_turn();
}

bool Shard::run_after(std::chrono::milliseconds delay, Task task) {
  check_here();
  if (delayed_.size() >= delayed_max) return false;
  Delayed& delayed = delayed_.emplace_back(*this, std::move(task));
  delayed.self = std::prev(delayed_.end());
  timers_.arm<&Delayed::run>(delayed.timer, now_ + delay, &delayed);
  return true;
}

void Shard::Delayed::run() {
  Task now = std::move(task);
  shard.delayed_.erase(self);  // This object is gone: only locals from here on.
  now();
}

void Shard::turn(int milliseconds) {
  wait(milliseconds);
  timers_.advance(now_);
  run_posted();
  // Under load more has come in meanwhile: what it makes us say goes into the same writes.
  for (int i = 0; i < looks_per_turn && !dirty_.empty() && wait(0) > 0; ++i) run_posted();
  end_turn();
}

int Shard::wait(int milliseconds) {
  std::array<epoll_event, events_per_turn> events;
  const int count = ::epoll_wait(epoll_, events.data(), events_per_turn, milliseconds);
  now_ = clock_.now();
  for (int i = 0; i < count; ++i) {
    const auto& event = events[static_cast<std::size_t>(i)];
    static_cast<Pollable*>(event.data.ptr)->on_events(event.events);
  }
  return count;
}

int Shard::wait_milliseconds() const {
  if (!posted_.empty()) return 0;
  const auto due = timers_.next_due();
  if (!due) return -1;
  const auto wait = std::chrono::ceil<std::chrono::milliseconds>(*due - clock_.now());
  return static_cast<int>(std::clamp<std::int64_t>(wait.count(), 0, 3'600'000));
}

void Shard::run_posted() {
  for (int round = 0; round < rounds_per_turn; ++round) {
    if (posted_.empty()) mailbox_.take(posted_);
    if (posted_.empty()) return;
    for (std::size_t i = 0; i < posted_.size(); ++i) posted_[i]();
    posted_.clear();
  }
  mailbox_.take(posted_);  // What is left makes the next wait() return at once.
}

void Shard::end_turn() {
  while (!deferred_.empty() || !dirty_.empty() || !closing_.empty()) {
    for (std::size_t i = 0; i < deferred_.size(); ++i) {
      Task task = std::move(deferred_[i]);  // It may defer more, and so move the vector.
      task();
    }
    deferred_.clear();
    flush_dirty();
    reap();
  }
  graveyard_.clear();
  // Whoever was deferred or closed may have posted to this shard: look before sleeping.
  if (posted_.empty()) mailbox_.take(posted_);
}

// By the batch: what it writes is taken off all its connections before any of them goes on to what
// comes behind its writing, which may make others speak.
void Shard::flush_dirty() {
  for (std::size_t done = 0; done < dirty_.size();) {
    std::size_t end = dirty_.size();
    if (may_batch_ && end - done >= batch_least) end = write_batch(done);
    for (; done < end; ++done) dirty_[done]->flush();
  }
  dirty_.clear();
}

// Writes for the dirty connections from `first` on; returns where it has ended.
std::size_t Shard::write_batch(std::size_t first) {
  if (!batch_) batch_ = WriteBatch::open();
  may_batch_ = batch_ != nullptr;
  if (!may_batch_) return dirty_.size();
  std::size_t end = first;
  while (end < dirty_.size() && dirty_[end]->write_with(*batch_)) ++end;
  for (const auto& [connection, bytes] : batch_->submit()) connection->written(bytes);
  return end;
}

void Shard::reap() {
  for (std::size_t i = 0; i < closing_.size(); ++i) {
    Connection& connection = *closing_[i];
    connection.protocol_->on_closed(connection.close_reason_);
    bury(release(connection));
  }
  closing_.clear();
}

Connection* Shard::adopt(std::unique_ptr<Connection> connection) {
  check_here();
  const auto slot = static_cast<std::size_t>(connection->fd());
  if (slot >= connections_.size()) connections_.resize(slot + 1);
  COTERIE_CHECK(!connections_[slot]);
  connection->shard_ = this;
  connection->serial_ = next_serial();
  connection->watched_ = EPOLLIN | EPOLLRDHUP;
  watch(*connection, connection->watched_);
  connection_peak_ = std::max(connection_peak_, ++connection_count_);
  connections_[slot] = std::move(connection);
  return connections_[slot].get();
}

std::unique_ptr<Connection> Shard::release(Connection& connection) {
  check_here();
  unwatch(connection);
  count_down();
  return std::move(connections_[static_cast<std::size_t>(connection.fd())]);
}

void Shard::count_down() {
  --connection_count_;
  if (connection_peak_ < exodus_least || connection_count_ > connection_peak_ / 2) return;
  connection_peak_ = connection_count_;
  timers_.arm<&Shard::end_exodus>(exodus_timer_, now_ + exodus_pause, this);
}

// What one crowded turn has grown stays grown: all these are empty, or nearly, between turns.
void Shard::end_exodus() {
  const auto last = std::ranges::find_if(connections_.rbegin(), connections_.rend(),
                                         [](const auto& each) { return each != nullptr; });
  connections_.erase(last.base(), connections_.end());
  connections_.shrink_to_fit();
  lingering_.shrink_to_fit();
  deferred_.shrink_to_fit();
  graveyard_.shrink_to_fit();
  dirty_.shrink_to_fit();
  closing_.shrink_to_fit();
  posted_.shrink_to_fit();
  mailbox_.shrink();
  trim_end_of_heap();
  on_exodus_();
}

Connection* Shard::find(int fd, std::uint32_t serial) {
  check_here();
  const auto slot = static_cast<std::size_t>(fd);
  if (slot >= connections_.size() || !connections_[slot]) return nullptr;
  Connection* connection = connections_[slot].get();
  return connection->serial() == serial ? connection : nullptr;
}

void Shard::linger(Connection& connection) {
  lingering_.push_back({now_ + linger_time, connection.fd(), connection.serial()});
  if (!linger_timer_.is_armed()) {
    timers_.arm<&Shard::end_lingering>(linger_timer_, lingering_.front().until, this);
  }
}

void Shard::end_lingering() {
  auto next = lingering_.begin();
  for (; next != lingering_.end() && next->until <= now_; ++next) {
    if (Connection* connection = find(next->fd, next->serial)) {
      connection->close(CloseReason::finished);
    }
  }
  lingering_.erase(lingering_.begin(), next);
  if (!lingering_.empty()) {
    timers_.arm<&Shard::end_lingering>(linger_timer_, lingering_.front().until, this);
  }
}

void Shard::watch(Pollable& pollable, std::uint32_t events) {
  epoll_event event{events, {.ptr = &pollable}};
  COTERIE_CHECK(::epoll_ctl(epoll_, EPOLL_CTL_ADD, pollable.fd(), &event) == 0);
}

void Shard::rewatch(Pollable& pollable, std::uint32_t events) {
  epoll_event event{events, {.ptr = &pollable}};
  COTERIE_CHECK(::epoll_ctl(epoll_, EPOLL_CTL_MOD, pollable.fd(), &event) == 0);
}

void Shard::unwatch(Pollable& pollable) {
  COTERIE_CHECK(::epoll_ctl(epoll_, EPOLL_CTL_DEL, pollable.fd(), nullptr) == 0);
}

}  // namespace coterie::net
