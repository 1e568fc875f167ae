// SPDX-License-Identifier: MIT
#include "socketio/decoder.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace coterie::socketio {

namespace {

constexpr std::size_t id_digits_max = 16;
constexpr std::uint64_t id_max = std::uint64_t{1} << 53;  // What JavaScript counts exactly.

Error bad(std::string detail) {
  return Error("bad_packet", std::move(detail));
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// The number at the front of `text`, which becomes the rest; nullopt when it has too many digits.
std::optional<std::uint64_t> take_number(std::string_view& text, std::size_t digits_max) {
  const auto end = std::ranges::find_if_not(text, is_digit);
  const auto digits = static_cast<std::size_t>(end - text.begin());
  if (digits == 0 || digits > digits_max) return std::nullopt;
  std::uint64_t number = 0;
  std::from_chars(text.data(), text.data() + digits, number);
  text.remove_prefix(digits);
  return number;
}

// Does every placeholder anywhere in `value` name one of `count` attachments?
bool placeholders_are_valid(const Json& value, std::size_t count) {
  if (const auto* array = value.if_array()) {
    return std::ranges::all_of(
        *array, [&](const Json& each) { return placeholders_are_valid(each, count); });
  }
  const auto* object = value.if_object();
  if (!object) return true;
  if (const Json* mark = object->if_contains("_placeholder");
      mark && mark->is_bool() && mark->get_bool()) {
    const Json* number = object->if_contains("num");
    return number && number->is_int64() && number->get_int64() >= 0 &&
           static_cast<std::uint64_t>(number->get_int64()) < count;
  }
  return std::ranges::all_of(
      *object, [&](const auto& each) { return placeholders_are_valid(each.value(), count); });
}

// Reads the header of a packet up to its JSON, which is left in `text`.
Result<std::size_t> read_header(std::string_view& text, Packet& packet, const Limits& limits) {
  if (text.empty() || text.front() < '0' || text.front() > '6') return bad("unknown packet type");
  packet.type = static_cast<PacketType>(text.front());
  text.remove_prefix(1);
  std::size_t attachments = 0;
  if (packet.type == PacketType::binary_event || packet.type == PacketType::binary_ack) {
    const auto count = take_number(text, 2);
    if (!count || !text.starts_with('-')) return bad("illegal attachments");
    if (*count == 0 || *count > limits.attachments_max) return bad("too many attachments, or none");
    attachments = static_cast<std::size_t>(*count);
    text.remove_prefix(1);
    packet.type = packet.type == PacketType::binary_event ? PacketType::event : PacketType::ack;
  }
  if (text.starts_with('/')) {
    const std::size_t comma = std::min(text.find(','), text.size());
    if (comma > limits.namespace_bytes_max) return bad("namespace name too long");
    packet.nsp = text.substr(0, comma);
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  if (!text.empty() && is_digit(text.front())) {
    packet.id = take_number(text, id_digits_max);
    if (!packet.id || *packet.id >= id_max) return bad("illegal id");
  }
  return attachments;
}

// A number as an event's name is its text, if JSON has one for it (1e400 has none).
void name_by_text(Json& name) {
  const double* fraction = name.if_double();
  if (name.is_number() && (!fraction || std::isfinite(*fraction))) name = to_text(name);
}

// Is the payload what the packet's type asks for?
bool payload_is_valid(Packet& packet, bool has_payload) {
  switch (packet.type) {
    case PacketType::connect:
      return !has_payload || packet.data.is_object();
    case PacketType::disconnect:
      return !has_payload;
    case PacketType::ack:
      return packet.id && packet.data.is_array();
    case PacketType::event: {
      auto* array = packet.data.if_array();
      if (!array || array->empty()) return false;
      Json& name = array->front();
      name_by_text(name);
      return name.is_string() && !is_reserved_event(name.get_string());
    }
    default:
      return false;
  }
}

}  // namespace

bool is_reserved_event(std::string_view name) {
  static constexpr std::array<std::string_view, 6> reserved{
      "connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"};
  return std::ranges::find(reserved, name) != reserved.end();
}

Result<std::optional<Packet>> Decoder::on_text(std::string_view message) {
  if (partial_) return bad("text instead of an attachment");
  Packet packet;
  const auto attachments = read_header(message, packet, limits_);
  if (!attachments) return attachments.error();
  if (!message.empty()) {
    // An array or an object, at once: the reference reads white space here as the id 0.
    if (message.front() != '[' && message.front() != '{') return bad("invalid payload");
    auto data = parse_json(message);
    if (!data) return bad("invalid payload: " + data.error().detail);
    packet.data = std::move(*data);
  }
  if (!payload_is_valid(packet, !message.empty())) return bad("invalid payload");
  if (*attachments == 0) return std::optional(std::move(packet));
  if (!placeholders_are_valid(packet.data, *attachments)) return bad("illegal placeholder");
  partial_ = std::make_unique<Partial>(Partial{std::move(packet), *attachments});
  return std::optional<Packet>();
}

Result<std::optional<Packet>> Decoder::on_binary(std::string_view message) {
  if (!partial_) return bad("binary data without a packet");
  partial_->bytes += message.size();
  if (partial_->bytes > limits_.attachment_bytes_max) return bad("attachments too large");
  partial_->packet.attachments.emplace_back(message);
  if (--partial_->missing > 0) return std::optional<Packet>();
  std::optional<Packet> packet(std::move(partial_->packet));
  partial_.reset();
  return packet;
}

}  // namespace coterie::socketio
