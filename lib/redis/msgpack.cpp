// SPDX-License-Identifier: MIT
#include "redis/msgpack.hpp"

#include <bit>
#include <cmath>
#include <cstdint>
#include <optional>

#include "base/clock.hpp"
#include "base/utf8.hpp"

namespace coterie::redis {

namespace {

constexpr double two_to_63 = 9223372036854775808.0;
constexpr std::int64_t exact_max = std::int64_t{1} << 53;  // Of a double, and so of JavaScript.
constexpr std::string_view stand_in_key = "_placeholder";

// -- reading --------------------------------------------------------------------------------------

// A point in time that has a year of four digits; null for any other.
Json time_text(double milliseconds) {
  constexpr double last = 253'402'300'799'999.0;
  if (!(milliseconds >= 0 && milliseconds <= last)) return nullptr;
  const auto whole = static_cast<std::int64_t>(milliseconds);
  return Json(to_iso8601(WallTime(std::chrono::milliseconds(whole))));
}

// Text or an int.
bool may_be_key(std::uint8_t code) {
  return code < 0x80 || (code >= 0xA0 && code < 0xC0) || (code >= 0xCC && code <= 0xD3) ||
         (code >= 0xD9 && code <= 0xDB) || code >= 0xE0;
}

class Reader {
 public:
  Reader(std::string_view bytes, const MsgpackLimits& limits)
      : rest_(bytes), values_left_(limits.values_max), limits_(limits) {}

  // False: what is there is no value. undefined is null, and is_undefined_ until the next one.
  bool read(Json& out, std::size_t depth = 0);
  // Nothing follows, and whatever reads as an attachment is one.
  bool is_done() const { return rest_.empty() && (!has_stand_in_ || attachments_.empty()); }
  std::vector<SharedBytes> take_attachments() { return std::move(attachments_); }

 private:
  bool read_coded(std::uint8_t code, Json& out, std::size_t depth);
  bool read_float(std::uint8_t code, Json& out);
  bool read_ext(std::uint8_t code, Json& out, std::size_t depth);
  bool read_ext_of(std::size_t size, bool is_fixed, Json& out, std::size_t depth);
  bool read_array(std::size_t count, Json& out, std::size_t depth);
  bool read_map(std::size_t count, Json& out, std::size_t depth);
  bool read_key(std::string& key);
  bool read_text(std::size_t size, Json& out);
  bool read_bytes(std::size_t size, Json& out);

  std::optional<std::string_view> take(std::size_t count) {
    if (rest_.size() < count) return std::nullopt;
    const std::string_view taken = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return taken;
  }
  // Big-endian, of 1, 2, 4 or 8 bytes.
  std::optional<std::uint64_t> number(std::size_t bytes) {
    const auto taken = take(bytes);
    if (!taken) return std::nullopt;
    std::uint64_t value = 0;
    for (const char byte : *taken) value = value << 8 | static_cast<std::uint8_t>(byte);
    return value;
  }

  std::string_view rest_;
  std::size_t values_left_;
  const MsgpackLimits& limits_;
  std::vector<SharedBytes> attachments_;
  bool is_undefined_ = false;
  bool has_stand_in_ = false;
};

Json whole_number(std::int64_t value) {
  if (value > exact_max || value < -exact_max) return Json(static_cast<double>(value));
  return Json(value);
}

bool Reader::read(Json& out, std::size_t depth) {
  const auto first = number(1);
  if (!first || values_left_ == 0) return false;
  --values_left_;
  is_undefined_ = false;
  const auto code = static_cast<std::uint8_t>(*first);
  if (code < 0x80) return out = std::int64_t{code}, true;
  if (code < 0x90) return read_map(code & 0x0F, out, depth);
  if (code < 0xA0) return read_array(code & 0x0F, out, depth);
  if (code < 0xC0) return read_text(code & 0x1F, out);
  if (code >= 0xE0) return out = std::int64_t{static_cast<std::int8_t>(code)}, true;
  return read_coded(code, out, depth);
}

bool Reader::read_coded(std::uint8_t code, Json& out, std::size_t depth) {
  // The last two bits of these codes are the width of what follows.
  const auto sized = [this](int width, auto&& use) {
    const auto size = number(std::size_t{1} << width);
    return size && use(static_cast<std::size_t>(*size));
  };
  switch (code) {
    case 0xC0:
      return out = nullptr, true;
    case 0xC2:
    case 0xC3:
      return out = code == 0xC3, true;
    case 0xC4:
    case 0xC5:
    case 0xC6:
      return sized(code - 0xC4, [&](std::size_t size) { return read_bytes(size, out); });
    case 0xCA:
    case 0xCB:
      return read_float(code, out);
    case 0xCC:
    case 0xCD:
    case 0xCE:
    case 0xCF: {
      const auto value = number(std::size_t{1} << (code - 0xCC));
      if (!value) return false;
      const bool is_exact = *value <= std::uint64_t{exact_max};
      return out = is_exact ? Json(static_cast<std::int64_t>(*value))
                            : Json(static_cast<double>(*value)),
             true;
    }
    case 0xD0:
    case 0xD1:
    case 0xD2:
    case 0xD3: {
      const int unused_bits = 64 - (8 << (code - 0xD0));
      const auto value = number(std::size_t{1} << (code - 0xD0));
      if (!value) return false;
      out = whole_number(static_cast<std::int64_t>(*value << unused_bits) >> unused_bits);
      return true;
    }
    case 0xD9:
    case 0xDA:
    case 0xDB:
      return sized(code - 0xD9, [&](std::size_t size) { return read_text(size, out); });
    case 0xDC:
    case 0xDD:
      return sized(code - 0xDB, [&](std::size_t count) { return read_array(count, out, depth); });
    case 0xDE:
    case 0xDF:
      return sized(code - 0xDD, [&](std::size_t count) { return read_map(count, out, depth); });
    default:
      return read_ext(code, out, depth);
  }
}

bool Reader::read_float(std::uint8_t code, Json& out) {
  const auto bits = number(code == 0xCA ? 4 : 8);
  if (!bits) return false;
  const double value = code == 0xCA ? std::bit_cast<float>(static_cast<std::uint32_t>(*bits))
                                    : std::bit_cast<double>(*bits);
  if (!std::isfinite(value)) return out = nullptr, true;  // JSON has no number for it.
  return out = value, true;
}

bool Reader::read_ext(std::uint8_t code, Json& out, std::size_t depth) {
  if (code >= 0xD4 && code <= 0xD8) {
    return read_ext_of(std::size_t{1} << (code - 0xD4), true, out, depth);
  }
  if (code < 0xC7 || code > 0xC9) return false;  // c1 is never used.
  const auto size = number(std::size_t{1} << (code - 0xC7));
  return size && read_ext_of(static_cast<std::size_t>(*size), false, out, depth);
}

bool Reader::read_ext_of(std::size_t size, bool is_fixed, Json& out, std::size_t depth) {
  const auto byte = number(1);
  if (!byte) return false;
  const auto type = static_cast<std::int8_t>(*byte);
  if (type == -1 && is_fixed && size == 4) {
    const auto seconds = number(4);
    return seconds && (out = time_text(static_cast<double>(*seconds) * 1e3), true);
  }
  if (type == -1 && is_fixed && size == 8) {
    const auto bits = number(8);
    if (!bits) return false;
    const auto seconds = static_cast<double>(*bits & 0x3'FFFF'FFFF);
    return out = time_text(seconds * 1e3 + static_cast<double>(*bits >> 34) / 1e6), true;
  }
  if (type == -1 && !is_fixed && size == 12) {
    const auto nanoseconds = number(4);
    const auto seconds = number(8);
    if (!seconds) return false;
    const auto since = static_cast<double>(static_cast<std::int64_t>(*seconds));
    return out = time_text(since * 1e3 + static_cast<double>(*nanoseconds) / 1e6), true;
  }
  if (type == 0 && is_fixed && size == 1) {
    is_undefined_ = take(1).has_value();
    return out = nullptr, is_undefined_;
  }
  if (type == 0 && is_fixed && size == 8) {
    const auto bits = number(8);
    return bits && (out = time_text(static_cast<double>(static_cast<std::int64_t>(*bits))), true);
  }
  if (type == 0 && !is_fixed) return read_bytes(size, out);
  Json bytes;
  if (depth >= limits_.depth_max || !read_bytes(size, bytes)) return false;
  return out = JsonArray{std::int64_t{type}, std::move(bytes)}, true;
}

bool Reader::read_array(std::size_t count, Json& out, std::size_t depth) {
  if (depth >= limits_.depth_max) return false;
  if (count > rest_.size()) return false;  // Each takes a byte at least.
  JsonArray& values = out.emplace_array();
  for (std::size_t i = 0; i < count; ++i) {
    if (!read(values.emplace_back(nullptr), depth + 1)) return false;
  }
  is_undefined_ = false;
  return true;
}

bool Reader::read_map(std::size_t count, Json& out, std::size_t depth) {
  if (depth >= limits_.depth_max || count > rest_.size() / 2) return false;
  JsonObject& members = out.emplace_object();
  for (std::size_t i = 0; i < count; ++i) {
    std::string key;
    Json value;
    if (!read_key(key) || !read(value, depth + 1)) return false;
    if (!is_undefined_) members.insert_or_assign(key, std::move(value));
  }
  is_undefined_ = false;
  const Json* mark = members.if_contains(stand_in_key);
  if (mark && mark->is_bool() && mark->get_bool()) has_stand_in_ = true;
  return true;
}

bool Reader::read_key(std::string& key) {
  Json value;
  // Nothing that could hold a map with keys of its own.
  if (rest_.empty() || !may_be_key(static_cast<std::uint8_t>(rest_.front()))) return false;
  if (!read(value)) return false;
  if (value.is_string()) {
    key = value.get_string();
  } else if (value.is_int64()) {
    key = std::to_string(value.get_int64());
  } else {
    return false;  // A whole number that is not exact.
  }
  return true;
}

bool Reader::read_text(std::size_t size, Json& out) {
  const auto text = take(size);
  return text && is_utf8(*text) && (out = *text, true);
}

bool Reader::read_bytes(std::size_t size, Json& out) {
  const auto bytes = take(size);
  if (!bytes || attachments_.size() == limits_.attachments_max) return false;
  attachments_.emplace_back(*bytes);
  // A signed number, as the parser of JSON makes it: Args knows no other.
  const auto index = static_cast<std::int64_t>(attachments_.size() - 1);
  out = JsonObject{{stand_in_key, true}, {"num", index}};
  return true;
}

// -- writing --------------------------------------------------------------------------------------

class Writer {
 public:
  Writer(const socketio::Args& owner, std::string& target) : owner_(owner), target_(target) {}

  void write(const Json& value);

 private:
  void write_object(const Json& value);
  void write_int(std::int64_t value);
  void write_uint(std::uint64_t value);
  void write_double(double value);
  void write_text(std::string_view text);
  void write_bytes(std::string_view bytes);

  void put(unsigned code) { target_.push_back(static_cast<char>(code)); }
  void put(unsigned code, std::uint64_t value, int bytes) {
    put(code);
    for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) {
      put(static_cast<unsigned>(value >> shift & 0xFF));
    }
  }
  // A length: in the code itself up to `short_max`, or in two or four bytes behind the next codes.
  void put_size(std::size_t size, unsigned short_code, std::size_t short_max, unsigned code16) {
    if (size <= short_max) return put(short_code | static_cast<unsigned>(size));
    size <= 0xFFFF ? put(code16, size, 2) : put(code16 + 1, size, 4);
  }

  const socketio::Args& owner_;
  std::string& target_;
};

void Writer::write(const Json& value) {
  switch (value.kind()) {
    case boost::json::kind::null:
      return put(0xC0);
    case boost::json::kind::bool_:
      return put(value.get_bool() ? 0xC3 : 0xC2);
    case boost::json::kind::int64:
      return write_int(value.get_int64());
    case boost::json::kind::uint64:
      return write_uint(value.get_uint64());
    case boost::json::kind::double_:
      return write_double(value.get_double());
    case boost::json::kind::string:
      return write_text(value.get_string());
    case boost::json::kind::array:
      put_size(value.get_array().size(), 0x90, 15, 0xDC);
      for (const Json& each : value.get_array()) write(each);
      return;
    case boost::json::kind::object:
      return write_object(value);
  }
}

void Writer::write_object(const Json& value) {
  if (const SharedBytes* bytes = owner_.binary(value)) return write_bytes(bytes->view());
  put_size(value.get_object().size(), 0x80, 15, 0xDE);
  for (const auto& [key, member] : value.get_object()) {
    write_text(key);
    write(member);
  }
}

void Writer::write_uint(std::uint64_t value) {
  if (value < 0x80) return put(static_cast<unsigned>(value));
  if (value <= 0xFF) return put(0xCC, value, 1);
  if (value <= 0xFFFF) return put(0xCD, value, 2);
  if (value <= 0xFFFF'FFFF) return put(0xCE, value, 4);
  put(0xCF, value, 8);
}

void Writer::write_int(std::int64_t value) {
  if (value >= 0) return write_uint(static_cast<std::uint64_t>(value));
  const auto bits = static_cast<std::uint64_t>(value);
  if (value >= -0x20) return put(static_cast<unsigned>(bits & 0xFF));
  if (value >= -0x80) return put(0xD0, bits, 1);
  if (value >= -0x8000) return put(0xD1, bits, 2);
  if (value >= -0x8000'0000LL) return put(0xD2, bits, 4);
  put(0xD3, bits, 8);
}

void Writer::write_double(double value) {
  const bool is_whole = std::trunc(value) == value && std::abs(value) < two_to_63;
  if (is_whole) return write_int(static_cast<std::int64_t>(value));
  put(0xCB, std::bit_cast<std::uint64_t>(value), 8);
}

void Writer::write_text(std::string_view text) {
  if (text.size() > 31 && text.size() <= 0xFF) {
    put(0xD9, text.size(), 1);
  } else {
    put_size(text.size(), 0xA0, 31, 0xDA);
  }
  target_.append(text);
}

void Writer::write_bytes(std::string_view bytes) {
  if (bytes.size() <= 0xFF) {
    put(0xC4, bytes.size(), 1);
  } else {
    bytes.size() <= 0xFFFF ? put(0xC5, bytes.size(), 2) : put(0xC6, bytes.size(), 4);
  }
  target_.append(bytes);
}

}  // namespace

Result<Unpacked> read_msgpack(std::string_view bytes, const MsgpackLimits& limits) {
  Reader reader(bytes, limits);
  Json value;
  if (!reader.read(value) || !reader.is_done()) {
    return Error("bad_msgpack", "it is not one whole value, or more than is taken");
  }
  return Unpacked{std::move(value), reader.take_attachments()};
}

void write_msgpack(const Json& value, const socketio::Args& owner, std::string& target) {
  Writer(owner, target).write(value);
}

}  // namespace coterie::redis
