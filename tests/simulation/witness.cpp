// SPDX-License-Identifier: MIT
#include "witness.hpp"

namespace coterie::simulation {

void Witness::welcome(const JsonObject& rooms) {
  if (is_welcome_) world_.fail("{}: welcome twice", name_);
  is_welcome_ = true;
  if (is_repeating_) return;
  for (const auto& [room, said] : rooms) {
    joined(std::string(room), said.to_number<std::uint64_t>(), false);
  }
}

void Witness::begin_repeating(const JsonObject& rooms) {
  is_repeating_ = true;
  std::erase_if(stays_, [&](const auto& stay) { return !rooms.contains(stay.first); });
  // What was said before it joined may be repeated, when it has heard nothing since.
  for (auto& [room, stay] : stays_) stay.is_exact = false;
  for (const auto& [room, said] : rooms) {
    stays_.emplace(std::string(room), Stay{said.to_number<std::uint64_t>(), false, false, true});
  }
}

void Witness::end_repeating(const JsonObject& rooms) {
  is_repeating_ = false;
  for (const auto& [key, said] : rooms) {
    const std::string room(key);
    Stay& stay = stays_.at(room);
    settle(room, stay, said.to_number<std::uint64_t>());
    stay.is_found = false;
  }
}

void Witness::joined(const std::string& room, std::uint64_t said, bool is_exact) {
  if (is_repeating_) return;
  stays_.emplace(room, Stay{said, is_exact});  // To join twice is to join once.
}

void Witness::left(const std::string& room, std::uint64_t at_least) {
  const auto stay = stays_.find(room);
  if (stay == stays_.end()) return;
  if (at_least > stay->second.said_before && last_[room] < at_least) {
    world_.fail("{} left {} having heard {}, but missed up to {}", name_, room, last_[room],
                at_least);
  }
  stays_.erase(stay);
}

void Witness::kicked(const std::string& room, std::uint64_t said) {
  if (is_repeating_) return;
  const auto stay = stays_.find(room);
  if (stay == stays_.end()) return;
  settle(room, stay->second, said);
  stays_.erase(stay);
}

// At a point where `said` was the last number, and the client still in the room.
void Witness::settle(const std::string& room, const Stay& stay, std::uint64_t said) {
  const bool is_complete = stay.has_heard ? last_[room] == said : said <= stay.said_before;
  if (!is_complete) {
    world_.fail("{} has heard up to {} in {} since {}, where {} was said", name_, last_[room], room,
                stay.said_before, said);
  }
}

void Witness::heard(const std::string& room, std::uint64_t number) {
  const auto found = stays_.find(room);
  if (found == stays_.end()) {
    return world_.fail("{} hears {} of {} without being there", name_, number, room);
  }
  Stay& stay = found->second;
  std::uint64_t& last = last_[room];
  if (number <= last) return world_.fail("{} hears {} of {} behind {}", name_, number, room, last);
  const std::uint64_t before = stay.has_heard ? last : stay.said_before;
  const bool is_next = stay.has_heard || stay.is_exact ? number == before + 1
                                                       : number <= before + (stay.is_found ? 0 : 1);
  if (!is_next) world_.fail("{} hears {} of {} after {}", name_, number, room, before);
  stay.has_heard = true;
  last = number;
  world_.count("heard");
}

void Witness::heard_after(const std::string& room, std::uint64_t number) {
  const auto stay = stays_.find(room);
  if (stay != stays_.end() && !stay->second.is_found && last_[room] != number) {
    world_.fail("{} was told directly of {} in {} and has heard {}", name_, number, room,
                last_[room]);
  }
}

void Witness::audit(std::uint64_t number, const JsonObject& rooms) {
  if (number <= audits_) world_.fail("{}: audit {} behind {}", name_, number, audits_);
  audits_ = number;
  world_.count("audits");
  if (!is_repeating_ && rooms.size() != stays_.size()) {
    world_.fail("{} believes to be in {} rooms, and is in {}", name_, stays_.size(),
                to_text(rooms));
  }
  for (const auto& [key, said] : rooms) {
    const std::string room(key);
    const auto stay = stays_.find(room);
    if (is_repeating_ && (stay == stays_.end() || stay->second.is_found)) continue;
    if (stay == stays_.end()) return world_.fail("{} does not know to be in {}", name_, room);
    settle(room, stay->second, said.to_number<std::uint64_t>());
  }
}

void Witness::heard_several(std::uint64_t number) {
  if (number <= last_of_several_) {
    world_.fail("{} hears number {} for several rooms behind {}", name_, number, last_of_several_);
  }
  last_of_several_ = number;
  several_.insert(number);
  world_.count("heard in several rooms");
}

void Witness::probe(std::uint64_t number, bool is_entitled) {
  if (number <= last_probe_) world_.fail("{}: probe {} behind {}", name_, number, last_probe_);
  last_probe_ = number;
  if (!is_repeating_ && several_.contains(number) != is_entitled) {
    world_.fail("{} {} number {} for several rooms", name_,
                is_entitled ? "should have heard" : "should not have heard", number);
  }
}

void Witness::tick(const std::string& room, std::uint64_t number) {
  std::uint64_t& last = ticks_[room];
  if (number <= last) world_.fail("{} hears tick {} of {} behind {}", name_, number, room, last);
  if (!is_in(room)) world_.fail("{} hears a tick of {} without being there", name_, room);
  last = number;
  world_.count("ticks");
}

void Witness::direct(std::uint64_t number) {
  if (number != directs_ + 1) {
    world_.fail("{} hears the direct word {} after {}", name_, number, directs_);
  }
  directs_ = number;
}

}  // namespace coterie::simulation
