// SPDX-License-Identifier: MIT
#include "cluster_client.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace coterie::simulation {

namespace {

constexpr std::uint64_t nobody = UINT64_MAX;  // No count of losses: whose moves we cannot know.

unsigned owner_of(std::string_view room) {
  unsigned owner = 0;
  std::from_chars(room.data(), room.data() + room.size(), owner);
  return owner;
}

}  // namespace

void ClusterClient::act(Servers& servers) {
  if (connection_ && connection_->is_gone()) {
    hear();
    if (is_in() && !expects_the_end()) {
      world_.fail("client {} was thrown out of server {}", number_, server_);
    }
    // It was sent away before it was there, and nobody has told it.
    if (claim_) is_turned_away_ = true;
    return be_out(false);
  }
  if (!connection_) {
    if (is_parted_ || world_.is_calm || !world_.chance.one_in(6)) return;
    return connect(*world_.chance.pick(servers));
  }
  std::erase_if(late_, [this](const LateAnswer& late) {
    if (late.due > world_.clock.now()) return false;
    connection_->say(late.packet);
    return true;
  });
  if (world_.is_calm) return;
  if (world_.chance.one_in(60)) {
    is_polling_ ? connection_->stop_polling() : connection_->poll_again();
    is_polling_ = !is_polling_;
  } else if (world_.chance.one_in(60) && is_in()) {
    connection_->say(R"(2["spread"])");
  } else if (world_.chance.one_in(150)) {
    const bool is_cut = is_polling_ && world_.chance.one_in(2);
    world_.note("client {} {} server {}", number_, is_cut ? "is cut from" : "leaves", server_);
    hear();
    if (connection_) is_cut ? connection_->drop() : connection_->close();
    be_out(is_in());
  }
}

void ClusterClient::connect(ClusterServer& server) {
  const auto shard = static_cast<unsigned>(world_.chance.below(server.at().shards.size()));
  server_ = server.number();
  connection_.emplace(server.at(), shard);
  ++connections_;
  is_polling_ = true;
  standing_ = Standing::asking;
  if (pid_.empty()) {
    connection_->say("0");
  } else {
    claim_ = server_ == home_ ? pid_ : "";  // Elsewhere nobody knows it.
    connection_->claim(pid_, offset_);
  }
  if (world_.chance.one_in(6)) connection_->say("0/child-" + std::to_string(number_ % 2) + ",");
  world_.note("client {} connects to server {}, {}", number_, server_,
              claim_ ? "and wants its session back" : "anew");
}

void ClusterClient::be_out(bool may_come_back) {
  if (may_come_back && !goodbye_ && story_.settings.recovers) {
    // One of another server's log says nothing here.
    offset_ = has_heard_ ? connection_->offset() : "";
  } else if (!claim_) {
    pid_.clear();
  }
  claim_.reset();
  standing_ = Standing::out;
  connection_.reset();
  missed_.clear();
  late_.clear();
  goodbye_.reset();
}

void ClusterClient::lose(unsigned server) {
  if (is_at(server)) {
    hear();
    be_out(false);
  }
  if (server_ == server) pid_.clear();
}

void ClusterClient::part() {
  is_parted_ = true;
  if (!connection_) return;
  connection_->close();
  be_out(false);
}

void ClusterClient::poll_again() {
  if (connection_ && !std::exchange(is_polling_, true)) connection_->poll_again();
}

// -- what it hears --------------------------------------------------------------------------------

void ClusterClient::hear() {
  if (!connection_) return;
  for (const std::string& packet : connection_->take()) {
    world_.note("client {} at {} hears {}", number_, server_, packet);
    on_packet(packet);
    if (world_.has_failed()) return;
  }
}

void ClusterClient::on_packet(const std::string& packet) {
  if (packet.find("/child-") < 4) return;
  if (packet.starts_with('0')) return on_connected(parse_json(packet.substr(1)).value());
  if (packet.starts_with('1')) {
    if (!expects_the_end()) {
      world_.fail("client {} is sent away without a word", number_);
    }
    goodbye_ = server_;
    if (connection_) connection_->close();
    return be_out(false);
  }
  if (standing_ == Standing::asking) return missed_.push_back(packet);
  on_event(packet);
}

void ClusterClient::on_connected(const Json& facts) {
  const Json* known = facts.as_object().if_contains("pid");
  const std::string pid = known ? std::string(known->as_string()) : "";
  const bool is_recovered = claim_ && pid == *claim_ && !claim_->empty();
  const bool is_sent_away =
      std::exchange(is_turned_away_, false) || (claim_ && story_.sockets[sid_].is_sent_away);
  if (claim_ && !claim_->empty() && !is_recovered && !is_sent_away) {
    world_.fail("client {} is not let back into server {}", number_, server_);
  }
  if (!pid_.empty() && pid == pid_ && !is_recovered) {
    world_.fail("client {} is back on server {}, which cannot know it", number_, server_);
  }
  claim_.reset();
  pid_ = pid;
  goodbye_.reset();
  has_missed_goodbye_ = false;
  losses_before_ = all_losses();
  standing_ = Standing::in;
  sid_ = std::string_view(facts.at("sid").as_string());
  story_.sockets[sid_].name = number_ * 1000 + connections_;
  world_.note("client {} is in server {} as {}", number_, server_, sid_);
  stays_.clear();
  trust_.clear();
  if (!is_recovered) {
    if (!missed_.empty()) world_.fail("client {} hears before it is there", number_);
    threads_.clear();
    home_ = server_;
    has_heard_ = false;
    for (const auto& [speaker, sayings] : story_.sayings) trust_[speaker] = losses_of(speaker);
    return;
  }
  world_.count("recoveries in clusters");
  // Who has moved it meanwhile, it cannot know.
  for (const auto& [speaker, sayings] : story_.sayings) trust_[speaker] = nobody;
  is_repeating_ = true;
  for (const std::string& packet : std::exchange(missed_, {})) {
    world_.count("events repeated in clusters");
    on_event(packet);
  }
  is_repeating_ = false;
}

void ClusterClient::on_event(std::string_view packet) {
  const std::size_t begin = packet.find('[');
  const auto data = parse_json(packet.substr(std::min(begin, packet.size())));
  if (!data || !packet.starts_with('2')) {
    return world_.fail("client {} hears {}", number_, packet);
  }
  const JsonArray& array = data->as_array();
  if (array[0] == Json("question")) {
    return on_question(packet.substr(1, begin - 1), array[1].to_number<std::size_t>());
  }
  on_said(array);
}

void ClusterClient::on_question(std::string_view id, std::size_t inquiry) {
  if (world_.chance.one_in(6)) return void(story_.inquiries[inquiry].silent.insert(number_));
  const std::string answer = fmt::format("3{}[{}]", id, story_.sockets[sid_].name);
  if (world_.chance.one_in(2)) return connection_->say(answer);
  late_.push_back({world_.clock.now() + milliseconds(world_.chance.below(60)), answer});
}

void ClusterClient::on_said(const JsonArray& data) {
  const std::string kind(data[0].as_string());
  const auto speaker = data[1].to_number<unsigned>();
  const auto number = data[2].to_number<std::uint64_t>();
  const std::string room(data[3].as_string());
  const Saying& saying = story_.sayings[speaker].at(number - 1);
  has_heard_ = true;
  Thread& thread = threads_[speaker];
  if (number <= thread.number) {
    return world_.fail("client {} hears {} of server {} behind {}", number_, number, speaker,
                       thread.number);
  }
  if (!may_hear(speaker, saying)) {
    return world_.fail("client {} hears {} of server {}, which is not for it", number_, number,
                       speaker);
  }
  if (thread.number > 0) check_missing(speaker, number);
  thread = {number, ++events_, saying.losses.of(server_)};
  world_.count("heard in clusters");
  note_move(kind, speaker, saying, room);
}

void ClusterClient::note_move(const std::string& kind, unsigned speaker, const Saying& saying,
                              const std::string& room) {
  const auto end_certainty = [](Stay& stay) { stay.certain_since.reset(); };
  if (kind == "invited") {
    stays_.try_emplace(room);
  } else if (kind == "joined") {
    Stay& stay = stays_[room];
    if (!stay.certain_since) stay.certain_since = events_;
  } else if (kind == "kicking") {
    if (const auto stay = stays_.find(room); stay != stays_.end()) end_certainty(stay->second);
  } else if (kind == "kicked") {
    stays_.erase(room);
    left_at_[room] = events_;
  } else if (kind == "resetting" || kind == "reset") {
    for (auto& [name, stay] : stays_) {
      if (owner_of(name) == speaker) end_certainty(stay);
    }
    if (is_repeating_) return;
    // Orders reach only who is there: all of them must have come to this connection.
    if (kind == "resetting") return void(resetting_[speaker] = connections_);
    if (resetting_[speaker] != connections_) return;
    std::erase_if(stays_, [&](const auto& stay) { return owner_of(stay.first) == speaker; });
    trust_[speaker] = saying.losses.of(server_);
    reset_at_[speaker] = events_;
  } else if (kind == "goodbye" && is_repeating_) {
    has_missed_goodbye_ = true;  // What comes behind it may be under way still.
  } else if (kind == "goodbye") {
    goodbye_ = speaker;
    goodbye_losses_ = saying.losses.of(server_);
  }
}

// -- what it believes -----------------------------------------------------------------------------

std::uint64_t ClusterClient::all_losses() const {
  std::uint64_t all = 0;
  for (const auto& [speaker, sayings] : story_.sayings) all += losses_of(speaker);
  return all;
}

// It was told of it, or that was lost.
bool ClusterClient::expects_the_end() const {
  return goodbye_ || has_missed_goodbye_ || all_losses() != losses_before_;
}

bool ClusterClient::is_trusted(const std::string& room) const {
  const unsigned owner = owner_of(room);
  const auto known = trust_.find(owner);
  return (known == trust_.end() ? 0 : known->second) == losses_of(owner);
}

bool ClusterClient::can_be_in(const std::string& room) const {
  if (room == sid_) return true;
  if (room.find('/') == std::string::npos) return false;  // Somebody else's own.
  return !is_trusted(room) || stays_.contains(room);
}

// At any time behind our event `since`.
bool ClusterClient::could_be_in(const std::string& room, std::uint64_t since) const {
  const auto left = left_at_.find(room);
  const auto reset = reset_at_.find(owner_of(room));
  return can_be_in(room) || (left != left_at_.end() && left->second > since) ||
         (reset != reset_at_.end() && reset->second > since);
}

bool ClusterClient::must_be_in(const std::string& room, std::uint64_t since) const {
  if (room == sid_) return true;
  const auto stay = stays_.find(room);
  return stay != stays_.end() && is_trusted(room) && stay->second.certain_since &&
         *stay->second.certain_since <= since;
}

bool ClusterClient::may_hear(unsigned speaker, const Saying& saying) const {
  if (saying.is_local && speaker != server_) return false;
  const auto& [rooms, except] = saying.audience;
  const auto can = [this](const std::string& room) { return can_be_in(room); };
  const auto must = [this](const std::string& room) { return must_be_in(room, nobody); };
  return (rooms.empty() || std::ranges::any_of(rooms, can)) && std::ranges::none_of(except, must);
}

// What was said when we had heard our event `since` already.
bool ClusterClient::must_hear(unsigned speaker, const Saying& saying, std::uint64_t since) const {
  if (saying.is_local && speaker != server_) return false;
  const auto& [rooms, except] = saying.audience;
  const auto could = [&](const std::string& room) { return could_be_in(room, since); };
  const auto must = [&](const std::string& room) { return must_be_in(room, since); };
  return (rooms.empty() || std::ranges::any_of(rooms, must)) && std::ranges::none_of(except, could);
}

void ClusterClient::check_missing(unsigned speaker, std::uint64_t until) {
  const Thread& thread = threads_[speaker];
  if (thread.losses != losses_of(speaker)) return;
  for (std::uint64_t number = thread.number + 1; number < until; ++number) {
    if (!must_hear(speaker, story_.sayings[speaker][number - 1], thread.heard_at)) continue;
    return world_.fail("client {} at server {} has missed {} of server {}", number_, server_,
                       number, speaker);
  }
}

void ClusterClient::check_complete(unsigned speaker) {
  if (!is_in() || goodbye_ || threads_[speaker].number == 0) return;
  check_missing(speaker, story_.sayings[speaker].size() + 1);
}

void ClusterClient::check_obedience() {
  if (is_in() && goodbye_ && losses_of(*goodbye_) == goodbye_losses_) {
    world_.fail("client {} was sent away by server {}, and is there", number_, *goodbye_);
  }
}

}  // namespace coterie::simulation
