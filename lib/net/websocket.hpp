// WebSocket (RFC 6455), server side, sans-I/O: the opening handshake, frames in, frame headers out.
//
//   frame  = FIN(1) RSV(3) opcode(4) | MASK(1) length(7) | extended length (0, 2 or 8 bytes)
//            | masking key (4, from clients always) | payload
//
// RSV1 in the first frame of a message: it is deflated (RFC 7692), which net/deflate agrees on.
//
// The reader is incremental and uses up every byte it is given. A frame that lies whole in the
// bytes is unmasked in place and handed on without a copy; only what is split is collected, in one
// contiguous buffer whose size is bounded before anything is allocated. Text is validated as UTF-8.
// A deflated message is collected as it came and inflated at its end, within the same bound.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/utf8.hpp"
#include "net/http.hpp"

namespace coterie::net {

enum class Opcode : std::uint8_t {
  continuation = 0,
  text = 1,
  binary = 2,
  close = 8,
  ping = 9,
  pong = 10,
};

// Status codes of close frames that we send (RFC 6455 7.4.1).
enum class CloseCode : std::uint16_t {
  normal = 1000,
  protocol_error = 1002,
  bad_data = 1007,
  too_big = 1009,
};

// Why a request is no valid opening handshake; nullopt when it is one (RFC 6455 4.2.1).
std::optional<Response> websocket_objection(const Request& request);
// The fields of the 101 answer.
Fields websocket_accept(const Request& request);

inline constexpr std::size_t frame_header_bytes_max = 10;
// Writes the header of an unfragmented server frame to `at`; returns its length: 2, 4 or 10.
std::size_t write_frame_header(char* at, Opcode opcode, std::uint64_t payload_bytes,
                               bool is_deflated = false);
std::size_t frame_header_bytes(std::uint64_t payload_bytes);

// A whole control frame; `payload` of at most 125 bytes.
std::string control_frame(Opcode opcode, std::string_view payload);
std::string close_frame(std::optional<CloseCode> code);

class WebSocketReader {
 public:
  // What has been read. Views are good for the call. A handler that returns false stops the reader:
  // feed() returns at once and must not be called again.
  class Handler {
   public:
    virtual ~Handler() = default;
    virtual bool on_message(std::string_view message, bool is_text) = 0;
    virtual bool on_ping(std::string_view payload) = 0;
    // The peer closes; its code, 1005 when it gave none.
    virtual void on_close(std::uint16_t code) = 0;
  };

  // `takes_deflated`: that messages may be deflated has been agreed on.
  explicit WebSocketReader(std::size_t message_bytes_max, bool takes_deflated = false);

  // Uses up all of `bytes` (which it may alter). Returns the code to close with when the peer broke
  // the protocol; nothing may be fed after that.
  std::optional<CloseCode> feed(std::span<char> bytes, Handler& handler);

 private:
  enum class State : std::uint8_t { header, payload, stopped };

  std::optional<CloseCode> read_header();
  std::optional<CloseCode> check_header(unsigned char first, unsigned char second);
  std::optional<CloseCode> take_payload(std::span<char> piece, Handler& handler);
  std::optional<CloseCode> take_deflated(std::string_view piece, Handler& handler);
  std::optional<CloseCode> take_control(std::span<char> piece, Handler& handler);
  std::optional<CloseCode> end_close(std::string_view payload, Handler& handler);
  void unmask(std::span<char> piece);
  std::size_t header_bytes() const;
  bool is_control() const { return (static_cast<std::uint8_t>(opcode_) & 8) != 0; }

  const std::uint32_t message_bytes_max_;
  const bool takes_deflated_;
  State state_ = State::header;
  bool is_final_ = false;
  bool in_message_ = false;  // Between the first and the last fragment.
  bool is_text_ = false;     // The message's kind.
  bool is_deflated_ = false;
  Opcode opcode_ = Opcode::text;  // The current frame's.
  std::uint8_t header_size_ = 0;  // Bytes of header_ that have come.
  std::uint8_t control_size_ = 0;
  std::array<unsigned char, 14> header_{};
  std::array<unsigned char, 4> mask_{};
  std::uint8_t mask_offset_ = 0;
  std::uint64_t payload_left_ = 0;
  std::uint32_t fragments_ = 0;
  Utf8Validator utf8_;
  std::string message_;                             // What has come of a split message.
  std::unique_ptr<std::array<char, 125>> control_;  // Of a split control frame.
};

}  // namespace coterie::net
