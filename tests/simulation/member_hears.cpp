// What a Member hears: Socket.IO packets, taken apart.
// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "member.hpp"

namespace coterie::simulation {

namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

std::uint64_t take_number(std::string_view& text) {
  std::uint64_t number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return number;
}

std::uint64_t number_in(const JsonArray& data, std::size_t index) {
  return index < data.size() && data[index].is_number() ? data[index].to_number<std::uint64_t>()
                                                        : UINT64_MAX;
}

std::string text_in(const JsonArray& data, std::size_t index) {
  return index < data.size() && data[index].is_string() ? std::string(data[index].as_string())
                                                        : std::string();
}

}  // namespace

void Member::hear() {
  while (const auto message = engine_.receive()) {
    if (!message->is_binary) {
      if (partial_) return world_.fail("member {}: text among attachments", number_);
      on_text(message->text);
    } else if (!partial_) {
      return world_.fail("member {}: bytes without a packet", number_);
    } else {
      partial_->attachments.push_back(message->text);
      if (--partial_->missing == 0) on_packet(*std::exchange(partial_, std::nullopt));
    }
    if (world_.has_failed()) return;
  }
}

void Member::on_text(std::string_view text) {
  const std::string whole(text.substr(0, 80));
  world_.note("member {} hears {}", number_, whole);
  Packet packet;
  packet.nsp = "/";
  packet.type = text.empty() ? '?' : text.front();
  text.remove_prefix(std::min<std::size_t>(1, text.size()));
  if (packet.type == '5' || packet.type == '6') {
    packet.missing = take_number(text);
    packet.type = packet.type == '5' ? '2' : '3';
    text.remove_prefix(1);
  }
  if (text.starts_with('/')) {
    const std::size_t end = std::min(text.find(','), text.size());
    packet.nsp = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  if (!text.empty() && is_digit(text.front())) packet.id = take_number(text);
  if (!text.empty()) {
    auto data = parse_json(text);
    if (!data) return world_.fail("member {}: broken packet {}", number_, whole);
    packet.data = std::move(*data);
  }
  if (packet.missing == 0) return on_packet(packet);
  partial_ = std::move(packet);
}

void Member::on_packet(const Packet& packet) {
  const auto found = std::ranges::find(stations_, packet.nsp, &Station::nsp);
  if (found == stations_.end()) {
    return world_.fail("member {}: a packet of {}", number_, packet.nsp);
  }
  Station& station = *found;
  const bool is_event = packet.type == '2' && packet.data.is_array();
  const std::string event = is_event ? text_in(packet.data.as_array(), 0) : "";
  if (station.is_claiming || station.is_returning) {
    if (event == "back" && station.is_returning) return on_back(station, packet);
    if (is_event) return station.missed.push_back(packet);
  }
  if (event == "goodbye") has_heard_goodbye_ = true;
  // What was under way when we left a namespace is for nobody, until it has let us in anew.
  if (station.standing == Standing::out) return;
  if (station.standing == Standing::asking && packet.type != '0' && packet.type != '4') return;
  switch (packet.type) {
    case '0':
      return on_connected(station, packet);
    case '1':
      return on_disconnected(station);
    case '2':
      return on_event(station, packet);
    case '3':
      return on_ack(station, packet);
    case '4':
      if (!station.asks_in_vain || to_text(packet.data) != R"({"message":"refused"})") {
        world_.fail("member {}: refused by {}: {}", number_, station.nsp, to_text(packet.data));
      }
      world_.count("refusals");
      station.standing = Standing::out;
      return;
    default:
      return world_.fail("member {}: a packet of type {}", number_, packet.type);
  }
}

void Member::on_connected(Station& station, const Packet& packet) {
  if (station.standing != Standing::asking || station.asks_in_vain || !packet.data.is_object()) {
    return world_.fail("member {}: let into {} without asking", number_, station.nsp);
  }
  world_.count("namespaces joined");
  station.standing = Standing::in;
  has_joined_ = true;
  const Json* pid = packet.data.as_object().if_contains("pid");
  if (pid ? !pid->is_string() || !world_.settings.recovers : world_.settings.recovers) {
    return world_.fail("member {}: connected with {}", number_, to_text(packet.data));
  }
  if (pid) on_session(station, std::string(pid->as_string()));
  const std::string_view sid = packet.data.at("sid").as_string();
  if (station.is_returning && sid != station.sid) {
    world_.fail("member {} is back in {} as somebody else", number_, station.nsp);
  }
  station.sid = sid;
}

// Of its socket's id it knows that of before.
void Member::on_session(Station& station, std::string pid) {
  const bool is_recovered = pid == station.pid;
  if (pid == nobodys_pid) world_.fail("member {} has got a session that nobody had", number_);
  if (std::exchange(station.is_claiming, false)) {
    check_claim(station, is_recovered);
    world_.count(is_recovered ? "recoveries" : "sessions not recovered");
    if (!is_recovered) start_witness(station);
  }
  station.is_returning = is_recovered;
  if (is_recovered) return;
  station.missed.clear();
  station.pid = std::move(pid);
  station.offset.clear();
  station.pid_since = engine_.life_number();
}

void Member::check_claim(const Station& station, bool is_recovered) const {
  const bool is_lost = world_.lost.contains(station.sid);
  bool is_perhaps_lost = !engine_.life().excuse.empty() || !world_.settings.has_long_memory;
  TimePoint known = station.lost_at;  // When the server has known that the last life is over.
  const auto& lives = world_.lives[number_];
  for (std::size_t i = station.pid_since; i < lives.size(); ++i) {
    is_perhaps_lost =
        is_perhaps_lost || lives[i].is_perhaps_lost || world_.may_be_cleared(lives[i]);
    if (i + 1 < lives.size() && lives[i].noticed_by) known = std::max(known, *lives[i].noticed_by);
  }
  const bool is_late = station.claimed_at > known + world_.settings.memory;
  if (is_recovered && is_late) {
    world_.fail("member {} is back in {}, and too late", number_, station.nsp);
  }
  if (!is_recovered && !is_lost && !is_late && !is_perhaps_lost) {
    world_.fail("member {} is not let back into {}", number_, station.nsp);
  }
}

void Member::on_back(Station& station, const Packet& packet) {
  const JsonObject& rooms = packet.data.at(1).as_object();
  station.is_returning = false;
  station.witness->begin_repeating(rooms);
  for (const Packet& missed : std::exchange(station.missed, {})) {
    on_event(station, missed);
    world_.count("events repeated");
    if (world_.has_failed()) return;
  }
  station.witness->end_repeating(rooms);
  note_offset(station, packet);
}

// As the official client: a text behind all other arguments, unless an answer is wanted.
void Member::note_offset(Station& station, const Packet& packet) {
  if (station.pid.empty() || packet.id) return;
  const Json& last = packet.data.as_array().back();
  if (last.is_string()) station.offset = last.as_string();
}

// The application says goodbye before it does so, in the namespace where it begins.
void Member::on_disconnected(Station& station) {
  world_.note("member {} was disconnected from {}", number_, station.nsp);
  station.standing = Standing::out;
  station.asked.clear();
  station.pid.clear();
  station.is_returning = false;
  const bool is_whole = world_.settings.purges_close;
  // Whoever waits to be let in may be in a room already: it can be closed with that, but hears
  // nothing there.
  if (is_whole && std::ranges::any_of(stations_, &Station::is_asking)) return;
  if (!(is_whole ? has_heard_goodbye_ : station.witness->has_heard_goodbye())) {
    world_.fail("member {} was disconnected without a goodbye", number_);
  }
}

void Member::on_event(Station& station, const Packet& packet) {
  const JsonArray* data = packet.data.if_array();
  if (!data || data->empty()) return world_.fail("member {}: an event without a name", number_);
  note_offset(station, packet);
  const std::string event = text_in(*data, 0);
  Witness& witness = *station.witness;
  if (event == "welcome") return witness.welcome(data->at(1).as_object());
  if (event == "said") {
    check_said(station, packet);
    return witness.heard(text_in(*data, 1), number_in(*data, 2));
  }
  if (event == "audit") return witness.audit(number_in(*data, 1), data->at(2).as_object());
  if (event == "several") return witness.heard_several(number_in(*data, 1));
  if (event == "probe") return witness.probe(number_in(*data, 1), data->at(2).as_bool());
  if (event == "direct") return witness.direct(number_in(*data, 1));
  if (event == "hush" || (event == "back" && witness.is_repeating())) return;
  if (event == "goodbye") return witness.is_repeating() ? void() : witness.goodbye();
  if (event == "question") return on_question(station, packet);
  on_room_event(station, event, *data);
}

void Member::on_room_event(Station& station, std::string_view event, const JsonArray& data) {
  Witness& witness = *station.witness;
  const std::string room = text_in(data, 1);
  const std::uint64_t number = number_in(data, 2);
  if (event == "after") {
    witness.heard_after(room, number);
  } else if (event == "invited") {
    witness.invited(room, number);
  } else if (event == "kicked") {
    witness.kicked(room, number);
  } else if (event == "tick") {
    witness.tick(room, number);
  } else {
    world_.fail("member {}: an event {}", number_, event);
  }
}

void Member::check_said(const Station&, const Packet& packet) {
  const JsonArray& data = packet.data.as_array();
  const std::string room = text_in(data, 1);
  const std::uint64_t number = number_in(data, 2);
  const bool is_right =
      packet.attachments.empty()
          ? text_in(data, 3) == text_of(room, number)
          : packet.attachments.size() == 1 && packet.attachments.front() == bytes_of(room, number);
  if (!is_right) world_.fail("member {}: number {} of {} is garbled", number_, number, room);
}

void Member::on_question(Station& station, const Packet& packet) {
  if (!packet.id) return world_.fail("member {}: a question without an id", number_);
  const std::string nsp = station.nsp == "/" ? "" : station.nsp + ",";
  const std::string answer =
      fmt::format("3{}{}[{}]", nsp, *packet.id, number_in(packet.data.as_array(), 1) * 7);
  const std::uint64_t how = world_.chance.below(6);
  if (how < 3) engine_.send({answer, false});
  if (how == 1) engine_.send({answer, false});  // Twice: the second is for nobody.
  if (how == 3 || how == 4) {
    const auto index = static_cast<std::size_t>(&station - stations_.data());
    late_.push_back({world_.clock.now() + milliseconds(world_.chance.below(150)), index,
                     station.incarnation, answer});
  }
}

void Member::on_ack(Station& station, const Packet& packet) {
  const auto asked = packet.id ? station.asked.find(*packet.id) : station.asked.end();
  const JsonArray* data = packet.data.if_array();
  if (asked == station.asked.end() || !data) {
    return world_.fail("member {}: an answer twice, or to nothing", number_);
  }
  world_.count("answers");
  const std::string expected = std::move(asked->second);
  station.asked.erase(asked);
  if (text_in(*data, 0) == "joined") {
    return station.witness->joined(text_in(*data, 1), number_in(*data, 2), data->at(3).as_bool());
  }
  if (text_in(*data, 0) == "left") {
    return station.witness->left(text_in(*data, 1), number_in(*data, 2));
  }
  if (to_text(packet.data) != "[" + expected + "]") {
    world_.fail("member {}: asked for {}, answered {}", number_, expected, to_text(packet.data));
  }
}

}  // namespace coterie::simulation
