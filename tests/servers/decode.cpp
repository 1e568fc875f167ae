// Our Socket.IO decoder as a filter, to be compared with others: messages in, what they mean out.
//
//   decode < inputs > lines
//
//   input   = count(4) count * message          ; numbers are little-endian
//   message = kind(1) length(4) length * octet  ; kind: "t" text, "b" binary
//   line    = a JSON array with what each message of the input was: "pending", {"refused":WHY}
//             (always the last), or {"type":…,"nsp":…,"id":…,"data":…,"attachments":[HEX…]}
// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <cstdint>
#include <cstdio>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>

#include "base/check.hpp"
#include "socketio/decoder.hpp"

namespace {

using coterie::Json;
using coterie::JsonArray;
using coterie::JsonObject;
using coterie::socketio::Decoder;
using coterie::socketio::Limits;
using coterie::socketio::Packet;

std::string read_all(std::FILE* file) {
  std::string text;
  char buffer[1 << 16];
  while (const std::size_t size = std::fread(buffer, 1, sizeof buffer, file)) {
    text.append(buffer, size);
  }
  return text;
}

class Inputs {
 public:
  explicit Inputs(std::string_view bytes) : rest_(bytes) {}

  bool empty() const { return rest_.empty(); }
  std::string_view take(std::size_t size) {
    COTERIE_CHECK(size <= rest_.size());
    const std::string_view piece = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return piece;
  }
  std::size_t take_number() {
    std::size_t number = 0;
    const std::string_view bytes = take(4);
    for (auto byte = bytes.rbegin(); byte != bytes.rend(); ++byte) {
      number = number << 8 | static_cast<unsigned char>(*byte);
    }
    return number;
  }

 private:
  std::string_view rest_;
};

Json meaning_of(const Packet& packet) {
  JsonArray attachments;
  for (const auto& bytes : packet.attachments) {
    std::string digits;
    for (const char byte : bytes.view()) {
      fmt::format_to(std::back_inserter(digits), "{:02x}", static_cast<unsigned char>(byte));
    }
    attachments.emplace_back(digits);
  }
  return JsonObject{{"type", std::string(1, static_cast<char>(packet.type))},
                    {"nsp", packet.nsp},
                    {"id", packet.id ? Json(*packet.id) : Json()},
                    {"data", packet.data},
                    {"attachments", attachments}};
}

JsonArray decode(Inputs& inputs) {
  const Limits limits;
  Decoder decoder(limits);
  JsonArray seen;
  bool is_refused = false;
  for (std::size_t count = inputs.take_number(); count > 0; --count) {
    const bool is_text = inputs.take(1) == "t";
    const std::string_view message = inputs.take(inputs.take_number());
    if (is_refused) continue;
    const auto packet = is_text ? decoder.on_text(message) : decoder.on_binary(message);
    is_refused = !packet;
    if (is_refused) {
      seen.push_back(JsonObject{{"refused", packet.error().detail}});
    } else {
      seen.push_back(*packet ? meaning_of(**packet) : Json("pending"));
    }
  }
  return seen;
}

}  // namespace

int main() {
  const std::string bytes = read_all(stdin);
  Inputs inputs(bytes);
  std::string lines;
  while (!inputs.empty()) {
    coterie::write_json(decode(inputs), lines);
    lines.push_back('\n');
  }
  std::fwrite(lines.data(), 1, lines.size(), stdout);
}
