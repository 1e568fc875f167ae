// The questions of this server that the others have not all answered yet. On the bus's thread.
// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>

#include "base/random.hpp"
#include "redis/bus.hpp"
#include "redis/question.hpp"

namespace coterie::redis {

class Questions {
 public:
  Questions(Bus& bus, Random& random, std::size_t id_length)
      : bus_(bus), random_(random), id_length_(id_length) {}

  // Publishes what `encode` makes of the question's id on `channel`; every server but this one that
  // is subscribed to it has to answer.
  void ask(const std::string& channel, std::unique_ptr<Question> question,
           std::chrono::milliseconds timeout,
           const std::function<std::string(const std::string& id)>& encode);
  void on_response(const Response& response);
  std::size_t size() const { return open_.size(); }

 private:
  Bus& bus_;
  Random& random_;
  const std::size_t id_length_;
  std::unordered_map<std::string, std::unique_ptr<Question>> open_;  // By id
};

}  // namespace coterie::redis
