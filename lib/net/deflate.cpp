// SPDX-License-Identifier: MIT
#include "net/deflate.hpp"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <stdexcept>
#include <utility>

#include "base/check.hpp"

namespace coterie::net {

namespace {

// What every flush ends with, and a message is sent without (RFC 7692 7.2.1).
constexpr std::string_view flush_tail("\x00\x00\xFF\xFF", 4);
constexpr int window_bits_max = 15;

const Bytef* input_of(std::string_view bytes) {
  return reinterpret_cast<const Bytef*>(bytes.data());
}

class Deflater {
 public:
  explicit Deflater(DeflateFormat format) : format_(format) {}
  ~Deflater() { end(); }
  Deflater(const Deflater&) = delete;
  Deflater& operator=(const Deflater&) = delete;

  // All of `bytes` within as many bytes less one; nullopt when they do not fit.
  std::optional<std::string> run(std::string_view bytes, const PerMessageDeflate& options) {
    begin(options);
    const bool is_message = format_ == DeflateFormat::message;
    std::string result(bytes.size() + (is_message ? flush_tail.size() : 0), '\0');
    stream_.next_in = const_cast<Bytef*>(input_of(bytes));
    stream_.avail_in = static_cast<uInt>(bytes.size());
    stream_.next_out = reinterpret_cast<Bytef*>(result.data());
    stream_.avail_out = static_cast<uInt>(result.size());
    ::deflate(&stream_, is_message ? Z_SYNC_FLUSH : Z_FINISH);
    // Room that is left is the sign of a flush that was completed.
    if (stream_.avail_out == 0) return std::nullopt;
    result.resize(result.size() - stream_.avail_out - (is_message ? flush_tail.size() : 0));
    return result;
  }

 private:
  void begin(const PerMessageDeflate& options) {
    const std::array<int, 3> shape{options.window_bits, options.level, options.memory_level};
    if (shape == shape_) {
      COTERIE_CHECK(deflateReset(&stream_) == Z_OK);
      return;
    }
    end();
    const int bits = format_ == DeflateFormat::message ? -options.window_bits
                     : format_ == DeflateFormat::gzip  ? options.window_bits + 16
                                                       : options.window_bits;
    stream_ = z_stream();
    COTERIE_CHECK(deflateInit2(&stream_, options.level, Z_DEFLATED, bits, options.memory_level,
                               Z_DEFAULT_STRATEGY) == Z_OK);
    shape_ = shape;
  }
  void end() {
    if (std::exchange(shape_, {}) != std::array<int, 3>{}) deflateEnd(&stream_);
  }

  const DeflateFormat format_;
  z_stream stream_{};
  std::array<int, 3> shape_{};  // Zeros: the stream is not open.
};

class Inflater {
 public:
  Inflater() { COTERIE_CHECK(inflateInit2(&stream_, -window_bits_max) == Z_OK); }
  ~Inflater() { inflateEnd(&stream_); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  std::optional<CloseCode> run(std::string_view deflated, std::size_t bytes_max,
                               std::string& message) {
    COTERIE_CHECK(inflateReset(&stream_) == Z_OK);
    bytes_max_ = bytes_max;
    size_ = 0;
    is_at_boundary_ = false;
    message.clear();
    grow(message, std::max<std::size_t>(deflated.size() * 4, 1024));
    for (const std::string_view part : {deflated, flush_tail}) {
      if (const auto failure = take(part, message)) return failure;
    }
    // With the flush at its end a whole message ends where a block does.
    if (!is_at_boundary_) return CloseCode::bad_data;
    message.resize(size_);
    return std::nullopt;
  }

 private:
  std::optional<CloseCode> take(std::string_view part, std::string& message) {
    stream_.next_in = const_cast<Bytef*>(input_of(part));
    stream_.avail_in = static_cast<uInt>(part.size());
    do {
      if (size_ == message.size() && size_ < bytes_max_) grow(message, size_ * 2);
      // Where the bound is reached there is room for one byte that must not come.
      Bytef excess = 0;
      const bool is_full = size_ == bytes_max_;
      stream_.next_out = is_full ? &excess : reinterpret_cast<Bytef*>(message.data() + size_);
      stream_.avail_out = is_full ? 1 : static_cast<uInt>(message.size() - size_);
      const int result = inflate(&stream_, Z_SYNC_FLUSH);
      if (is_full && stream_.avail_out == 0) return CloseCode::too_big;
      if (!is_full) size_ = message.size() - stream_.avail_out;
      is_at_boundary_ = result == Z_STREAM_END || (stream_.data_type & 128) != 0;
      if (result == Z_STREAM_END) {
        // A block may say that it is the last: another stream follows (RFC 7692 7.2.3.4).
        COTERIE_CHECK(inflateReset(&stream_) == Z_OK);
      } else if (result != Z_OK && result != Z_BUF_ERROR) {
        return CloseCode::bad_data;
      }
    } while (stream_.avail_in > 0 || (stream_.avail_out == 0 && !is_at_boundary_));
    return std::nullopt;
  }

  // By hand: a string that grows by itself may take twice what it was asked for.
  void grow(std::string& message, std::size_t size) const {
    std::string larger(std::min(size, bytes_max_), '\0');
    std::copy_n(message.begin(), size_, larger.begin());
    message.swap(larger);
  }

  z_stream stream_{};
  std::size_t bytes_max_ = 0;  // Of one run
  std::size_t size_ = 0;
  bool is_at_boundary_ = false;
};

// The value of a parameter, "15" or "\"15\""; nullopt: not from 8 to 15.
std::optional<int> parse_bits(std::string_view value) {
  std::string text;
  if (value.size() >= 2 && value.front() == '"' && value.back() == '"') {
    value = value.substr(1, value.size() - 2);
    for (std::size_t i = 0; i < value.size(); ++i) {
      if (value[i] == '\\' && ++i == value.size()) return std::nullopt;  // Never closed.
      text.push_back(value[i]);
    }
    value = text;
  }
  int bits = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), bits);
  const bool is_whole = error == std::errc() && end == value.data() + value.size();
  if (!is_whole || value.front() == '0' || bits < 8 || bits > window_bits_max) return std::nullopt;
  return bits;
}

struct Offer {
  bool has_server_takeover = false;  // Whether each parameter was there: none may come twice.
  bool has_client_takeover = false;
  int server_bits = 0;  // 0: it was not.
  int client_bits = 0;

  bool add(std::string_view parameter) {
    const std::size_t equals = parameter.find('=');
    const bool has_value = equals != std::string_view::npos;
    const std::string_view name = parameter.substr(0, equals);
    if (name == "server_no_context_takeover") {
      return !has_value && !std::exchange(has_server_takeover, true);
    }
    if (name == "client_no_context_takeover") {
      return !has_value && !std::exchange(has_client_takeover, true);
    }
    const auto bits = has_value ? parse_bits(parameter.substr(equals + 1)) : std::nullopt;
    if (name == "server_max_window_bits") {
      return bits && std::exchange(server_bits, *bits) == 0;
    }
    if (name == "client_max_window_bits") {
      if (has_value && !bits) return false;
      return std::exchange(client_bits, bits.value_or(window_bits_max)) == 0;
    }
    return false;
  }
};

std::optional<Offer> parse_offer(std::string_view text) {
  if (text.ends_with(';') || next_part(text, ';') != "permessage-deflate") return std::nullopt;
  Offer offer;
  while (!text.empty()) {
    if (!offer.add(next_part(text, ';'))) return std::nullopt;
  }
  return offer;
}

DeflateAgreement answer_to(const Offer& offer, const PerMessageDeflate& options) {
  DeflateAgreement agreement{
      "permessage-deflate; server_no_context_takeover; client_no_context_takeover",
      std::numeric_limits<std::uint32_t>::max()};
  int bits = options.window_bits;
  if (offer.server_bits > 0 && offer.server_bits < bits) {
    bits = offer.server_bits;
    agreement.message_bytes_max = 1u << bits;
  }
  if (offer.server_bits > 0 || bits < window_bits_max) {
    agreement.answer += "; server_max_window_bits=" + std::to_string(bits);
  }
  if (offer.client_bits > 0) {
    agreement.answer += "; client_max_window_bits=" +
                        std::to_string(std::min(offer.client_bits, options.window_bits));
  }
  return agreement;
}

}  // namespace

void require_valid(const PerMessageDeflate& options) {
  const auto require = [](int value, int low, int high, const std::string& name) {
    if (value >= low && value <= high) return;
    throw std::invalid_argument("per_message_deflate." + name + " is " + std::to_string(value) +
                                ", which is not from " + std::to_string(low) + " to " +
                                std::to_string(high));
  };
  // zlib does not write raw streams with a window of 8 bits.
  require(options.window_bits, 9, window_bits_max, "window_bits");
  require(options.level, 1, 9, "level");
  require(options.memory_level, 1, 9, "memory_level");
}

std::optional<DeflateAgreement> agree_on_deflate(const Fields& request,
                                                 const PerMessageDeflate& options) {
  const std::string list = request.joined("Sec-WebSocket-Extensions");
  for (std::string_view rest = list; !rest.empty();) {
    if (const auto offer = parse_offer(next_part(rest, ','))) return answer_to(*offer, options);
  }
  return std::nullopt;
}

std::optional<std::string> deflate(std::string_view bytes, DeflateFormat format,
                                   const PerMessageDeflate& options) {
  if (bytes.size() > deflate_bytes_max) return std::nullopt;
  thread_local Deflater message(DeflateFormat::message);
  thread_local Deflater zlib(DeflateFormat::zlib);
  thread_local Deflater gzip(DeflateFormat::gzip);
  Deflater& deflater = format == DeflateFormat::message ? message
                       : format == DeflateFormat::zlib  ? zlib
                                                        : gzip;
  return deflater.run(bytes, options);
}

std::optional<CloseCode> inflate_message(std::string_view deflated, std::size_t bytes_max,
                                         std::string& message) {
  thread_local Inflater inflater;
  return inflater.run(deflated, bytes_max, message);
}

}  // namespace coterie::net
