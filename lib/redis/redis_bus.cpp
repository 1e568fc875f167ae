// SPDX-License-Identifier: MIT
#include "redis/redis_bus.hpp"

#include <hiredis/hiredis.h>
#include <poll.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/check.hpp"
#include "base/log.hpp"

namespace coterie::redis {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr auto pause_min =
    milliseconds(100);  // Before the next attempt to connect; doubled each time up to
constexpr auto pause_max = milliseconds(3000);
constexpr auto greeting_time = seconds(5);         // To connect and be let in.
constexpr auto ping_interval = seconds(10);        // So that a dead connection is noticed,
constexpr auto silence_max = seconds(25);          // after two of them.
constexpr auto farewell_time = milliseconds(200);  // For what was published just before the end.
constexpr std::size_t tasks_max = 1'000'000;    // Posted and not run: somebody blocks the thread.
constexpr std::size_t unsent_max = 256 * 1024;  // In a link's buffer; what waits stays with us.
constexpr std::size_t awaited_max = 10'000;     // Replies; each is small.
constexpr std::size_t reply_slack_bytes = 64 * 1024;  // Names around a message.

TimePoint now() {
  return system_clock().now();
}

std::string_view text_of(const redisReply& reply) {
  return reply.str ? std::string_view(reply.str, reply.len) : std::string_view();
}

}  // namespace

std::size_t RedisBus::Outgoing::bytes() const {
  std::size_t bytes = overhead_bytes;
  for (const std::string& word : command) bytes += word.size();
  return bytes;
}

std::vector<RedisBus::Line*> RedisBus::Session::lines() {
  std::vector<Line*> lines{&speaker, &listener};
  if (waiter.link) lines.push_back(&waiter);
  return lines;
}

RedisBus::RedisBus(Address address, BusLimits limits, Waits waits)
    : address_(std::move(address)),
      limits_(limits),
      waits_(waits),
      name_(name_of(address_.seeds().front())),
      pause_(pause_min),
      thread_({.name = "redis-bus", .threads = 1, .queue_max = 1}) {}

RedisBus::~RedisBus() {
  stop();
}

void RedisBus::start(OnMessage on_message, OnHearing on_hearing) {
  on_message_ = std::move(on_message);
  on_hearing_ = std::move(on_hearing);
  static_cast<void>(thread_.run([this] { run_thread(); }));
}

void RedisBus::stop() {
  inbox_.with([](Inbox& inbox) { inbox.is_stopping = true; });
  wakeup_.wake();
  thread_.stop();
  if (elsewhere_) elsewhere_->stop();
}

bool RedisBus::is_stopping() const {
  return inbox_.with([](const Inbox& inbox) { return inbox.is_stopping; });
}

void RedisBus::post(Task task, std::size_t bytes) {
  const bool is_first = inbox_.with([&](Inbox& inbox) {
    const bool is_full =
        inbox.tasks.size() >= tasks_max || inbox.bytes + bytes > limits_.queue_bytes_max;
    if (inbox.is_stopping || is_full) return ++inbox.refused, false;
    inbox.tasks.push_back(std::move(task));
    inbox.bytes += bytes;
    return inbox.tasks.size() == 1;
  });
  if (is_first) wakeup_.wake();
}

// -- the thread -----------------------------------------------------------------------------------

// What is thrown by a handler of the application stops the process, as on a shard: a server that is
// deaf from then on would be worse.
void RedisBus::run_thread() noexcept {
  while (!is_stopping()) turn();
  farewell();
  session_.reset();
}

void RedisBus::turn() {
  if (!session_ && now() >= retry_at_) connect();
  poll_links();
  run_posted();
  run_due();
  if (session_) check_silence();
  if (session_) send_outgoing();
  if (session_ && !session_->trouble.empty()) part(session_->trouble);
}

int RedisBus::wait_milliseconds() const {
  TimePoint next = now() + seconds(1);  // The pings want to be looked after.
  if (!session_) next = std::min(next, retry_at_);
  if (!timers_.empty()) next = std::min(next, timers_.begin()->first);
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(next - now()).count();
  return static_cast<int>(std::max<std::int64_t>(left, 0));
}

void RedisBus::poll_links() {
  std::vector<pollfd> polled{{wakeup_.fd(), POLLIN, 0}};
  std::vector<Line*> lines;
  if (session_) lines = session_->lines();
  for (const Line* line : lines) polled.push_back({line->link->fd(), line->link->events(), 0});
  ::poll(polled.data(), polled.size(), wait_milliseconds());
  if (polled[0].revents != 0) wakeup_.on_events(1 /* EPOLLIN */);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    Line& line = *lines[i];
    const short events = polled[i + 1].revents;
    if (events != 0) line.heard = now();
    const auto done = line.link->on_events(events, [this, &line](const redisReply& reply) {
      &line == &session_->listener ? on_listener_reply(reply) : on_awaited_reply(line, reply);
    });
    if (!done) return part(done.error().detail);
  }
}

void RedisBus::run_posted() {
  std::vector<Task> tasks;
  const std::size_t refused = inbox_.with([&](Inbox& inbox) {
    tasks.swap(inbox.tasks);
    inbox.bytes = 0;
    return std::exchange(inbox.refused, 0);
  });
  if (refused > 0) {
    log::warn("{} messages to other servers were dropped: too many wait", refused);
    may_have_lost_ = true;
    if (session_ && is_hearing_) note_hearing();
  }
  for (Task& task : tasks) task();
}

void RedisBus::run_due() {
  const TimePoint time = now();
  while (!timers_.empty() && timers_.begin()->first <= time) {
    auto due = timers_.extract(timers_.begin());
    due.mapped()();
  }
}

void RedisBus::run_after(std::chrono::milliseconds delay, Task task) {
  timers_.emplace(now() + delay, std::move(task));
}

// -- Redis comes and goes -------------------------------------------------------------------------

// Once for all lines: it may take seconds, and they are to end at one server.
Result<Place> RedisBus::find_place() {
  if (!address_.sentinels.places.empty()) return find_primary(address_);
  std::vector<Place> nodes = cluster_;
  for (Place& seed : address_.seeds()) nodes.push_back(std::move(seed));
  if (is_alone_) return nodes.front();
  Options options;
  options.address = address_;
  const auto slots = find_slots(nodes, options);
  is_alone_ = !slots && slots.error().code == "redis_refused";
  if (is_alone_) return nodes.front();
  if (!slots) return slots.error();
  if (waits_ == Waits::yes) {
    return Error("redis_failed", "it is a Redis Cluster, which streams are not made for here");
  }
  const auto primaries = slots->primaries();
  if (primaries.empty()) return Error("redis_failed", "no server of the Redis Cluster has slots");
  cluster_ = slots->places();
  if (!elsewhere_) elsewhere_ = std::make_unique<SubscriberCount>(std::move(options));
  return primaries.front();
}

void RedisBus::connect() {
  const std::size_t reply_bytes_max = limits_.message_bytes_max + reply_slack_bytes;
  const auto place = find_place();
  if (!place) return part(place.error().detail);
  auto session = std::make_unique<Session>();
  session->place = *place;
  std::vector<Line*> lines{&session->speaker, &session->listener};
  if (waits_ == Waits::yes) lines.push_back(&session->waiter);
  session->began = session->pinged = now();
  for (Line* line : lines) {
    auto link = Link::connect(*place, address_.tls, reply_bytes_max);
    if (!link) return part(link.error().detail);
    line->link = std::move(*link);
    line->heard = session->began;
  }
  session_ = std::move(session);
  greet();
}

void RedisBus::greet() {
  for (Line* line : session_->lines()) {
    const auto auth = auth_of(address_.username, address_.password);
    if (auth) line->link->send(*auth);
    line->link->send({"PING"});
    ++session_->greetings_left;
    if (line == &session_->listener) continue;  // What it hears is not asked for.
    if (auth) line->awaited.emplace_back();
    line->awaited.emplace_back([this](const Result<Reply>& pong) {
      if (pong) note_greeting();
    });
  }
  if (!address_.sentinels.places.empty()) ask_role();
}

// Sentinels may not know yet that it is no primary any more.
void RedisBus::ask_role() {
  ++session_->greetings_left;
  session_->speaker.link->send({"ROLE"});
  session_->speaker.awaited.emplace_back([this](const Result<Reply>& role) {
    if (!role) return;
    if (!is_primary(*role)) return void(session_->trouble = "it is no primary");
    note_greeting();
  });
}

// The PING of one of the connections was answered, or the ROLE.
void RedisBus::note_greeting() {
  // Where AUTH was refused PING may be answered all the same.
  if (!session_->trouble.empty() || session_->greetings_left == 0) return;
  if (--session_->greetings_left > 0) return;
  session_->is_greeted = true;
  for (const auto& [name, is_pattern] : subscriptions_) {
    session_->listener.link->send({is_pattern ? "PSUBSCRIBE" : "SUBSCRIBE", name});
    ++session_->unconfirmed;
  }
  if (session_->unconfirmed == 0) note_hearing();
}

// Nothing was refused to us: that is when Redis is back.
void RedisBus::note_hearing() {
  if (is_away_told_ || dropped_ > 0) {
    log::warn("redis at {} is back; {} messages to other servers were dropped meanwhile", name_,
              dropped_);
    is_away_told_ = false;
  }
  if (std::exchange(dropped_, 0) > 0) may_have_lost_ = true;
  if (subscriptions_.empty() || (is_hearing_ && !may_have_lost_)) return;
  on_hearing_({.is_anew = !std::exchange(is_hearing_, true),
               .may_have_lost = std::exchange(may_have_lost_, false)});
}

void RedisBus::part(const std::string& why) {
  if (!is_away_told_) {
    log::warn("redis at {} is away: {}", name_, why);
    is_away_told_ = true;
  }
  if (session_ && session_->is_greeted && now() - session_->began > pause_max) pause_ = pause_min;
  // What was sent and not answered may have come too late for Redis.
  if (session_ && session_->is_greeted && !session_->speaker.awaited.empty()) may_have_lost_ = true;
  is_hearing_ = false;
  const auto ended = std::exchange(session_, nullptr);
  retry_at_ = now() + pause_;
  pause_ = std::min<std::chrono::milliseconds>(pause_ * 2, pause_max);
  if (!ended) return;
  std::vector<OnReply> asked;
  for (Line* line : ended->lines()) std::ranges::move(line->awaited, std::back_inserter(asked));
  for (Outgoing& waiting : outgoing_) {
    if (!waiting.on_reply) continue;
    outgoing_bytes_ -= waiting.bytes();
    asked.push_back(std::move(waiting.on_reply));
    waiting.command.clear();
  }
  std::erase_if(outgoing_, [](const Outgoing& waiting) { return waiting.command.empty(); });
  for (const OnReply& on_reply : asked) {
    if (on_reply) on_reply(Error("redis_cut", why));
  }
}

void RedisBus::check_silence() {
  Session& session = *session_;
  const TimePoint time = now();
  if (!session.is_greeted) {
    if (time - session.began > greeting_time) session.trouble = "it does not answer in time";
    return;
  }
  const bool is_ping_due = time - session.pinged > ping_interval;
  if (is_ping_due) session.pinged = time;
  for (Line* line : session.lines()) {
    if (time - line->heard > silence_max) session.trouble = "it has fallen silent";
    if (!is_ping_due) continue;
    line->link->send({"PING"});
    if (line != &session.listener) line->awaited.emplace_back();
  }
}

// -- what Redis says ------------------------------------------------------------------------------

void RedisBus::on_awaited_reply(Line& line, const redisReply& reply) {
  if (reply.type == REDIS_REPLY_ERROR) session_->trouble = text_of(reply);
  if (line.awaited.empty()) return void(session_->trouble = "it answers what nobody asked");
  const OnReply on_reply = std::move(line.awaited.front());
  line.awaited.pop_front();
  if (on_reply) on_reply(to_reply(reply));
}

void RedisBus::on_listener_reply(const redisReply& reply) {
  if (reply.type == REDIS_REPLY_ERROR) {
    session_->trouble = text_of(reply);
  } else if (reply.type == REDIS_REPLY_ARRAY) {
    on_pushed(reply);
  } else if (text_of(reply) == "PONG") {
    note_greeting();
  }
}

void RedisBus::on_pushed(const redisReply& reply) {
  // subscribe NAME count | message CHANNEL bytes | pmessage PATTERN channel bytes | pong ""
  if (reply.elements < 2) return;
  const std::string_view kind = text_of(*reply.element[0]);
  if (kind == "subscribe" || kind == "psubscribe") {
    if (session_->unconfirmed > 0 && --session_->unconfirmed == 0) note_hearing();
    return;
  }
  const bool is_message = kind == "message" && reply.elements == 3;
  const bool is_pattern_message = kind == "pmessage" && reply.elements == 4;
  if (!is_message && !is_pattern_message) return;
  const std::string_view message = text_of(*reply.element[reply.elements - 1]);
  if (message.size() <= limits_.message_bytes_max) on_message_(text_of(*reply.element[1]), message);
}

// -- what we say to Redis -------------------------------------------------------------------------

void RedisBus::add(std::string name, bool is_pattern) {
  if (!subscriptions_.insert_or_assign(name, is_pattern).second || !is_up()) return;
  session_->listener.link->send({is_pattern ? "PSUBSCRIBE" : "SUBSCRIBE", name});
  ++session_->unconfirmed;
}

void RedisBus::unsubscribe(const std::string& channel_or_pattern) {
  const auto found = subscriptions_.find(channel_or_pattern);
  if (found == subscriptions_.end()) return;
  if (is_up()) {
    session_->listener.link->send({found->second ? "PUNSUBSCRIBE" : "UNSUBSCRIBE", found->first});
  }
  subscriptions_.erase(found);
}

void RedisBus::publish(std::string channel, std::string message) {
  run({"PUBLISH", std::move(channel), std::move(message)}, {});
}

// Here first, behind our own subscriptions, and then elsewhere.
void RedisBus::count_subscribers(std::string channel, OnCount on_count) {
  if (elsewhere_) {
    run({"CLUSTER", "SLOTS"}, [this](const Result<Reply>& slots) {
      const auto map = slots ? SlotMap::parse(*slots, session_->place) : slots.error();
      if (map) cluster_ = map->places();
    });
  }
  Command command = numsub(channel);
  run(std::move(command), [this, channel = std::move(channel),
                           on_count = std::move(on_count)](const Result<Reply>& reply) {
    if (!reply) return;
    const std::size_t here = count_of(*reply);
    if (!elsewhere_) return on_count(here);
    std::vector<Place> others = cluster_;
    std::erase(others, session_->place);
    elsewhere_->ask(channel, std::move(others), [this, here, on_count](std::size_t there) {
      post([on_count, count = here + there] { on_count(count); }, overhead_bytes);
    });
  });
}

void RedisBus::run(Command command, OnReply on_reply) {
  outgoing_.push_back({std::move(command), std::move(on_reply)});
  outgoing_bytes_ += outgoing_.back().bytes();
  make_room();
}

void RedisBus::run_waiting(Command command, OnReply on_reply) {
  COTERIE_CHECK(is_up() && session_->waiter.link);
  session_->waiter.link->send(command);
  session_->waiter.awaited.push_back(std::move(on_reply));
}

void RedisBus::make_room() {
  while (outgoing_bytes_ > limits_.queue_bytes_max) {
    const Outgoing oldest = std::move(outgoing_.front());
    outgoing_.pop_front();
    outgoing_bytes_ -= oldest.bytes();
    ++dropped_;
    if (oldest.on_reply) oldest.on_reply(Error("redis_cut", "too much waits for Redis"));
  }
}

void RedisBus::send_outgoing() {
  Session& session = *session_;
  // Whoever answers must be heard: first we are subscribed.
  while (session.is_greeted && session.unconfirmed == 0 && !outgoing_.empty() &&
         session.speaker.link->unsent() < unsent_max &&
         session.speaker.awaited.size() < awaited_max) {
    Outgoing& next = outgoing_.front();
    outgoing_bytes_ -= next.bytes();
    session.speaker.link->send(next.command);
    session.speaker.awaited.push_back(std::move(next.on_reply));
    outgoing_.pop_front();
  }
  for (const Line* line : session.lines()) {
    if (const auto flushed = line->link->flush(); !flushed) {
      session.trouble = flushed.error().detail;
    }
  }
}

void RedisBus::farewell() {
  run_posted();
  // Nobody waits for answers any more.
  if (session_) session_->unconfirmed = 0;
  const TimePoint deadline = now() + farewell_time;
  while (session_ && session_->is_greeted && now() < deadline) {
    send_outgoing();
    if (!session_->trouble.empty() || (outgoing_.empty() && session_->speaker.link->unsent() == 0))
      break;
    pollfd polled{session_->speaker.link->fd(), POLLOUT, 0};
    ::poll(&polled, 1, static_cast<int>(farewell_time.count()));
  }
}

}  // namespace coterie::redis
