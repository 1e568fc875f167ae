// Load for chat servers: members who listen while others send, and HTTP requests of any kind.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "measure.hpp"

namespace coterie::bench {

struct ChatSettings {
  Target target;
  int connections;
  double seconds;
};

// The owner of each token in `tokens` listens over a WebSocket, while `connections` HTTP clients
// send texts to the group in their names, each when its last one is answered. Prints one JSON line;
// whether everyone heard every message that was answered 201, in the order of the ids.
bool measure_sending(const ChatSettings& settings, int group,
                     const std::vector<std::string>& tokens);

// `connections` HTTP clients ask what is in `requests`, one after another and from the front again
// (unless `is_once`), each when its last one is answered. Prints one JSON line; whether all answers
// had the status `wanted`.
bool measure_requests(const ChatSettings& settings, const std::vector<std::string>& requests,
                      int wanted, bool is_once);

// A file of requests: the length of each in decimal, a line end, and its bytes.
std::vector<std::string> read_requests(const std::string& path);
std::vector<std::string> read_lines(const std::string& path);

}  // namespace coterie::bench
