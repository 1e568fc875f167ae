// SPDX-License-Identifier: MIT
#include "member.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace coterie::simulation {

namespace {

const std::string anything;

}  // namespace

std::string bytes_of(std::string_view room, std::uint64_t number) {
  std::string bytes(number * 37 % 300, '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = static_cast<char>((number * 31 + i * 7 + room.size()) & 0xFFU);
  }
  return bytes;
}

std::string text_of(std::string_view room, std::uint64_t number) {
  const std::uint64_t odds = number * 2654435761U % 40;
  const std::size_t size = odds == 0 ? 20'000 : odds < 4 ? 3000 : number % 60;
  return fmt::format("{}\u00e9{}{}", room, number, std::string(size, '.'));
}

Member::Member(World& world, Network& network, unsigned number)
    : world_(world), engine_(world, network, number), number_(number) {
  stations_[0].nsp = "/";
  stations_[1].nsp = "/side";
  wakes_at_ = world.clock.now() + milliseconds(world.chance.below(300));
}

void Member::act() {
  engine_.act();
  hear();
  if (engine_.is_over()) {
    if (!was_over_) on_over();
    if (has_parted_ || world_.is_calm || world_.clock.now() < wakes_at_) return;
    engine_.open();
    was_over_ = has_joined_ = has_heard_goodbye_ = false;
    loiters_ = world_.chance.one_in(12);
    if (loiters_) engine_.life().excuse = "loiters";
    // The last life has asked, too, and nobody knows when that is heard.
    if (std::ranges::any_of(stations_, &Station::is_claiming)) {
      engine_.life().excuse = "claims a session twice";
    }
    return;
  }
  if (!engine_.is_open()) return;
  if (loiters_) {
    const milliseconds patience = world_.settings.connect_timeout + milliseconds(600);
    if (world_.clock.now() > engine_.opened_at() + patience) {
      world_.fail("member {} loiters, and nobody minds", number_);
    }
    return;
  }
  answer_late();
  wish();
}

// What one life leaves for the next: nothing.
void Member::on_over() {
  was_over_ = true;
  const bool was_sent_away = engine_.was_innocent() && engine_.life().excuse == sent_away;
  for (Station& station : stations_) {
    // Whoever closes all of a client's namespaces tells it of each.
    if (was_sent_away && world_.settings.purges_close && station.standing == Standing::in) {
      world_.fail("member {} was sent away from {} without a word", number_, station.nsp);
    }
    const bool has_session = station.standing == Standing::in || station.is_claiming;
    if (station.pid.empty() || !has_session || world_.chance.one_in(8)) forget_session(station);
    station.standing = Standing::out;
    station.is_returning = false;
    station.missed.clear();
    station.asked.clear();
    station.lost_at = world_.clock.now();
  }
  partial_.reset();
  late_.clear();
  const bool may_be_late = world_.settings.recovers && !world_.settings.has_long_memory;
  const std::uint64_t longest = !world_.chance.one_in(3) ? 20 : may_be_late ? 1500 : 300;
  wakes_at_ = world_.clock.now() + milliseconds(world_.chance.below(longest));
}

void Member::forget_session(Station& station) {
  station.pid.clear();
  station.offset.clear();
  station.is_claiming = false;
  station.witness.reset();
}

void Member::part() {
  has_parted_ = true;
  if (engine_.is_over()) return;
  switch (world_.chance.below(3)) {
    case 0:
      if (engine_.is_open()) return engine_.leave();
      return engine_.cut();
    case 1:
      return engine_.cut();
    default:
      return engine_.vanish();
  }
}

std::string Member::unsettled() const {
  if (engine_.is_over()) return "";
  if (!engine_.is_open()) return "is about to come or to go";
  if (loiters_) return "loiters";
  for (const Station& station : stations_) {
    if (station.standing == Standing::asking) return "waits to be let into " + station.nsp;
    if (station.is_returning) return "waits to hear where it is";
    if (!station.asked.empty()) return "waits for an answer";
  }
  if (partial_) return "waits for attachments";
  return late_.empty() ? engine_.unsaid() : "has an answer to give";
}

std::vector<std::pair<std::string, std::uint64_t>> Member::audits() const {
  std::vector<std::pair<std::string, std::uint64_t>> result;
  for (const Station& station : stations_) {
    if (station.standing == Standing::in && station.witness) {
      result.emplace_back(station.nsp, station.witness->audits());
    }
  }
  return result;
}

// -- What it wants --------------------------------------------------------------------------------

void Member::wish() {
  if (world_.is_calm) {
    // Who has joined nothing must not wait to be closed for that.
    if (!has_joined_ && std::ranges::none_of(stations_, &Station::is_asking)) connect(stations_[0]);
    return;
  }
  if (world_.chance.one_in(160)) return break_off();
  if (world_.chance.one_in(120)) return engine_.pause();
  for (Station& station : stations_) {
    if (world_.chance.one_in(4)) wish_for(station);
    if (!engine_.is_open()) return;
  }
}

void Member::break_off() {
  switch (world_.chance.below(8)) {
    case 0:
    case 1:
      return engine_.leave();
    case 2:
      return engine_.cut();
    case 3:
      return engine_.vanish();
    case 4:
      return engine_.overlap();
    case 5:
      return engine_.abort_poll();
    case 6:
      return engine_.abort_post();
    default:
      return engine_.babble();
  }
}

void Member::wish_for(Station& station) {
  switch (station.standing) {
    case Standing::asking:
      return;
    case Standing::out:
      if (&station == stations_.data() || world_.chance.one_in(8)) connect(station);
      return;
    case Standing::in:
      if (world_.chance.one_in(100)) return leave(station);
      return speak(station);
  }
}

void Member::connect(Station& station) {
  station.standing = Standing::asking;
  ++station.incarnation;
  station.sent = station.next_ack = 0;
  station.asked.clear();
  station.is_claiming = !station.pid.empty();
  station.asks_in_vain = !station.is_claiming && station.nsp != "/" && world_.chance.one_in(5);
  std::string claim;
  if (station.is_claiming) {
    station.claimed_at = world_.clock.now();
    engine_.life().claimed_at = station.claimed_at;
    claim = fmt::format(R"(,"pid":"{}")", station.pid);
    if (!station.offset.empty()) claim += fmt::format(R"(,"offset":"{}")", station.offset);
  } else {
    start_witness(station);
    if (world_.chance.one_in(10)) claim = fmt::format(R"(,"pid":"{}","offset":"1")", nobodys_pid);
  }
  const std::string nsp = station.nsp == "/" ? "" : station.nsp + ",";
  engine_.send({fmt::format(R"(0{}{{"member":{},"life":{},"refuse":{}{}}})", nsp, number_,
                            engine_.life_number(), station.asks_in_vain, claim),
                false});
}

void Member::start_witness(Station& station) {
  station.witness.emplace(
      world_, fmt::format("member {} life {} in {}", number_, engine_.life_number(), station.nsp));
}

void Member::leave(Station& station) {
  world_.count("namespaces left");
  station.standing = Standing::out;
  station.asked.clear();
  forget_session(station);
  engine_.life().farewells[station.nsp] = station.sent;
  engine_.send({station.nsp == "/" ? "1" : "1" + station.nsp + ",", false});
}

std::string Member::some_room() {
  return fmt::format("r{}", world_.chance.below(world_.settings.rooms));
}

void Member::speak(Station& station) {
  const std::string room = fmt::format("\"{}\"", some_room());
  switch (world_.chance.below(20)) {
    case 0:
    case 1:
      return emit(station, "join", fmt::format("{},{}", room, world_.chance.one_in(2)), &anything);
    case 2:
      return emit(station, "leave", room, &anything);
    case 3: {
      const std::string answer = fmt::format("[{},{}]", station.sent, station.next_ack);
      return emit(station, "echo", answer, &answer);
    }
    case 4:
      return emit(station, "ask", "");
    case 5:
      return emit(station, "invite", room);
    case 6:
      return emit(station, "kick", room);
    case 7:
      return emit(station, "several",
                  fmt::format("{},\"{}\",\"{}\"", room, some_room(), some_room()));
    case 8:
      return emit(station, "audit", "");
    case 9:
      return emit(station, "tick", room);
    case 10:
      return emit(station, "direct", "");
    case 11:
      if (world_.chance.one_in(6)) return emit(station, "quit", "");
      if (world_.chance.one_in(20)) return emit(station, "purge", room);
      return;
    case 12:
      return emit(station, "bytes", R"({"_placeholder":true,"num":0})", nullptr,
                  bytes_of(station.nsp, station.sent + 1));
    case 13:
      return emit(station, "say", "\"*\"");
    default:
      return emit(station, "say", room);
  }
}

void Member::emit(Station& station, std::string_view event, std::string_view arguments,
                  const std::string* answer, std::string_view attachment) {
  std::string text = attachment.empty() ? "2" : "51-";
  if (station.nsp != "/") text += station.nsp + ",";
  if (answer) {
    const std::uint64_t id = station.next_ack++;
    text += std::to_string(id);
    station.asked[id] = *answer;
  }
  text += fmt::format(R"(["{}",{}{}{}])", event, ++station.sent, arguments.empty() ? "" : ",",
                      arguments);
  engine_.send({std::move(text), false});
  if (!attachment.empty()) engine_.send({std::string(attachment), true});
}

void Member::answer_late() {
  std::erase_if(late_, [this](const LateAnswer& late) {
    if (late.due > world_.clock.now()) return false;
    const Station& station = stations_[late.station];
    if (station.standing == Standing::in && station.incarnation == late.incarnation) {
      engine_.send({late.text, false});
    }
    return true;
  });
}

}  // namespace coterie::simulation
