// Socket.IO packets into frames: encoded once, however many will hear them.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engineio/frame.hpp"
#include "socketio/arguments.hpp"
#include "socketio/offset.hpp"
#include "socketio/packet.hpp"

namespace coterie::socketio {

// A packet ready for the wire: its text frame, and one binary frame for each attachment.
struct Frames {
  engineio::Frame head;
  std::vector<engineio::Frame> attachments;
};

// An event that is encoded but for its offset: what recovery appends as a last argument,
// which is only known once the event has found its place in the order of all events.
class EventDraft {
 public:
  // Reserved names are a bug of the caller.
  EventDraft(std::string_view nsp, std::optional<std::uint64_t> id, std::string_view event,
             const Arguments& arguments, engineio::Encoding encoding = {});

  ~EventDraft();
  EventDraft(const EventDraft&) = delete;
  EventDraft& operator=(const EventDraft&) = delete;

  // Once, either of them.
  Frames finish();
  Frames finish(const Offset& offset);

 private:
  const engineio::Encoding encoding_;
  std::string text_;  // Up to the closing bracket.
  std::vector<engineio::Frame> attachments_;
};

Frames encode_event(std::string_view nsp, std::optional<std::uint64_t> id, std::string_view event,
                    const Arguments& arguments, engineio::Encoding encoding = {});
Frames encode_ack(std::string_view nsp, std::uint64_t id, const Arguments& arguments,
                  engineio::Encoding encoding = {});
// CONNECT, DISCONNECT and CONNECT_ERROR; `data` is not written when null.
Frames encode_control(PacketType type, std::string_view nsp, const Json& data);

}  // namespace coterie::socketio
