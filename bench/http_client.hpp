// One kept-alive HTTP/1.1 connection: a request, its answer, the next request.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "crowd.hpp"

namespace coterie::bench {

class HttpClient final : public Stream {
 public:
  // Called with the status and the body of each answer; may ask again at once.
  using OnAnswer = std::function<void(HttpClient&, int, std::string_view)>;

  HttpClient(std::uint16_t port, OnAnswer on_answer)
      : Stream(port), on_answer_(std::move(on_answer)) {}

  // Sends a whole request, head and body. Not before the last one is answered.
  void ask(std::string_view request) { write(request); }

  std::int64_t asked_at_us = 0;  // For the load generator's books.

 private:
  void on_bytes(std::string_view bytes) override;

  const OnAnswer on_answer_;
  std::string in_;
};

}  // namespace coterie::bench
