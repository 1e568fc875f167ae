// SPDX-License-Identifier: MIT
#include "net/websocket.hpp"

#include <openssl/evp.h>
#include <openssl/sha.h>

#include <algorithm>
#include <cstring>
#include <limits>

#include "base/check.hpp"
#include "net/deflate.hpp"

namespace coterie::net {

namespace {

constexpr std::size_t control_bytes_max = 125;
// Fragments cost us no memory each, but handling a million one-byte frames is work for nothing.
constexpr std::uint32_t fragments_max = 16384;

bool is_valid_key(std::string_view key) {
  // Sixteen bytes in base64: 22 characters and "==".
  if (key.size() != 24 || !key.ends_with("==")) return false;
  return std::all_of(key.begin(), key.end() - 2, [](unsigned char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' ||
           c == '/';
  });
}

// Codes a peer may send (RFC 6455 7.4.1, 7.4.2 and the registry as of 2026).
bool is_valid_close_code(std::uint16_t code) {
  if (code >= 3000 && code <= 4999) return true;
  return code >= 1000 && code <= 1014 && code != 1004 && code != 1005 && code != 1006;
}

}  // namespace

std::optional<Response> websocket_objection(const Request& request) {
  const auto bad = [](std::string text) {
    Response response = text_response(400, std::move(text), "text/html");
    response.close = true;
    return response;
  };
  if (request.method != "GET") return bad("Bad handshake method");
  if (!request.fields.has_token("Upgrade", "websocket")) return bad("Invalid Upgrade header");
  if (!is_valid_key(request.fields.get("Sec-WebSocket-Key"))) {
    return bad("Missing or invalid Sec-WebSocket-Key header");
  }
  if (request.fields.get("Sec-WebSocket-Version") != "13") {
    Response response = bad("Missing or invalid Sec-WebSocket-Version header");
    response.fields.add("Sec-WebSocket-Version", "13");
    return response;
  }
  return std::nullopt;
}

Fields websocket_accept(const Request& request) {
  const std::string key =
      std::string(request.fields.get("Sec-WebSocket-Key")) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  std::array<unsigned char, SHA_DIGEST_LENGTH> digest;
  SHA1(reinterpret_cast<const unsigned char*>(key.data()), key.size(), digest.data());
  std::array<unsigned char, 32> text;
  const int length = EVP_EncodeBlock(text.data(), digest.data(), static_cast<int>(digest.size()));
  Fields fields{{"Upgrade", "websocket"}, {"Connection", "Upgrade"}};
  fields.add("Sec-WebSocket-Accept", std::string(reinterpret_cast<const char*>(text.data()),
                                                 static_cast<std::size_t>(length)));
  return fields;
}

std::size_t frame_header_bytes(std::uint64_t payload_bytes) {
  return payload_bytes < 126 ? 2 : payload_bytes <= 0xFFFF ? 4 : 10;
}

std::size_t write_frame_header(char* at, Opcode opcode, std::uint64_t payload_bytes,
                               bool is_deflated) {
  const std::size_t size = frame_header_bytes(payload_bytes);
  at[0] = static_cast<char>((is_deflated ? 0xC0 : 0x80) | static_cast<std::uint8_t>(opcode));
  if (size == 2) {
    at[1] = static_cast<char>(payload_bytes);
    return size;
  }
  at[1] = size == 4 ? 126 : 127;
  for (std::size_t i = size; i > 2; --i, payload_bytes >>= 8) {
    at[i - 1] = static_cast<char>(payload_bytes & 0xFF);
  }
  return size;
}

std::string control_frame(Opcode opcode, std::string_view payload) {
  COTERIE_CHECK(payload.size() <= control_bytes_max);
  std::string frame(2, '\0');
  write_frame_header(frame.data(), opcode, payload.size());
  return frame.append(payload);
}

std::string close_frame(std::optional<CloseCode> code) {
  if (!code) return control_frame(Opcode::close, {});
  const auto number = static_cast<std::uint16_t>(*code);
  const char payload[2] = {static_cast<char>(number >> 8), static_cast<char>(number & 0xFF)};
  return control_frame(Opcode::close, {payload, 2});
}

WebSocketReader::WebSocketReader(std::size_t message_bytes_max, bool takes_deflated)
    : message_bytes_max_(static_cast<std::uint32_t>(
          std::min<std::size_t>(message_bytes_max, std::numeric_limits<std::uint32_t>::max()))),
      takes_deflated_(takes_deflated) {}

std::optional<CloseCode> WebSocketReader::feed(std::span<char> bytes, Handler& handler) {
  while (state_ != State::stopped) {
    if (state_ == State::header) {
      while (header_size_ < header_bytes() && !bytes.empty()) {
        header_[header_size_++] = static_cast<unsigned char>(bytes.front());
        bytes = bytes.subspan(1);
        // The first two bytes tell how long the header is, and most of what can be wrong.
        if (header_size_ == 2) {
          if (const auto failure = check_header(header_[0], header_[1])) return failure;
        }
      }
      if (header_size_ < header_bytes()) return std::nullopt;
      if (const auto failure = read_header()) return failure;
    }
    if (bytes.empty() && payload_left_ > 0) return std::nullopt;
    const auto size =
        static_cast<std::size_t>(std::min<std::uint64_t>(payload_left_, bytes.size()));
    const std::span<char> piece = bytes.first(size);
    bytes = bytes.subspan(size);
    payload_left_ -= size;
    unmask(piece);
    const auto failure = is_control() ? take_control(piece, handler) : take_payload(piece, handler);
    if (failure) return failure;
    if (payload_left_ == 0 && state_ == State::payload) {
      state_ = State::header;
      header_size_ = 0;
    }
  }
  return std::nullopt;
}

std::size_t WebSocketReader::header_bytes() const {
  if (header_size_ < 2) return 2;
  const unsigned length = header_[1] & 0x7F;
  return (length == 126 ? 4u : length == 127 ? 10u : 2u) + 4u;
}

std::optional<CloseCode> WebSocketReader::check_header(unsigned char first, unsigned char second) {
  const bool is_final = (first & 0x80) != 0;
  const unsigned opcode = first & 0x0F;
  const unsigned length = second & 0x7F;
  if (const unsigned reserved = first & 0x70; reserved != 0) {
    // RSV1 opens a deflated message; nothing else was agreed on.
    const bool opens_message = opcode == 1 || opcode == 2;
    if (reserved != 0x40 || !takes_deflated_ || !opens_message) return CloseCode::protocol_error;
  }
  if ((second & 0x80) == 0) return CloseCode::protocol_error;  // Clients must mask.
  if (opcode > 10 || (opcode > 2 && opcode < 8)) return CloseCode::protocol_error;
  if (opcode >= 8) {
    return is_final && length <= control_bytes_max ? std::nullopt
                                                   : std::optional(CloseCode::protocol_error);
  }
  // A continuation needs a message to continue, and a message must end before the next begins.
  if ((opcode == 0) != in_message_) return CloseCode::protocol_error;
  return std::nullopt;
}

std::optional<CloseCode> WebSocketReader::read_header() {
  const std::size_t size = header_bytes();
  opcode_ = static_cast<Opcode>(header_[0] & 0x0F);
  is_final_ = (header_[0] & 0x80) != 0;
  std::uint64_t length = header_[1] & 0x7F;
  if (length >= 126) {
    const bool is_wide = length == 127;
    length = 0;
    for (std::size_t i = 2; i < size - 4; ++i) length = length << 8 | header_[i];
    // The shortest form is the only one (RFC 6455 5.2), and the top bit must be clear.
    if (is_wide ? length <= 0xFFFF || length >> 63 : length < 126) {
      return CloseCode::protocol_error;
    }
  }
  std::copy_n(header_.begin() + static_cast<std::ptrdiff_t>(size) - 4, 4, mask_.begin());
  mask_offset_ = 0;
  payload_left_ = length;
  state_ = State::payload;
  if (is_control()) {
    control_size_ = 0;
    return std::nullopt;
  }
  if (length > message_bytes_max_ - message_.size()) return CloseCode::too_big;
  if (!in_message_) {
    in_message_ = true;
    is_text_ = opcode_ == Opcode::text;
    is_deflated_ = (header_[0] & 0x40) != 0;
    fragments_ = 0;
    utf8_.reset();
  }
  if (++fragments_ > fragments_max) return CloseCode::too_big;
  return std::nullopt;
}

std::optional<CloseCode> WebSocketReader::take_payload(std::span<char> piece, Handler& handler) {
  const std::string_view view(piece.data(), piece.size());
  if (is_deflated_) [[unlikely]] {
    return take_deflated(view, handler);
  }
  if (is_text_ && !utf8_.feed(view)) return CloseCode::bad_data;
  if (payload_left_ > 0 || !is_final_) {
    message_.append(view);
    return std::nullopt;
  }
  if (is_text_ && !utf8_.is_complete()) return CloseCode::bad_data;
  in_message_ = false;
  if (message_.empty()) {  // The whole message lies in front of us.
    if (!handler.on_message(view, is_text_)) state_ = State::stopped;
    return std::nullopt;
  }
  message_.append(view);
  std::string whole;
  whole.swap(message_);  // Memory goes back when the message has been handled.
  if (!handler.on_message(whole, is_text_)) state_ = State::stopped;
  return std::nullopt;
}

std::optional<CloseCode> WebSocketReader::take_deflated(std::string_view piece, Handler& handler) {
  if (payload_left_ > 0 || !is_final_) {
    message_.append(piece);
    return std::nullopt;
  }
  in_message_ = false;
  std::string collected;
  collected.swap(message_);
  if (!collected.empty()) piece = collected.append(piece);
  std::string message;
  if (const auto failure = inflate_message(piece, message_bytes_max_, message)) return failure;
  if (is_text_ && !is_utf8(message)) return CloseCode::bad_data;
  if (!handler.on_message(message, is_text_)) state_ = State::stopped;
  return std::nullopt;
}

std::optional<CloseCode> WebSocketReader::take_control(std::span<char> piece, Handler& handler) {
  std::string_view payload(piece.data(), piece.size());
  if (control_size_ > 0 || payload_left_ > 0) {
    if (!control_) control_ = std::make_unique<std::array<char, 125>>();
    std::ranges::copy(payload, control_->begin() + control_size_);
    control_size_ = static_cast<std::uint8_t>(control_size_ + payload.size());
    payload = {control_->data(), control_size_};
  }
  if (payload_left_ > 0) return std::nullopt;
  std::optional<CloseCode> failure;
  if (opcode_ == Opcode::ping) {
    if (!handler.on_ping(payload)) state_ = State::stopped;
  } else if (opcode_ == Opcode::close) {
    failure = end_close(payload, handler);
  }
  control_.reset();
  return failure;
}

std::optional<CloseCode> WebSocketReader::end_close(std::string_view payload, Handler& handler) {
  state_ = State::stopped;
  std::uint16_t code = 1005;
  if (payload.size() == 1) return CloseCode::protocol_error;
  if (payload.size() >= 2) {
    code = static_cast<std::uint16_t>(static_cast<unsigned char>(payload[0]) << 8 |
                                      static_cast<unsigned char>(payload[1]));
    if (!is_valid_close_code(code)) return CloseCode::protocol_error;
    if (!is_utf8(payload.substr(2))) return CloseCode::bad_data;
  }
  handler.on_close(code);
  return std::nullopt;
}

void WebSocketReader::unmask(std::span<char> piece) {
  // Eight bytes at a time, with the key turned to where the frame's payload has got to.
  std::array<unsigned char, 8> key;
  for (std::size_t i = 0; i < key.size(); ++i) key[i] = mask_[(mask_offset_ + i) % 4];
  std::uint64_t wide_key;
  std::memcpy(&wide_key, key.data(), sizeof wide_key);
  std::size_t i = 0;
  for (; i + 8 <= piece.size(); i += 8) {
    std::uint64_t word;
    std::memcpy(&word, piece.data() + i, sizeof word);
    word ^= wide_key;
    std::memcpy(piece.data() + i, &word, sizeof word);
  }
  for (; i < piece.size(); ++i) {
    piece[i] = static_cast<char>(static_cast<unsigned char>(piece[i]) ^ key[i % 8]);
  }
  mask_offset_ = static_cast<std::uint8_t>((mask_offset_ + piece.size()) % 4);
}

}  // namespace coterie::net
