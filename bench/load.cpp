// Load for examples/rooms and its peers: opens WebSocket clients in groups, lets each group talk,
// counts what arrives and in which order, and reads what the server spent.
//
//   load fanout PORT PID CONNECTIONS GROUP_SIZE WINDOW SECONDS     one JSON line
//   load idle   PORT PID CONNECTIONS SECONDS                       one JSON line
//
// Each group keeps WINDOW messages on their way: the next is sent when one has reached everyone.
// PID is the server's; its CPU time and memory come from /proc.
// SPDX-License-Identifier: MIT
#include <fmt/format.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "client.hpp"

namespace {

using coterie::bench::Client;
using Steady = std::chrono::steady_clock;

struct Settings {
  std::uint16_t port;
  std::string pid;
  int connections;
  int group_size;
  int window;
  double seconds;
};

double cpu_seconds(const std::string& pid) {
  std::ifstream file("/proc/" + pid + "/stat");
  std::string text((std::istreambuf_iterator<char>(file)), {});
  std::size_t at = text.rfind(')') + 2;
  long ticks = 0;
  for (int field = 3; field <= 15; ++field) {
    const std::size_t end = text.find(' ', at);
    if (field >= 14) ticks += std::stol(text.substr(at, end - at));
    at = end + 1;
  }
  return static_cast<double>(ticks) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

// Memory of the process alone: not the pages of libraries that it maps as it needs them.
long memory_kib(const std::string& pid) {
  std::ifstream file("/proc/" + pid + "/smaps_rollup");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("Pss_Anon:")) return std::stol(line.substr(9));
  }
  return 0;
}

std::int64_t number_behind(std::string_view text, std::string_view key) {
  const std::size_t at = text.find(key);
  std::int64_t number = 0;
  if (at == std::string_view::npos) return -1;
  std::from_chars(text.data() + at + key.size(), text.data() + text.size(), number);
  return number;
}

std::int64_t now_us() {
  return std::chrono::duration_cast<std::chrono::microseconds>(Steady::now().time_since_epoch())
      .count();
}

class Load {
 public:
  explicit Load(Settings settings) : settings_(std::move(settings)), epoll_(::epoll_create1(0)) {
    const int groups = settings_.connections / settings_.group_size;
    heard_.assign(static_cast<std::size_t>(groups), 0);
  }
  ~Load() { ::close(epoll_); }

  bool connect_all() {
    for (int i = 0; i < settings_.connections; ++i) {
      const int group = i / settings_.group_size;
      clients_.push_back(std::make_unique<Client>(
          settings_.port, fmt::format("g={}", group),
          [this](Client& client, std::string_view event) { on_event(client, event); }));
      clients_.back()->group = group;
      epoll_event event{EPOLLIN | EPOLLOUT | EPOLLET, {.ptr = clients_.back().get()}};
      ::epoll_ctl(epoll_, EPOLL_CTL_ADD, clients_.back()->fd(), &event);
      while (pending() > 100) turn(10);  // As fast as the server takes them, no faster.
    }
    const auto give_up = Steady::now() + std::chrono::seconds(30);
    while (pending() > 0 && Steady::now() < give_up) turn(10);
    return pending() == 0 && failed() == 0;
  }

  void talk() {
    talking_ = true;
    for (int i = 0; i < settings_.window; ++i) {
      for (std::size_t group = 0; group < heard_.size(); ++group) send(static_cast<int>(group));
    }
    const auto end = Steady::now() + std::chrono::duration<double>(settings_.seconds);
    while (Steady::now() < end) turn(5);
    talking_ = false;
    const auto give_up = Steady::now() + std::chrono::seconds(5);
    while (deliveries_ < expected_ && Steady::now() < give_up) turn(5);
  }

  void wait(double seconds) {
    const auto end = Steady::now() + std::chrono::duration<double>(seconds);
    while (Steady::now() < end) turn(50);
  }

  int failed() const {
    return static_cast<int>(
        std::ranges::count_if(clients_, [](const auto& each) { return each->has_failed(); }));
  }
  std::uint64_t pings() const {
    std::uint64_t sum = 0;
    for (const auto& client : clients_) sum += client->pings();
    return sum;
  }
  std::int64_t deliveries() const { return deliveries_; }
  std::int64_t expected() const { return expected_; }
  std::int64_t out_of_order() const { return out_of_order_; }

  std::int64_t latency_us(double quantile) {
    if (latencies_.empty()) return 0;
    std::ranges::sort(latencies_);
    const auto index = static_cast<std::size_t>(quantile * static_cast<double>(latencies_.size()));
    return latencies_[std::min(index, latencies_.size() - 1)];
  }

 private:
  int pending() {
    // Clients connect in order, so looking from the first one that is not is enough.
    while (settled_ < clients_.size() &&
           (clients_[settled_]->is_connected() || clients_[settled_]->has_failed())) {
      ++settled_;
    }
    return static_cast<int>(clients_.size() - settled_);
  }

  void turn(int wait_ms) {
    epoll_event events[256];
    const int count = ::epoll_wait(epoll_, events, 256, wait_ms);
    for (int i = 0; i < count; ++i) {
      auto& client = *static_cast<Client*>(events[i].data.ptr);
      const bool is_new = !client.is_connected();
      client.on_ready();
      if (is_new) continue;
    }
  }

  void send(int group) {
    auto& sender = *clients_[static_cast<std::size_t>(group * settings_.group_size)];
    expected_ += settings_.group_size;
    sender.emit(
        fmt::format(R"(["send",{{"g":"{}","t":{},"text":"{:x<80}"}}])", group, now_us(), "hello"));
  }

  void on_event(Client& client, std::string_view event) {
    if (!event.starts_with("[\"group-message:")) return;
    ++deliveries_;
    const std::int64_t id = number_behind(event, "\"id\":");
    if (id <= client.last_id) ++out_of_order_;
    client.last_id = id;
    if (deliveries_ % 16 == 0) latencies_.push_back(now_us() - number_behind(event, "\"t\":"));
    auto& heard = heard_[static_cast<std::size_t>(client.group)];
    if (++heard % settings_.group_size == 0 && talking_) send(client.group);
  }

  const Settings settings_;
  const int epoll_;
  std::vector<std::unique_ptr<Client>> clients_;
  std::size_t settled_ = 0;
  std::vector<std::int64_t> heard_;  // By group: deliveries to its members.
  bool talking_ = false;
  std::int64_t deliveries_ = 0;
  std::int64_t expected_ = 0;
  std::int64_t out_of_order_ = 0;
  std::vector<std::int64_t> latencies_;
};

int fanout(const Settings& settings) {
  Load load(settings);
  if (!load.connect_all()) {
    fmt::print(stderr, "load: {} connections failed\n", load.failed());
    return 1;
  }
  const double before = cpu_seconds(settings.pid);
  const auto start = Steady::now();
  load.talk();
  const double elapsed = std::chrono::duration<double>(Steady::now() - start).count();
  const double cpu = cpu_seconds(settings.pid) - before;
  const auto count = static_cast<double>(load.deliveries());
  fmt::print(R"({{"deliveries":{},"missing":{},"out_of_order":{},"per_second":{:.0f},)"
             R"("cpu_seconds_per_million":{:.3f},"p50_us":{},"p99_us":{}}})"
             "\n",
             load.deliveries(), load.expected() - load.deliveries(), load.out_of_order(),
             count / elapsed, cpu / count * 1e6, load.latency_us(0.5), load.latency_us(0.99));
  return load.deliveries() == load.expected() && load.out_of_order() == 0 ? 0 : 1;
}

int idle(const Settings& settings) {
  const long before_kib = memory_kib(settings.pid);
  const double before = cpu_seconds(settings.pid);
  auto load = std::make_unique<Load>(settings);
  if (!load->connect_all()) {
    fmt::print(stderr, "load: {} connections failed\n", load->failed());
    return 1;
  }
  const double connecting = cpu_seconds(settings.pid) - before;
  const long connected_kib = memory_kib(settings.pid);
  load->wait(settings.seconds);
  const int lost = load->failed();
  const auto pings = load->pings();
  load.reset();
  ::sleep(2);
  fmt::print(R"({{"connections":{},"lost":{},"pings":{},"bytes_per_connection":{:.0f},)"
             R"("cpu_us_per_connect":{:.1f},"kib_before":{},"kib_connected":{},"kib_after":{}}})"
             "\n",
             settings.connections, lost, pings,
             static_cast<double>(connected_kib - before_kib) * 1024 / settings.connections,
             connecting / settings.connections * 1e6, before_kib, connected_kib,
             memory_kib(settings.pid));
  return lost == 0 ? 0 : 1;
}

void raise_descriptor_limit() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace

int main(int argc, char** argv) {
  raise_descriptor_limit();
  const std::string verb = argc > 1 ? argv[1] : "";
  const auto number = [&](int index) { return std::stod(argv[index]); };
  const auto port = [&] { return static_cast<std::uint16_t>(number(2)); };
  if (verb == "fanout" && argc == 8) {
    return fanout({port(), argv[3], static_cast<int>(number(4)), static_cast<int>(number(5)),
                   static_cast<int>(number(6)), number(7)});
  }
  if (verb == "idle" && argc == 6) {
    return idle({port(), argv[3], static_cast<int>(number(4)), 1, 1, number(5)});
  }
  fmt::print(stderr,
             "usage: load fanout PORT PID CONNECTIONS GROUP_SIZE WINDOW SECONDS\n"
             "       load idle PORT PID CONNECTIONS SECONDS\n");
  return 2;
}
