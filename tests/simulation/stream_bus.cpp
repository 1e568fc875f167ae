// SPDX-License-Identifier: MIT
#include "stream_bus.hpp"

#include <algorithm>
#include <utility>

#include "base/check.hpp"

namespace coterie::simulation {

namespace {

constexpr std::uint64_t delay_max = 15;    // Milliseconds that anything is under way, one way.
constexpr milliseconds block_time{5'000};  // That XREAD waits.

}  // namespace

// -- Redis ----------------------------------------------------------------------------------------

TimePoint StreamRedis::later(TimePoint than) const {
  const auto due = world_.clock.now() + milliseconds(world_.chance.below(delay_max));
  return std::max<TimePoint>(than, due);
}

void StreamRedis::act() {
  for (StreamBus* bus : buses_) {
    while (!bus->sent_.empty() && bus->sent_.front().due <= world_.clock.now() &&
           !world_.chance.one_in(4)) {
      bus->arrive();
    }
    if (!bus->waiting_ || bus->waiting_->due > world_.clock.now()) continue;
    const bool blocks = bus->waiting_->command[3] == "BLOCK";
    redis::Reply reply = answer(bus->waiting_->command);
    const bool is_late = world_.clock.now() > bus->waiting_->due + block_time;
    if (reply.is_nil() && blocks && !is_late) continue;
    bus->read_.push_back({later({}), std::move(bus->waiting_->on_reply), std::move(reply)});
    bus->waiting_.reset();
  }
}

redis::Reply StreamRedis::answer(const redis::Command& command) {
  using redis::Reply;
  if (command[0] == "PUBLISH") {
    for (StreamBus* bus : buses_) {
      if (!bus->is_settled() || !bus->names_.contains(command[1])) continue;
      const TimePoint behind = bus->messages_.empty() ? TimePoint() : bus->messages_.back().due;
      bus->messages_.push_back({later(behind), command[1], command[2]});
    }
    return {};
  }
  if (command[0] == "PUBSUB") {
    const auto count = std::ranges::count_if(buses_, [&](const StreamBus* bus) {
      return bus->is_settled() && bus->names_.contains(command[2]);
    });
    return Reply(Reply::Value(static_cast<std::int64_t>(count)));
  }
  return memory_.answer(command);
}

void StreamRedis::go_away() {
  world_.count("redis goes away");
  is_away_ = true;
  for (StreamBus* bus : std::vector(buses_)) bus->cut();
}

bool StreamRedis::is_idle() const {
  return !is_away_ && std::ranges::all_of(buses_, &StreamBus::is_idle);
}

// -- a server's end -------------------------------------------------------------------------------

StreamBus::StreamBus(World& world, StreamRedis& redis) : world_(world), redis_(redis) {
  redis_.buses_.push_back(this);
}

StreamBus::~StreamBus() {
  stop();
  std::erase(redis_.buses_, this);
}

// What was posted is done, and what can be sent goes out; nobody hears the answers.
void StreamBus::stop() {
  if (is_stopped_) return;
  for (auto tasks = std::exchange(posted_, {}); !tasks.empty(); tasks.pop_front()) tasks.front()();
  is_stopped_ = true;
  if (is_settled()) {
    for (const Asked& asked : sent_) redis_.answer(asked.command);
    for (const Asked& asked : outgoing_) redis_.answer(asked.command);
  }
  outgoing_.clear();
  break_off();
}

void StreamBus::die() {
  is_stopped_ = true;
  posted_.clear();
  outgoing_.clear();
  break_off();
}

void StreamBus::cut() {
  if (is_stopped_) return;
  world_.count("cuts of streams");
  for (const OnReply& on_reply : break_off()) {
    if (on_reply) on_reply(Error("redis_cut"));
  }
}

// Some of what is on its way has arrived already, and only we do not know.
std::vector<redis::Bus::OnReply> StreamBus::break_off() {
  const std::size_t lucky = sent_.empty() ? 0 : world_.chance.below(sent_.size() + 1);
  for (std::size_t i = 0; i < lucky; ++i) redis_.answer(sent_[i].command);
  std::vector<OnReply> broken;
  for (Answered& each : std::exchange(answers_, {})) broken.push_back(std::move(each.on_reply));
  for (Asked& each : std::exchange(sent_, {})) broken.push_back(std::move(each.on_reply));
  for (Answered& each : std::exchange(read_, {})) broken.push_back(std::move(each.on_reply));
  if (auto waiting = std::exchange(waiting_, {})) broken.push_back(std::move(waiting->on_reply));
  for (Asked& each : outgoing_) {
    if (each.on_reply) broken.push_back(std::exchange(each.on_reply, {})), each.command.clear();
  }
  std::erase_if(outgoing_, [](const Asked& each) { return each.command.empty(); });
  messages_.clear();
  is_greeted_ = is_hearing_ = false;
  retry_at_ = now() + milliseconds(world_.chance.between(1, 60));
  return broken;
}

void StreamBus::count_subscribers(std::string channel, OnCount on_count) {
  run({"PUBSUB", "NUMSUB", std::move(channel)}, [on_count](const Result<redis::Reply>& reply) {
    if (reply) on_count(static_cast<std::size_t>(reply->integer().value()));
  });
}

void StreamBus::run_waiting(redis::Command command, OnReply on_reply) {
  COTERIE_CHECK(is_up() && !waiting_ && read_.empty());
  waiting_ = {redis_.later({}), std::move(command), std::move(on_reply)};
}

void StreamBus::act() {
  if (is_stopped_) return;
  if (!is_greeted_ && now() >= retry_at_ && !redis_.is_away()) {
    is_greeted_ = true;
    confirmed_at_ = redis_.later({});
  }
  take_turn(answers_);
  take_turn(read_);
  hear();
  for (auto tasks = std::exchange(posted_, {}); !tasks.empty(); tasks.pop_front()) tasks.front()();
  while (!timers_.empty() && timers_.begin()->first <= now()) {
    timers_.extract(timers_.begin()).mapped()();
  }
  if (!is_settled() || names_.empty()) return;
  if (!std::exchange(is_hearing_, true)) on_hearing_({.is_anew = true});
  while (!outgoing_.empty() && !world_.chance.one_in(8)) {
    Asked next = std::move(outgoing_.front());
    outgoing_.pop_front();
    next.due = redis_.later(sent_.empty() ? TimePoint() : sent_.back().due);
    sent_.push_back(std::move(next));
  }
}

void StreamBus::take_turn(std::deque<Answered>& answers) {
  while (!answers.empty() && answers.front().due <= now()) {
    const Answered next = std::move(answers.front());
    answers.pop_front();
    if (next.on_reply) next.on_reply(next.reply);
  }
}

void StreamBus::hear() {
  while (!messages_.empty() && messages_.front().due <= now() && !world_.chance.one_in(5)) {
    const Message next = std::move(messages_.front());
    messages_.pop_front();
    if (names_.contains(next.channel)) on_message_(next.channel, next.text);
  }
}

// The first of what was sent is done.
void StreamBus::arrive() {
  Asked asked = std::move(sent_.front());
  sent_.pop_front();
  redis::Reply reply = redis_.answer(asked.command);
  const TimePoint behind = answers_.empty() ? TimePoint() : answers_.back().due;
  answers_.push_back({redis_.later(behind), std::move(asked.on_reply), std::move(reply)});
}

bool StreamBus::is_idle() const {
  return is_hearing_ && posted_.empty() && outgoing_.empty() && sent_.empty() && answers_.empty() &&
         read_.empty() && messages_.empty();
}

}  // namespace coterie::simulation
