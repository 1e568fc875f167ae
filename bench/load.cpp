// The load generator. A verb prints one JSON line about the server on PORT, whose process is PID.
// Several servers that are one have their ports and processes with commas between: clients take
// turns.
// It ends with 0: all that was to come has come, 1: it has not, 2: it could not be measured.
//
//   load fanout  PORT PID CONNECTIONS GROUP_SIZE WINDOW SECONDS         servers of rooms (peers/)
//   load pace    PORT PID CONNECTIONS GROUP_SIZE MESSAGES_A_SECOND SECONDS
//   load echo    PORT PID CONNECTIONS SECONDS
//   load idle    PORT PID CONNECTIONS SECONDS [TOKENS FORGETTING_SECONDS]
//   load send    PORT PID GROUP SENDERS SECONDS TOKENS                  chat servers
//   load request PORT PID CONNECTIONS SECONDS REQUESTS STATUS again|once
// SPDX-License-Identifier: MIT
#include <fmt/format.h>
#include <sys/resource.h>

#include <sstream>
#include <string>
#include <vector>

#include "chat_load.hpp"
#include "rooms_load.hpp"

namespace bench = coterie::bench;

namespace {

void raise_descriptor_limit() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

int usage() {
  fmt::print(stderr,
             "usage: load fanout  PORT PID CONNECTIONS GROUP_SIZE WINDOW SECONDS\n"
             "       load pace    PORT PID CONNECTIONS GROUP_SIZE MESSAGES_A_SECOND SECONDS\n"
             "       load echo    PORT PID CONNECTIONS SECONDS\n"
             "       load idle    PORT PID CONNECTIONS SECONDS [TOKENS FORGETTING_SECONDS]\n"
             "       load send    PORT PID GROUP SENDERS SECONDS TOKENS\n"
             "       load request PORT PID CONNECTIONS SECONDS REQUESTS STATUS again|once\n");
  return 2;
}

// What the numbers behind a verb are.
struct Words {
  std::vector<std::string> all;

  double number(std::size_t index) const { return std::stod(all[index]); }
  int count(std::size_t index) const { return std::stoi(all[index]); }
  // The numbers of a word with commas between them.
  std::vector<int> numbers(std::size_t index) const {
    std::istringstream in(all[index]);
    std::vector<int> found;
    for (std::string each; std::getline(in, each, ',');) found.push_back(std::stoi(each));
    return found;
  }
  bench::Target target() const {
    bench::Target target;
    for (const int each : numbers(1)) target.ports.push_back(static_cast<std::uint16_t>(each));
    for (const int each : numbers(2)) target.processes.emplace_back(each);
    return target;
  }
};

int on_rooms(const Words& words) {
  const std::string& verb = words.all[0];
  bench::RoomsSettings settings{.target = words.target(), .connections = words.count(3)};
  if (verb == "idle" && words.all.size() == 7) {
    settings.tokens = bench::read_lines(words.all[5]);
    settings.forgetting_seconds = words.number(6);
  }
  if (verb == "idle") return bench::measure_idle(settings, words.number(4)) ? 0 : 1;
  if (verb != "echo") settings.group_size = words.count(4);
  bench::RoomsLoad load(settings);
  if (!load.connect_all()) {
    fmt::print(stderr, "load: {} connections failed\n", load.failed());
    return 2;
  }
  if (verb == "echo") return load.echo(words.number(4)) ? 0 : 1;
  if (verb == "pace") return load.pace(words.number(5), words.number(6)) ? 0 : 1;
  return load.fan_out(words.count(5), words.number(6)) ? 0 : 1;
}

int on_chat(const Words& words) {
  if (words.all[0] == "send") {
    return bench::measure_sending({words.target(), words.count(4), words.number(5)}, words.count(3),
                                  bench::read_lines(words.all[6]))
               ? 0
               : 1;
  }
  const auto requests = bench::read_requests(words.all[5]);
  if (requests.empty()) return usage();
  return bench::measure_requests({words.target(), words.count(3), words.number(4)}, requests,
                                 words.count(6), words.all[7] == "once")
             ? 0
             : 1;
}

}  // namespace

int main(int argc, char** argv) {
  raise_descriptor_limit();
  const Words words{{argv + 1, argv + argc}};
  const std::size_t count = words.all.size();
  const std::string verb = count > 0 ? words.all[0] : "";
  if ((verb == "fanout" || verb == "pace") && count == 7) return on_rooms(words);
  if ((verb == "echo" || verb == "idle") && count == 5) return on_rooms(words);
  if (verb == "idle" && count == 7) return on_rooms(words);
  if ((verb == "send" && count == 7) || (verb == "request" && count == 8)) return on_chat(words);
  return usage();
}
