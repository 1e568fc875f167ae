// SPDX-License-Identifier: MIT
#include "redis/slots.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "redis/connection.hpp"

namespace coterie::redis {

namespace {

// Of a Cluster; with a replica or two for each primary that is far more than works.
constexpr std::size_t places_max = 4096;
// Even a server with one slot has one of so many keys, all but certainly (e^-61).
constexpr std::uint32_t key_attempts = 1'000'000;

constexpr std::array<std::uint16_t, 256> crc_table = [] {
  std::array<std::uint16_t, 256> table{};
  for (unsigned byte = 0; byte < 256; ++byte) {
    unsigned rest = byte << 8;
    for (int bit = 0; bit < 8; ++bit) rest = (rest << 1) ^ (rest & 0x8000 ? 0x1021 : 0);
    table[byte] = static_cast<std::uint16_t>(rest);
  }
  return table;
}();

std::uint16_t crc16(std::string_view bytes) {
  std::uint16_t crc = 0;
  for (const char each : bytes) {
    const auto byte = static_cast<unsigned char>(each);
    crc = static_cast<std::uint16_t>((crc << 8) ^ crc_table[(crc >> 8) ^ byte]);
  }
  return crc;
}

std::string_view tag_of(std::string_view key) {
  const std::size_t open = key.find('{');
  if (open == std::string_view::npos) return key;
  const std::size_t close = key.find('}', open + 1);
  if (close == std::string_view::npos || close == open + 1) return key;
  return key.substr(open + 1, close - open - 1);
}

// What stands before the next space, which is removed with it.
std::string_view take_word(std::string_view& text) {
  const std::size_t end = std::min(text.find(' '), text.size());
  const std::string_view word = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return word;
}

std::optional<Slot> parse_slot(std::string_view digits) {
  Slot slot = 0;
  const auto [end, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), slot);
  const bool is_whole = problem == std::errc() && end == digits.data() + digits.size();
  return is_whole && slot < slot_count ? std::optional(slot) : std::nullopt;
}

Error nonsense() {
  return Error("redis_failed", "what it says of its slots cannot be understood");
}

Result<Place> place_from(const Reply& node, const Place& asked) {
  const auto facts = node.list();
  if (!facts || facts->size() < 2) return nonsense();
  const auto host = (*facts)[0].maybe_text();
  const auto port = (*facts)[1].integer();
  if (!host || !port || *port < 1 || *port > 65535) return nonsense();
  const bool is_named = *host && !(*host)->empty();
  return Place{is_named ? **host : asked.host, static_cast<std::uint16_t>(*port)};
}

}  // namespace

Slot slot_of(std::string_view key) {
  return crc16(tag_of(key)) % slot_count;
}

std::optional<std::string_view> key_of(const Command& command) {
  const std::size_t at = command[0] == "EVAL" ? 3 : 1;
  if (command.size() <= at || (at == 3 && command[2] == "0")) return std::nullopt;
  return command[at];
}

std::optional<Redirect> parse_redirect(std::string_view error, const Place& by) {
  const std::string_view kind = take_word(error);
  if (kind != "MOVED" && kind != "ASK") return std::nullopt;
  const auto slot = parse_slot(take_word(error));
  const std::size_t colon = error.rfind(':');  // An IPv6 address has more of them, and no brackets.
  if (!slot || colon == std::string_view::npos) return std::nullopt;
  const auto port = parse_port(error.substr(colon + 1));
  if (!port) return std::nullopt;
  const std::string host(error.substr(0, colon));
  return Redirect{kind == "ASK" ? Redirect::Kind::ask : Redirect::Kind::moved, *slot,
                  Place{host.empty() ? by.host : host, *port}};
}

Result<SlotMap> SlotMap::parse(const Reply& slots, const Place& asked) {
  SlotMap map;
  const auto ranges = slots.list();
  if (!ranges) return nonsense();
  for (const Reply& each : *ranges) {
    const auto range = each.list();
    if (!range || range->size() < 3) return nonsense();
    const auto first = (*range)[0].integer();
    const auto last = (*range)[1].integer();
    if (!first || !last || *first < 0 || *last < *first || *last >= slot_count) return nonsense();
    for (std::size_t i = 2; i < range->size(); ++i) {
      const auto place = place_from((*range)[i], asked);
      if (!place || map.places_.size() >= places_max) return nonsense();
      const Index index = map.index_of(*place);
      if (i == 2) std::fill(&map.owners_[*first], &map.owners_[*last] + 1, index);
    }
  }
  if (map.places_.empty()) map.places_.push_back(asked);  // No slot is given to anybody yet.
  return map;
}

SlotMap::Index SlotMap::index_of(const Place& place) {
  const auto found = std::ranges::find(places_, place);
  const auto index = static_cast<Index>(found - places_.begin());
  if (found == places_.end()) places_.push_back(place);
  return index;
}

const Place& SlotMap::place_of(const Command& command) const {
  if (places_.size() == 1) return places_.front();
  const auto key = key_of(command);
  const Index owner = key ? owners_[slot_of(*key)] : nobody;
  return owner == nobody ? places_.front() : places_[owner];
}

std::vector<Place> SlotMap::primaries() const {
  std::vector<Place> primaries;
  std::vector<bool> is_in(places_.size());
  for (const Index owner : owners_) {
    if (owner == nobody || is_in[owner]) continue;
    is_in[owner] = true;
    primaries.push_back(places_[owner]);
  }
  return primaries;
}

void SlotMap::move(Slot slot, const Place& to) {
  if (places_.size() < places_max) owners_[slot] = index_of(to);
}

std::vector<SlotMap::Share> SlotMap::shares(std::string_view key) const {
  std::vector<Share> shares;
  for (Place& each : primaries()) shares.push_back({std::move(each), {}});
  if (shares.size() == 1) shares.front().key = key;
  std::size_t missing = shares.size() == 1 ? 0 : shares.size();
  for (std::uint32_t n = 0; missing > 0 && n < key_attempts; ++n) {
    std::string candidate = fmt::format("{}:{}", key, n);
    const Index owner = owners_[slot_of(candidate)];
    if (owner == nobody) continue;
    const auto share = std::ranges::find(shares, places_[owner], &Share::place);
    if (!share->key.empty()) continue;
    share->key = std::move(candidate);
    --missing;
  }
  return shares;
}

Result<SlotMap> find_slots(std::span<const Place> nodes, const Options& options) {
  std::string reasons;
  for (const Place& node : nodes) {
    Options there = hurried(at(options, node));
    there.database = 0;
    const auto slots = ask_once(there, {"CLUSTER", "SLOTS"});
    if (!slots && slots.error().code == "redis_refused") return slots.error();
    auto map = slots ? SlotMap::parse(*slots, node) : slots.error();
    if (map) return map;
    reasons +=
        fmt::format("{}{}: {}", reasons.empty() ? "" : "; ", name_of(node), map.error().detail);
  }
  return Error("redis_cut", "no node tells where keys are: " + reasons);
}

}  // namespace coterie::redis
