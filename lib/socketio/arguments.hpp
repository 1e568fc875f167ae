// What events and acks carry: Args as they came in, Arguments as they go out.
//
// Wire (Socket.IO protocol v5, "Packet encoding"): a JSON array; binary content is replaced by
// {"_placeholder":true,"num":N} and follows as N-th attachment.
// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.hpp"
#include "base/json.hpp"

namespace coterie::socketio {

// The arguments of a received event (without its name) or of an ack.
class Args {
 public:
  Args() = default;
  explicit Args(JsonArray values, std::vector<SharedBytes> attachments = {})
      : values_(std::move(values)), attachments_(std::move(attachments)) {}

  std::size_t size() const { return values_.size(); }
  // The i-th argument; null when there are fewer.
  const Json& operator[](std::size_t index) const {
    static const Json null;
    return index < values_.size() ? values_[index] : null;
  }
  const JsonArray& values() const { return values_; }
  const std::vector<SharedBytes>& attachments() const { return attachments_; }

  // The bytes that `value`, found anywhere in the arguments, stands for; null when it is no
  // placeholder.
  const SharedBytes* binary(const Json& value) const;

 private:
  JsonArray values_;
  std::vector<SharedBytes> attachments_;
};

// An argument that is JSON text already: written as it is, so it must be valid.
struct RawJson {
  std::string_view text;
};

// An argument that is bytes: travels as an attachment. Official clients take at most ten of them
// in one packet.
struct Binary {
  SharedBytes bytes;
};

// Outgoing arguments, already encoded: the elements of the JSON array, without its brackets.
struct Arguments {
  std::string text;
  std::vector<SharedBytes> attachments;

  void add(const Json& value);
  void add(const RawJson& value);
  void add(const Binary& value);
  void add(const Args& value);       // Relays all of them. Before any other attachment.
  void add(const Arguments& value);  // Likewise.

  // What stands for `bytes` inside a JSON value that is added next:
  //   arguments.add(Json{{"name", name}, {"photo", arguments.attach(bytes)}});
  Json attach(SharedBytes bytes);
};

// Encodes any mix of Json (or what Json can be made of), RawJson, Binary, Arguments, and Args.
template <class... Values>
Arguments arguments(const Values&... values) {
  Arguments result;
  [[maybe_unused]] const auto add = [&result]<class Value>(const Value& value) {
    if constexpr (std::is_same_v<Value, Args> || std::is_same_v<Value, Arguments> ||
                  std::is_same_v<Value, RawJson> || std::is_same_v<Value, Binary> ||
                  std::is_same_v<Value, Json>) {
      result.add(value);
    } else {
      result.add(Json(value));
    }
  };
  (add(values), ...);
  return result;
}

}  // namespace coterie::socketio
