// SPDX-License-Identifier: MIT
#include "rooms_load.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

namespace coterie::bench {

namespace {

constexpr int connecting_max = 100;  // As fast as the server takes them, no faster.
constexpr double connect_seconds_max = 60;
constexpr double rest_seconds_max = 10;  // For what is on its way when the time is over.
constexpr int latency_every = 8;         // To look at each would cost us what we measure.

std::int64_t number_behind(std::string_view text, std::string_view key) {
  const std::size_t at = text.find(key);
  std::int64_t number = -1;
  if (at != std::string_view::npos) {
    std::from_chars(text.data() + at + key.size(), text.data() + text.size(), number);
  }
  return number;
}

double seconds_since(std::int64_t start_us) {
  return static_cast<double>(now_us() - start_us) / 1e6;
}

}  // namespace

RoomsLoad::RoomsLoad(const RoomsSettings& settings)
    : settings_(settings),
      heard_(static_cast<std::size_t>(settings.connections / settings.group_size)) {}

bool RoomsLoad::connect_all() {
  std::size_t settled = 0;  // Of the clients, from the front.
  const auto pending = [&] {
    while (settled < clients_.size() &&
           (clients_[settled]->is_connected() || clients_[settled]->has_failed())) {
      ++settled;
    }
    return static_cast<int>(clients_.size() - settled);
  };
  for (int i = 0; i < settings_.connections; ++i) {
    const int group = i / settings_.group_size;
    clients_.push_back(std::make_unique<Client>(
        settings_.target.port(clients_.size()), fmt::format("&g={}", group),
        settings_.tokens[static_cast<std::size_t>(i) % settings_.tokens.size()],
        [this](Client& client, std::string_view event) { on_event(client, event); }));
    clients_.back()->group = group;
    crowd_.add(*clients_.back());
    const auto is_ready = [&] { return pending() < connecting_max; };
    if (!crowd_.turn_until(connect_seconds_max, is_ready)) return false;
  }
  return crowd_.turn_until(connect_seconds_max, [&] { return pending() == 0; }) && failed() == 0;
}

int RoomsLoad::failed() const {
  return static_cast<int>(
      std::ranges::count_if(clients_, [](const auto& each) { return each->has_failed(); }));
}

bool RoomsLoad::fan_out(int window, double seconds) {
  const double before = settings_.target.cpu_seconds();
  const std::int64_t start = now_us();
  is_answering_ = true;
  for (int i = 0; i < window; ++i) {
    for (std::size_t group = 0; group < heard_.size(); ++group) {
      send(static_cast<int>(group), now_us());
    }
  }
  crowd_.turn_until(seconds, [] { return false; });
  is_answering_ = false;
  crowd_.turn_until(rest_seconds_max, [&] { return deliveries_ >= expected_; });
  return report("fanout", seconds_since(start), settings_.target.cpu_seconds() - before);
}

bool RoomsLoad::pace(double messages_per_second, double seconds) {
  const double before = settings_.target.cpu_seconds();
  const std::int64_t start = now_us();
  const auto count = static_cast<std::int64_t>(messages_per_second * seconds);
  for (std::int64_t i = 0; i < count; ++i) {
    const auto due =
        start + static_cast<std::int64_t>(static_cast<double>(i) / messages_per_second * 1e6);
    for (std::int64_t now = now_us(); now < due; now = now_us()) {
      crowd_.turn(std::chrono::microseconds(due - now));
    }
    send(static_cast<int>(static_cast<std::size_t>(i) % heard_.size()), due);
  }
  crowd_.turn_until(rest_seconds_max, [&] { return deliveries_ >= expected_; });
  return report("pace", seconds_since(start), settings_.target.cpu_seconds() - before);
}

bool RoomsLoad::echo(double seconds) {
  const double before = settings_.target.cpu_seconds();
  const std::int64_t start = now_us();
  is_answering_ = true;
  for (const auto& client : clients_) ask(*client);
  crowd_.turn_until(seconds, [] { return false; });
  is_answering_ = false;
  crowd_.turn_until(rest_seconds_max, [&] { return deliveries_ >= expected_; });
  return report("echo", seconds_since(start), settings_.target.cpu_seconds() - before);
}

bool RoomsLoad::report(std::string_view verb, double elapsed, double cpu) {
  const bool is_whole = deliveries_ == expected_ && out_of_order_ == 0 && failed() == 0;
  const auto count = static_cast<double>(deliveries_);
  fmt::print(R"({{"verb":"{}","deliveries":{},"missing":{},"out_of_order":{},"failed":{},)"
             R"("per_second":{:.0f},"cpu_seconds_per_million":{:.3f},)"
             R"("p50_us":{},"p99_us":{},"p999_us":{}}})"
             "\n",
             verb, deliveries_, expected_ - deliveries_, out_of_order_, failed(), count / elapsed,
             cpu / count * 1e6, latencies_.at(0.5), latencies_.at(0.99), latencies_.at(0.999));
  return is_whole;
}

void RoomsLoad::send(int group, std::int64_t time_us) {
  auto& sender = *clients_[static_cast<std::size_t>(group * settings_.group_size)];
  expected_ += settings_.group_size;
  sender.emit(
      fmt::format(R"(["send",{{"g":"{}","t":{},"text":"{:x<80}"}}])", group, time_us, "hello"));
}

void RoomsLoad::ask(Client& client) {
  const std::int64_t asked = now_us();
  const std::string question = fmt::format(R"(["echo",{{"t":{},"text":"{:x<80}"}}])", asked, "");
  ++expected_;
  client.ask(question, [this, asked](Client& answered, std::string_view answer) {
    ++deliveries_;
    if (number_behind(answer, "\"t\":") != asked) ++out_of_order_;
    latencies_.add(now_us() - asked);
    if (is_answering_) ask(answered);
  });
}

void RoomsLoad::on_event(Client& client, std::string_view event) {
  if (!event.starts_with("[\"group-message:")) return;
  const std::int64_t id = number_behind(event, "\"id\":");
  if (id <= client.last_id) ++out_of_order_;
  client.last_id = id;
  if (++deliveries_ % latency_every == 0) {
    latencies_.add(now_us() - number_behind(event, "\"t\":"));
  }
  auto& heard = heard_[static_cast<std::size_t>(client.group)];
  if (++heard % settings_.group_size == 0 && is_answering_) send(client.group, now_us());
}

bool measure_idle(const RoomsSettings& settings, double seconds) {
  const Target& server = settings.target;
  Crowd nobody;
  const auto wait = [&](double time) { nobody.turn_until(time, [] { return false; }); };
  {
    // What a server first touches when it has clients at all is no client's.
    RoomsSettings few = settings;
    few.connections = std::max(1, settings.connections / 10);
    RoomsLoad first(few);
    if (!first.connect_all()) return false;
  }
  wait(settings.forgetting_seconds);
  const std::int64_t memory_before = server.memory_bytes();
  const double cpu_before = server.cpu_seconds();
  RoomsLoad load(settings);
  if (!load.connect_all()) {
    fmt::print(stderr, "load: {} connections failed\n", load.failed());
    return false;
  }
  const double connecting = server.cpu_seconds() - cpu_before;
  wait(seconds);
  const std::int64_t memory_connected = server.memory_bytes();
  const double cpu_connected = server.cpu_seconds();
  const int lost = load.failed();
  load.disconnect_all();
  wait(settings.forgetting_seconds);
  const auto count = static_cast<double>(settings.connections);
  const auto after = static_cast<double>(server.memory_bytes());
  fmt::print(R"({{"verb":"idle","connections":{},"lost":{},"bytes_per_connection":{:.0f},)"
             R"("cpu_us_per_connect":{:.1f},"cpu_us_per_disconnect":{:.1f},)"
             R"("kib_before":{},"kib_connected":{},"kib_after":{:.0f}}})"
             "\n",
             settings.connections, lost,
             static_cast<double>(memory_connected - memory_before) / count,
             connecting / count * 1e6, (server.cpu_seconds() - cpu_connected) / count * 1e6,
             memory_before / 1024, memory_connected / 1024, after / 1024);
  return lost == 0;
}

}  // namespace coterie::bench
