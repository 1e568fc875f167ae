// HTTP requests, whole and byte by byte: both ways must end alike.
// SPDX-License-Identifier: MIT
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.hpp"
#include "net/http_parser.hpp"

namespace {

using coterie::net::HttpLimits;
using coterie::net::HttpParser;

struct Outcome {
  int status = 0;  // Of a refusal; 0: none.
  bool has_head = false;
  bool is_done = false;
  std::string target;
  std::string body;
  bool operator==(const Outcome&) const = default;
};

// Feeds `text` as a connection does: what is left over comes again, in front of `step` more.
Outcome parse(std::string_view text, std::size_t step) {
  HttpParser parser{HttpLimits()};
  Outcome outcome;
  std::string pending;
  const auto take = [&](std::string_view piece) { outcome.body.append(piece); };
  for (std::size_t at = 0; at < text.size() && !outcome.is_done; at += step) {
    pending.append(text.substr(at, step));
    for (bool progressed = true; progressed && !outcome.is_done;) {
      const auto used =
          outcome.has_head ? parser.feed_body(pending, take) : parser.feed_head(pending);
      if (!used) {
        outcome.status = used.error().status;
        return outcome;
      }
      COTERIE_CHECK(*used <= pending.size());
      const bool had_head = outcome.has_head;
      if (!had_head && parser.has_head()) {
        outcome.has_head = true;
        outcome.target = parser.take_request().target;
      }
      progressed = *used > 0 || had_head != outcome.has_head;
      pending.erase(0, *used);
      outcome.is_done = outcome.has_head && parser.is_done();
      if (pending.empty()) break;
    }
  }
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const Outcome whole = parse(text, text.size() + 1);
  const Outcome bytes = parse(text, 1);
  // What is broken may be refused sooner or later; what is complete is so either way.
  if (whole.is_done || bytes.is_done) COTERIE_CHECK(whole == bytes);
  return 0;
}
