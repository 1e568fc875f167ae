// SPDX-License-Identifier: MIT
#include "redis/stream_sessions.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "base/log.hpp"

namespace coterie::redis {

namespace {

using socketio::SavedSession;

// A client waits for its CONNECT meanwhile: then it begins anew, which it can do without Redis.
constexpr auto claim_time = std::chrono::seconds(5);
constexpr auto cede_time = std::chrono::seconds(2);
constexpr unsigned rounds_max = 3;  // Of asking the others,
constexpr auto round_pause = std::chrono::milliseconds(20);
constexpr auto hand_time = std::chrono::milliseconds(100);  // Until it is used, or saved again.
constexpr std::size_t claims_max = 100'000;  // At a time: all clients of a server that has gone.

// All pids are of one length.
std::string name_of(const Id& pid, const std::string& nsp) {
  return std::string(pid.view()) + nsp;
}

}  // namespace

StreamSessions::StreamSessions(Bus& bus, Questions& questions, std::string uid,
                               std::string key_prefix, std::string channel_prefix,
                               std::chrono::milliseconds time, WhenRead when_read)
    : bus_(bus),
      questions_(questions),
      uid_(std::move(uid)),
      key_prefix_(std::move(key_prefix)),
      channel_prefix_(std::move(channel_prefix)),
      time_(time),
      when_read_(std::move(when_read)) {}

void StreamSessions::save(const SavedSession& session) {
  // What was left here has heard all that this server has read: whoever waits here may have it.
  const SharedClaim claim = first_of(session.pid, session.nsp);
  claim ? settle(claim, session) : keep(session);
}

void StreamSessions::keep(const SavedSession& session) {
  bus_.run({"SET", key_prefix_ + std::string(session.pid.view()), encode_session(session), "PX",
            std::to_string(time_.count())},
           {});
}

void StreamSessions::take(const Id& pid, const std::string& nsp, const socketio::Asker& asker,
                          Taken taken) {
  if (open_.size() >= claims_max) return taken(std::nullopt);
  const auto claim = std::make_shared<Claim>(pid, nsp, asker, std::move(taken));
  open_.emplace(name_of(pid, nsp), claim);
  bus_.run_after(claim_time, [this, claim] {
    settle(claim, std::nullopt);
    while (!waiting_.empty() && !waiting_.front()->taken) waiting_.pop_front();
  });
  if (is_paused_ || !bus_.is_up()) return waiting_.push_back(claim);
  ask_redis(claim, rounds_max);
}

bool StreamSessions::is_under_way(const Id& pid, const std::string& nsp) const {
  const std::string name = name_of(pid, nsp);
  if (handed_.contains(name)) return true;
  const auto [first, end] = open_.equal_range(name);
  return std::any_of(first, end, [](const auto& each) { return each.second->is_under_way; });
}

void StreamSessions::resume() {
  is_paused_ = false;
  for (const SharedClaim& claim : std::exchange(waiting_, {})) {
    if (claim->taken) ask_redis(claim, rounds_max);
  }
}

void StreamSessions::settle(const SharedClaim& claim, std::optional<SavedSession> session) {
  const Taken taken = std::exchange(claim->taken, nullptr);
  if (!taken) {
    if (session) save(*session);  // It came too late for who has asked, not for who asks next.
    return;
  }
  const auto [first, end] = open_.equal_range(name_of(claim->pid, claim->nsp));
  const auto next =
      open_.erase(std::find_if(first, end, [&](const auto& each) { return each.second == claim; }));
  const SharedClaim heir = next == end ? nullptr : next->second;
  if (heir && session) heir->asks_again = true;
  if (session) {
    const auto handed = handed_.insert(name_of(claim->pid, claim->nsp));
    bus_.run_after(hand_time, [this, handed] { handed_.erase(handed); });
  }
  taken(std::move(session));
  if (!heir || !std::exchange(heir->has_found_nothing, false)) return;
  // Not within each other: a crowd may wait for one session.
  bus_.run_after(std::chrono::milliseconds(0), [this, heir] { find_nothing(heir); });
}

// What an earlier one asks for may be on its way; and where the session was given to that, it is
// here or comes back.
void StreamSessions::find_nothing(const SharedClaim& claim) {
  if (claim->taken && std::exchange(claim->asks_again, false)) return ask_redis(claim, rounds_max);
  if (!claim->taken || first_of(claim->pid, claim->nsp) == claim) {
    return settle(claim, std::nullopt);
  }
  claim->has_found_nothing = true;
}

StreamSessions::SharedClaim StreamSessions::first_of(const Id& pid, const std::string& nsp) const {
  const std::string name = name_of(pid, nsp);
  const auto first = open_.lower_bound(name);
  return first == open_.end() || first->first != name ? nullptr : first->second;
}

void StreamSessions::ask_redis(const SharedClaim& claim, unsigned rounds) {
  // What is asked later would take a session for nobody.
  if (!claim->is_wanted() || !bus_.is_up()) return find_nothing(claim);
  claim->is_under_way = true;
  const auto on_reply = [this, claim, rounds](const Result<Reply>& reply) {
    const auto text =
        reply ? reply->maybe_text() : Result<std::optional<std::string>>(reply.error());
    claim->is_under_way = text && *text;
    if (!text) return waiting_.push_back(claim);  // Until the next connection.
    if (!*text) {
      if (rounds == rounds_max) return ask_holders(claim, rounds - 1);
      if (rounds == 0) return find_nothing(claim);
      return bus_.run_after(round_pause, [this, claim, rounds] { ask_holders(claim, rounds - 1); });
    }
    // One of a server on Node does not say of which namespace it is: it would open all of them.
    auto session = decode_session(**text);
    const bool is_right = session && session->pid == claim->pid && session->nsp == claim->nsp;
    if (!is_right) return find_nothing(claim);
    when_read_([this, claim, session = std::move(*session)](bool is_read) {
      if (is_read) return settle(claim, session);
      claim->is_under_way = false;
      keep(session);
      waiting_.push_back(claim);
    });
  };
  bus_.run({"GETDEL", key_prefix_ + std::string(claim->pid.view())}, on_reply);
}

void StreamSessions::ask_holders(const SharedClaim& claim, unsigned rounds) {
  if (!claim->is_wanted()) return find_nothing(claim);
  Request request;
  request.type = RequestType::server_side_emit;
  request.saying.event = "cede";
  request.saying.args = socketio::Args(JsonArray{Json(claim->pid.view())});
  auto question =
      std::make_unique<ServersQuestion>([this, claim, rounds](const socketio::Answers& answers) {
        const bool was_there = std::ranges::any_of(
            answers.values, [](const socketio::Args& answer) { return answer[0] == Json(true); });
        ask_redis(claim, was_there ? rounds : 0);
      });
  questions_.ask(cede_channel(claim->nsp), std::move(question), cede_time,
                 [&](const std::string& id) {
                   request.id = id;
                   return encode_message(uid_, claim->nsp, request);
                 });
}

}  // namespace coterie::redis
