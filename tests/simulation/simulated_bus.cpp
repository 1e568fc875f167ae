// SPDX-License-Identifier: MIT
#include "simulated_bus.hpp"

#include <algorithm>

namespace coterie::simulation {

namespace {

constexpr std::size_t backlog_max = 20;  // Messages that a server deals with in no time.
constexpr std::uint64_t delay_max = 15;  // Milliseconds that anything is under way, one way.

}  // namespace

// -- Redis ----------------------------------------------------------------------------------------

TimePoint SimulatedRedis::later(TimePoint than) const {
  const auto due = world_.clock.now() + milliseconds(world_.chance.below(delay_max));
  return std::max<TimePoint>(than, due);
}

void SimulatedRedis::act() {
  const TimePoint now = world_.clock.now();
  if (std::erase_if(ghosts_, [now](const Ghost& ghost) { return ghost.until <= now; }) > 0) {
    ++disturbances_;
  }
  for (SimulatedBus* bus : buses_) {
    while (!bus->orders_.empty() && bus->orders_.front().due <= now) {
      const auto order = std::move(bus->orders_.front());
      bus->orders_.pop_front();
      order.is_wanted ? void(bus->subscribed_.insert(order.name))
                      : void(bus->subscribed_.erase(order.name));
      bus->confirmed_at_ = later(now);
    }
  }
  for (SimulatedBus* bus : buses_) {
    while (!bus->sent_.empty() && bus->sent_.front().due <= now && !world_.chance.one_in(4)) {
      Sent sent = std::move(bus->sent_.front());
      bus->sent_.pop_front();
      arrive(*bus, std::move(sent));
    }
  }
}

void SimulatedRedis::arrive(SimulatedBus& from, Sent sent) {
  if (sent.on_count) {
    std::size_t count = 0;
    for (const SimulatedBus* bus : buses_) count += bus->subscribed_.count(sent.channel);
    for (const Ghost& ghost : ghosts_) count += ghost.names.count(sent.channel);
    const TimePoint behind = from.replies_.empty() ? TimePoint() : from.replies_.back().first;
    from.replies_.emplace_back(later(behind),
                               [on_count = sent.on_count, count] { on_count(count); });
    return;
  }
  world_.count("messages on the bus");
  for (SimulatedBus* bus : buses_) {
    if (SimulatedBus::is_among(bus->subscribed_, sent.channel)) {
      auto& queue = bus->incoming_[has_one_order_ ? 0 : from.number_];
      const TimePoint behind = queue.empty() ? TimePoint() : queue.back().due;
      queue.push_back({later(behind), sent.channel, sent.message});
    } else if (SimulatedBus::is_among(bus->wanted_, sent.channel)) {
      lose(from.number_, bus->number_);
    }
  }
}

// Before it was here: who is about to subscribe could have heard it, too.
void SimulatedRedis::lose(unsigned from) {
  world_.count("messages lost");
  ++losses_[{from, everyone}];
  ++disturbances_;
}

void SimulatedRedis::lose(unsigned from, unsigned to) {
  world_.count("messages lost");
  ++losses_[{from, to}];
  ++disturbances_;
}

std::uint64_t SimulatedRedis::losses(unsigned from, unsigned to) const {
  if (from == to) return 0;
  const auto count = [&](unsigned whom) {
    const auto found = losses_.find({from, whom});
    return found == losses_.end() ? 0 : found->second;
  };
  return to == everyone ? count(everyone) : count(everyone) + count(to);
}

void SimulatedRedis::go_away() {
  world_.count("redis goes away");
  is_away_ = true;
  ++disturbances_;
  for (SimulatedBus* bus : buses_) bus->cut();
  ghosts_.clear();
}

bool SimulatedRedis::is_whole() const {
  return !is_away_ && ghosts_.empty() && std::ranges::all_of(buses_, [](const SimulatedBus* bus) {
    return bus->is_settled() && bus->backlog() <= backlog_max;
  });
}

bool SimulatedRedis::is_idle() const {
  return std::ranges::all_of(buses_, &SimulatedBus::is_idle);
}

// -- a server's end -------------------------------------------------------------------------------

SimulatedBus::SimulatedBus(World& world, SimulatedRedis& redis, unsigned number,
                           std::size_t bytes_max)
    : world_(world), redis_(redis), number_(number), bytes_max_(bytes_max) {
  redis_.buses_.push_back(this);
  ++redis_.disturbances_;
}

SimulatedBus::~SimulatedBus() {
  stop();
  ++redis_.disturbances_;
  std::erase(redis_.buses_, this);
}

// What was posted is done, and what can be sent goes out.
void SimulatedBus::stop() {
  if (is_stopped_) return;
  run_posted();
  is_stopped_ = true;
  for (const Outgoing& waiting : outgoing_) {
    if (is_settled()) {
      sent_.push_back({now(), waiting.channel, waiting.message, waiting.on_count});
    } else if (!waiting.on_count) {
      redis_.lose(number_);
    }
  }
  outgoing_.clear();
  for (auto& sent : std::exchange(sent_, {})) {
    if (!sent.on_count) redis_.arrive(*this, std::move(sent));
  }
  cut();
  wanted_.clear();
  timers_.clear();
}

void SimulatedBus::die() {
  cut();
  for (const Outgoing& waiting : std::exchange(outgoing_, {})) {
    if (!waiting.on_count) redis_.lose(number_);
  }
  // What it had not even encoded is lost for everyone.
  redis_.lose(number_);
  posted_.clear();
  timers_.clear();
  wanted_.clear();
  is_stopped_ = true;
}

void SimulatedBus::cut() {
  ++redis_.disturbances_;
  // Some of it has arrived already, and only we do not know.
  const std::size_t lucky = is_stopped_ || sent_.empty() ? 0 : world_.chance.below(sent_.size());
  std::size_t index = 0;
  for (auto& sent : std::exchange(sent_, {})) {
    if (sent.on_count) continue;
    index++ < lucky ? redis_.arrive(*this, std::move(sent)) : redis_.lose(number_);
  }
  for (const auto& [from, queue] : std::exchange(incoming_, {})) {
    if (queue.empty()) continue;
    // Where all are in one queue nobody knows whose they were.
    for (const SimulatedBus* bus : redis_.buses_) redis_.lose(bus->number_, number_);
    redis_.lose(from, number_);
  }
  if (!subscribed_.empty() && world_.chance.one_in(3)) {
    const auto until = now() + milliseconds(world_.chance.between(1, 200));
    redis_.ghosts_.push_back({subscribed_, until});
  }
  may_have_lost_ = is_greeted_ || may_have_lost_;
  is_greeted_ = is_hearing_ = false;
  subscribed_.clear();
  orders_.clear();
  replies_.clear();
  retry_at_ = now() + milliseconds(world_.chance.between(1, 60));
}

bool SimulatedBus::is_meant(const std::string& name, const std::string& channel) {
  if (!name.ends_with('*')) return name == channel;
  return channel.starts_with(std::string_view(name).substr(0, name.size() - 1));
}

bool SimulatedBus::is_among(const std::set<std::string>& names, const std::string& channel) {
  return std::ranges::any_of(names,
                             [&](const std::string& name) { return is_meant(name, channel); });
}

void SimulatedBus::post(Task task, std::size_t bytes) {
  if (is_stopped_) return;
  if (posted_bytes_ + bytes > bytes_max_) {
    world_.count("tasks refused");
    redis_.lose(number_);
    return;
  }
  posted_.push_back(std::move(task));
  posted_bytes_ += bytes;
}

void SimulatedBus::publish(std::string channel, std::string message) {
  enqueue({std::move(channel), std::move(message), {}});
}

void SimulatedBus::count_subscribers(std::string channel, OnCount on_count) {
  enqueue({std::move(channel), {}, std::move(on_count)});
}

// The oldest gives way.
void SimulatedBus::enqueue(Outgoing outgoing) {
  outgoing_bytes_ += outgoing.bytes();
  outgoing_.push_back(std::move(outgoing));
  while (outgoing_bytes_ > bytes_max_) {
    const Outgoing& oldest = outgoing_.front();
    outgoing_bytes_ -= oldest.bytes();
    redis_.lose(number_);
    outgoing_.pop_front();
  }
}

void SimulatedBus::want(std::string name) {
  if (wanted_.insert(name).second && is_greeted_) order(std::move(name), true);
}

void SimulatedBus::unsubscribe(const std::string& channel_or_pattern) {
  if (wanted_.erase(channel_or_pattern) > 0 && is_greeted_) order(channel_or_pattern, false);
}

void SimulatedBus::order(std::string name, bool is_wanted) {
  const TimePoint behind = orders_.empty() ? TimePoint() : orders_.back().due;
  orders_.push_back({redis_.later(behind), std::move(name), is_wanted});
}

void SimulatedBus::run_after(std::chrono::milliseconds delay, Task task) {
  timers_.emplace(now() + delay, std::move(task));
}

void SimulatedBus::act() {
  if (is_stopped_) return;
  if (!is_greeted_ && now() >= retry_at_ && !redis_.is_away()) connect();
  hear();
  run_posted();
  run_due();
  if (!is_settled()) return;
  if (!std::exchange(is_hearing_, true)) on_hearing_({true, std::exchange(may_have_lost_, false)});
  send();
}

void SimulatedBus::connect() {
  ++redis_.disturbances_;
  is_greeted_ = true;
  confirmed_at_ = now();
  for (const std::string& name : wanted_) order(name, true);
}

// Up to here what waits; what comes of it waits for the next turn.
void SimulatedBus::run_posted() {
  posted_bytes_ = 0;
  for (auto tasks = std::exchange(posted_, {}); !tasks.empty(); tasks.pop_front()) tasks.front()();
}

void SimulatedBus::run_due() {
  while (!timers_.empty() && timers_.begin()->first <= now()) {
    auto due = timers_.extract(timers_.begin());
    due.mapped()();
  }
}

void SimulatedBus::hear() {
  while (!replies_.empty() && replies_.front().first <= now()) {
    Task reply = std::move(replies_.front().second);
    replies_.pop_front();
    reply();
  }
  std::vector<unsigned> publishers;
  for (const auto& [from, queue] : incoming_) publishers.push_back(from);
  world_.chance.shuffle(publishers);
  for (const unsigned from : publishers) {
    auto& queue = incoming_[from];
    while (!queue.empty() && queue.front().due <= now() && !world_.chance.one_in(5)) {
      const Incoming in = std::move(queue.front());
      queue.pop_front();
      for (const std::string& name : std::set(wanted_)) {
        if (is_meant(name, in.channel)) on_message_(name, in.message);
      }
    }
  }
}

void SimulatedBus::send() {
  while (!outgoing_.empty() && !world_.chance.one_in(8)) {
    Outgoing next = std::move(outgoing_.front());
    outgoing_.pop_front();
    outgoing_bytes_ -= next.bytes();
    const TimePoint behind = sent_.empty() ? TimePoint() : sent_.back().due;
    sent_.push_back({redis_.later(behind), std::move(next.channel), std::move(next.message),
                     std::move(next.on_count)});
  }
}

std::size_t SimulatedBus::backlog() const {
  std::size_t count = outgoing_.size() + sent_.size();
  for (const auto& [from, queue] : incoming_) count += queue.size();
  return count;
}

bool SimulatedBus::is_idle() const {
  return is_settled() && posted_.empty() && outgoing_.empty() && sent_.empty() &&
         replies_.empty() &&
         std::ranges::all_of(incoming_, [](const auto& queue) { return queue.second.empty(); });
}

}  // namespace coterie::simulation
