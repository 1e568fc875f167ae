// SPDX-License-Identifier: MIT
#include "stream_traveller.hpp"

#include <algorithm>
#include <utility>

namespace coterie::simulation {

// -- the truth ------------------------------------------------------------------------------------

const std::vector<StreamTruth::Said>& StreamTruth::all() {
  for (const auto& stream = redis_.stream(); read_ < stream.size(); ++read_) {
    const redis::Command& fields = stream[read_].fields;
    const auto name = std::ranges::find(fields, "data");
    if (name == fields.end()) continue;
    const Json body = parse_json(*(name + 1)).value();
    const JsonArray& data = body.at("packet").at("data").as_array();
    const auto number = data[1].to_number<std::uint64_t>();
    if (!places_.try_emplace(number, said_.size()).second) continue;
    said_.push_back({number, std::string(data[2].as_string())});
  }
  return said_;
}

std::optional<std::size_t> StreamTruth::place_of(std::uint64_t number) {
  all();
  const auto found = places_.find(number);
  return found == places_.end() ? std::nullopt : std::optional(found->second);
}

// -- where it goes --------------------------------------------------------------------------------

void StreamTraveller::act(Servers& servers) {
  hear();
  if (world_.has_failed()) return;
  if (connection_ && connection_->is_gone()) {
    world_.note("client {} has lost server {}", number_, server_);
    return be_out();
  }
  if (!connection_) {
    if (world_.is_calm || !world_.chance.one_in(6)) return;
    StreamServer& server = *world_.chance.pick(servers);
    return server.is_ready() ? connect(server) : void();
  }
  if (world_.is_calm || !world_.chance.one_in(40)) return;
  if (is_in_ && joining_.empty() && must_hear_from_.size() == 1 && world_.chance.one_in(2)) {
    joining_ = world_.chance.one_in(2) ? "a" : "b";
    return connection_->say("20[\"join\",\"" + joining_ + "\"]");
  }
  switch (world_.chance.below(3)) {
    case 0:
      world_.note("client {} leaves server {}", number_, server_);
      connection_->close();
      break;
    case 1:
      world_.note("client {} is cut from server {}", number_, server_);
      connection_->drop();
      break;
    default:  // And the server does not know.
      world_.note("client {} falls silent to server {}", number_, server_);
      connection_->stop_polling();
  }
  be_out();
}

void StreamTraveller::connect(StreamServer& server) {
  server_ = server.number();
  connection_.emplace(server.at(),
                      static_cast<unsigned>(world_.chance.below(server.at().shards.size())));
  world_.note("client {} connects to server {}, {}", number_, server_,
              pid_.empty() ? "anew" : "and wants its session back");
  pid_.empty() ? connection_->say("0") : connection_->claim(pid_, offset_);
}

// What is on its way to it is lost.
void StreamTraveller::be_out() {
  if (is_in_) offset_ = connection_->offset();
  has_given_up_ = has_given_up_ || !is_in_;
  connection_.reset();
  is_in_ = false;
  missed_.clear();
  joining_.clear();
}

void StreamTraveller::lose(unsigned server) {
  if (!connection_ || server_ != server) return;
  hear();
  be_out();
}

// -- what it hears --------------------------------------------------------------------------------

void StreamTraveller::hear() {
  if (!connection_) return;
  for (const std::string& packet : connection_->take()) {
    world_.note("client {} at {} hears {}", number_, server_, packet);
    on_packet(packet);
    if (world_.has_failed()) return;
  }
}

void StreamTraveller::on_packet(const std::string& packet) {
  if (packet.starts_with('0')) return on_connected(parse_json(packet.substr(1)).value());
  if (packet.starts_with('3')) {
    must_hear_from_.try_emplace(std::exchange(joining_, ""), truth_.all().size());
  } else if (is_in_) {
    on_said(packet);
  } else {
    missed_.push_back(packet);
  }
}

void StreamTraveller::on_connected(const Json& facts) {
  const std::string pid(facts.at("pid").as_string());
  const bool is_recovered = pid == pid_;
  is_in_ = true;
  if (is_recovered) {
    world_.count("recoveries over streams");
  } else {
    if (!missed_.empty()) world_.fail("client {} hears before it is there", number_);
    if (!pid_.empty()) world_.count("begun anew over streams");
    if (!pid_.empty() && is_always_recovered_ && !has_given_up_) {
      world_.fail("client {} is not let back into server {}", number_, server_);
    }
    last_.reset();
    must_hear_from_ = {{"", truth_.all().size()}};
  }
  pid_ = pid;
  has_given_up_ = false;
  for (const std::string& packet : std::exchange(missed_, {})) on_said(packet);
}

void StreamTraveller::on_said(const std::string& packet) {
  const Json data = parse_json(packet.substr(packet.find('['))).value();
  const auto number = data.at(1).to_number<std::uint64_t>();
  const std::string room(data.at(2).as_string());
  const auto place = truth_.place_of(number);
  if (!place) return world_.fail("client {} hears {}, which has no place", number_, number);
  if (last_ && *place <= *last_) {
    return world_.fail("client {} hears {} behind its successor, or again", number_, number);
  }
  last_ = place;
  check_room(room, *place);
  must_hear_from_[room] = *place + 1;
  world_.count("heard over streams");
}

void StreamTraveller::check_room(const std::string& room, std::size_t until) {
  const auto from = must_hear_from_.find(room);
  if (from == must_hear_from_.end()) return;
  const auto& all = truth_.all();
  for (std::size_t place = from->second; place < until; ++place) {
    if (all[place].room != room) continue;
    return world_.fail("client {} at server {} has missed {}", number_, server_, all[place].number);
  }
}

void StreamTraveller::check_complete() {
  if (!is_in_) return;
  const std::size_t end = truth_.all().size();
  for (const auto& [room, from] : must_hear_from_) check_room(room, end);
}

}  // namespace coterie::simulation
