// How the streams adapter reads the stream: where it begins, what it hands out, what it misses.
//
// A server that starts writes an entry without a meaning, to know where the present begins. What
// the stream holds of the time before, as far as clients may come back from there, is only kept;
// what is behind it is live. When a connection is made anew, the last entry that was read has to be
// in the stream still: then so is all that is behind it.
// SPDX-License-Identifier: MIT
#include <algorithm>
#include <limits>
#include <utility>

#include "base/log.hpp"
#include "redis/streams_adapter.hpp"
#include "socketio/namespace.hpp"

namespace coterie::redis {

namespace {

using socketio::Offset;

constexpr std::size_t entries_at_once = 100;
constexpr auto tick_interval = std::chrono::seconds(1);
// An entry that breaks the connection each time is not read a fourth time.
constexpr unsigned failed_reads_max = 3;
// XREAD waits that long, and is given again: it shows that the connection lives.
constexpr const char* block_milliseconds = "5000";

std::optional<Offset> offset_in(const Result<Reply>& reply) {
  const auto text = reply ? reply->text() : Result<std::string>(reply.error());
  return text ? Offset::parse(*text) : std::nullopt;
}

// The greatest that is less.
Offset before(const Offset& offset) {
  if (offset.number > 0) return {offset.time, offset.number - 1};
  return {offset.time - 1, std::numeric_limits<std::uint64_t>::max()};
}

std::optional<Offset> first_in(const Result<Reply>& reply) {
  const auto entries = reply ? read_entries(*reply) : std::nullopt;
  return entries && !entries->empty() ? std::optional(entries->front().id) : std::nullopt;
}

}  // namespace

// What is asked may wait until the connection after the next: an answer that comes then is of no
// use, for all was asked again.
Bus::OnReply StreamsAdapter::of_now(Bus::OnReply use) {
  return [this, connection = connection_, use = std::move(use)](Result<Reply> reply) {
    if (connection == connection_) use(std::move(reply));
  };
}

void StreamsAdapter::on_up() {
  ++connection_;
  // At first not before we know where in the stream the present begins.
  if (position_ && options_.on_hearing) options_.on_hearing();
  is_current_ = false;
  sessions_.pause();
  outbox_.forget_sent();
  if (!position_) {
    return write_hello([this](const Offset& hello) { begin_behind(hello); });
  }
  if (failed_reads_ > failed_reads_max) return skip();
  check_position();
}

// An entry that says nothing: there is one then, and it has an id.
void StreamsAdapter::write_hello(std::function<void(const Offset&)> then) {
  bus_->run({"XADD", options_.stream, "MAXLEN", "~", std::to_string(options_.length), "*", "uid",
             uid_, "type", "1"},
            of_now([then = std::move(then)](const Result<Reply>& reply) {
              if (const auto hello = offset_in(reply)) then(*hello);
            }));
}

// The last entry that nobody can have missed who may come back: from there on all is known.
void StreamsAdapter::begin_behind(const Offset& hello) {
  const auto time = static_cast<std::uint64_t>(options_.max_disconnection.count());
  const std::uint64_t oldest = hello.time - std::min(hello.time, time);
  const auto on_first = [this, hello](const Result<Reply>& reply) {
    if (!reply) return;
    start_reading(first_in(reply).value_or(hello), hello);
  };
  bus_->run({"XREVRANGE", options_.stream, std::to_string(oldest), "-", "COUNT", "1"},
            of_now([this, hello, on_first](const Result<Reply>& reply) {
              if (!reply) return;
              if (const auto last = first_in(reply)) return start_reading(*last, hello);
              bus_->run({"XRANGE", options_.stream, "-", "+", "COUNT", "1"}, of_now(on_first));
            }));
}

void StreamsAdapter::check_position() {
  const std::string position = position_->text();
  bus_->run({"XRANGE", options_.stream, position, position},
            of_now([this](const Result<Reply>& reply) {
              if (!reply) return;
              first_in(reply) == position_ ? read() : skip();
            }));
}

// What was behind our position is gone, or cannot be read. Of a stream that has begun anew (or has
// been shortened since) nothing more is missed; else reading goes on in the present.
void StreamsAdapter::skip() {
  write_hello([this](const Offset& hello) {
    bus_->run({"XRANGE", options_.stream, "-", "+", "COUNT", "1"},
              of_now([this, hello](const Result<Reply>& reply) {
                if (!reply) return;
                const Offset first = first_in(reply).value_or(hello);
                const bool is_stuck = failed_reads_ > failed_reads_max;
                const Offset from = !is_stuck && first > *position_ ? before(first) : hello;
                start_reading(from, from);
                note_gap();
              }));
  });
}

void StreamsAdapter::start_reading(const Offset& from, const Offset& live_from) {
  const bool is_first = !position_;
  position_ = from;
  live_from_ = live_from;
  failed_reads_ = 0;
  senders_.clear();
  restart_logs(from);
  note_position();
  if (is_first && options_.on_hearing) options_.on_hearing();
  read();
}

// What follows that is not read yet, or live.
void StreamsAdapter::restart_logs(const Offset& known_from) {
  past_.restart(known_from);
  for (const auto& [nsp, space] : spaces_) {
    const auto here = space->space.lock();
    if (here) here->restart_log(known_from, std::max(known_from, live_from_));
  }
}

void StreamsAdapter::read() {
  if (!bus_->is_up()) return;
  Command command{"XREAD", "COUNT", std::to_string(entries_at_once)};
  if (is_current_) command.insert(command.end(), {"BLOCK", block_milliseconds});
  command.insert(command.end(), {"STREAMS", options_.stream, position_->text()});
  bus_->run_waiting(std::move(command), [this](const Result<Reply>& reply) { on_read(reply); });
}

// [[stream, entries]], or nothing.
void StreamsAdapter::on_read(const Result<Reply>& reply) {
  if (!reply) {
    // Perhaps what we read breaks the connection. What is said meanwhile waits in the outbox.
    ++failed_reads_;
    is_current_ = false;
    return sessions_.pause();
  }
  failed_reads_ = 0;
  std::size_t count = 0;
  if (!reply->is_nil()) {
    const auto streams = reply->list();
    const auto named = streams && streams->size() == 1 ? streams->front().list()
                                                       : Result<Reply::List>(Reply::List());
    auto entries = named && named->size() == 2 ? read_entries((*named)[1]) : std::nullopt;
    if (!entries) {
      ++malformed_;
      failed_reads_ = failed_reads_max + 1;
      return skip();
    }
    count = entries->size();
    for (StreamEntry& entry : *entries) on_entry(std::move(entry));
    if (std::exchange(has_gap_, false)) note_gap();
    note_position();
  }
  if (count < entries_at_once && !std::exchange(is_current_, true)) sessions_.resume();
  if (is_current_) outbox_.send();
  read();
}

void StreamsAdapter::on_entry(StreamEntry entry) {
  if (entry.id <= *position_) return;
  const Offset id = entry.id;
  const bool is_past = id <= live_from_;
  const bool is_numbered = entry.number > 0 && !entry.uid.empty();
  const auto verdict =
      is_numbered ? senders_.see(entry.uid, entry.number, id) : StreamSenders::Verdict::next;
  if (is_numbered && entry.uid == uid_) outbox_.confirm(entry.number);
  if (verdict == StreamSenders::Verdict::next_after_gap) has_gap_ = true;
  if (verdict != StreamSenders::Verdict::repeated && !entry.nsp.empty()) {
    spaces_.contains(entry.nsp) ? hand_out(entry, is_past) : past_.add(std::move(entry));
  }
  position_ = id;
}

void StreamsAdapter::hand_out(const StreamEntry& entry, bool is_past) {
  const auto space = spaces_.find(entry.nsp);
  const auto here = space == spaces_.end() ? nullptr : space->second->space.lock();
  if (!here) return;
  const auto request = decode_entry(entry);
  if (!request) return void(++malformed_);
  if (request->type != RequestType::broadcast) {
    if (!is_past) serving_.serve(here, *request, [](const Answer&) {});
    return;
  }
  if (is_past && request->saying.flags.is_volatile) return;
  socketio::Envelope envelope;
  envelope.audience = request->saying.audience;
  envelope.flags = request->saying.flags;
  envelope.alone = Id::parse(entry.alone);
  here->arrive(std::move(envelope), request->saying.event,
               socketio::arguments(request->saying.args), entry.id, is_past);
}

void StreamsAdapter::note_gap() {
  log::warn(
      "events of other servers are missing in the stream of Redis: whoever is away begins anew");
  restart_logs(*position_);
  if (options_.on_gap) options_.on_gap();
}

void StreamsAdapter::note_position() {
  told_position_.with([this](auto& position) { position = std::max(*position_, live_from_); });
  const auto end = behind_.upper_bound(*position_);
  std::vector<std::function<void(bool)>> due;
  for (auto each = behind_.begin(); each != end; ++each) due.push_back(std::move(each->second));
  behind_.erase(behind_.begin(), end);
  for (const auto& task : due) task(true);
}

// The newest entry is asked for now, so that nothing any server has read by now is left out.
void StreamsAdapter::when_read(std::function<void(bool)> then) {
  bus_->run({"XREVRANGE", options_.stream, "+", "-", "COUNT", "1"},
            [this, then = std::move(then)](const Result<Reply>& reply) {
              if (!reply || !position_) return then(false);
              const auto last = first_in(reply).value_or(*position_);
              last <= *position_ ? then(true) : void(behind_.emplace(last, then));
            });
}

// Namespaces in which nothing is said learn how far the stream is, for those who connect to them.
void StreamsAdapter::tick() {
  if (position_) {
    for (const auto& [nsp, space] : spaces_) {
      if (const auto here = space->space.lock()) here->reach(*position_);
    }
  }
  bus_->run_after(tick_interval, [this] { tick(); });
}

}  // namespace coterie::redis
