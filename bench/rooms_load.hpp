// Load for servers of rooms (peers/): groups of clients that talk, and clients that only are there.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "client.hpp"
#include "crowd.hpp"
#include "measure.hpp"

namespace coterie::bench {

struct RoomsSettings {
  Target target;
  int connections;
  int group_size = 1;
  std::vector<std::string> tokens = {""};  // The clients bear them in turn.
  double forgetting_seconds = 3;           // Until nothing of those who have left should remain.
};

class RoomsLoad {
 public:
  explicit RoomsLoad(const RoomsSettings& settings);

  bool connect_all();
  void disconnect_all() { clients_.clear(); }
  int failed() const;

  // Each of these prints one JSON line, and returns whether everything arrived, in order.
  //
  // Every group keeps `window` messages on their way: the next is sent when one has reached all.
  bool fan_out(int window, double seconds);
  // So many messages a second, whether or not the server keeps up: latency counts from the moment
  // at which a message was due.
  bool pace(double messages_per_second, double seconds);
  // Every client asks, and asks again when it is answered.
  bool echo(double seconds);

 private:
  void on_event(Client& client, std::string_view event);
  void send(int group, std::int64_t time_us);
  void ask(Client& client);
  bool report(std::string_view verb, double elapsed, double cpu);

  const RoomsSettings settings_;
  Crowd crowd_;
  std::vector<std::unique_ptr<Client>> clients_;
  std::vector<std::int64_t> heard_;  // By group: deliveries to its members.
  Durations latencies_;
  bool is_answering_ = false;  // What has reached its group is followed by the next.
  std::int64_t deliveries_ = 0;
  std::int64_t expected_ = 0;
  std::int64_t out_of_order_ = 0;
};

// Connects them all, waits, lets them go: memory and CPU time of each. Prints one JSON line.
bool measure_idle(const RoomsSettings& settings, double seconds);

}  // namespace coterie::bench
