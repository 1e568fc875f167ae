// SPDX-License-Identifier: MIT
#include "socketio/encoder.hpp"

#include <fmt/format.h>

#include <iterator>
#include <string>

#include "base/check.hpp"

namespace coterie::socketio {

namespace {

// Where a packet's text is put together before its size is known: one buffer a thread.
std::string& scratch() {
  thread_local std::string text;
  text.clear();
  return text;
}

void append_header(std::string& text, PacketType type, std::size_t attachments,
                   std::string_view nsp, std::optional<std::uint64_t> id) {
  text.push_back(static_cast<char>(type));
  if (attachments > 0) fmt::format_to(std::back_inserter(text), "{}-", attachments);
  if (nsp != "/") text.append(nsp).push_back(',');
  if (id) fmt::format_to(std::back_inserter(text), "{}", *id);
}

Frames frames(std::string& text, const std::vector<SharedBytes>& attachments,
              engineio::Encoding encoding) {
  Frames result{engineio::Frame(engineio::PacketType::message, text, {}, encoding), {}};
  for (const SharedBytes& bytes : attachments) {
    result.attachments.push_back(engineio::Frame::binary(bytes.view(), encoding));
  }
  // One huge packet must not keep its memory for the life of the thread.
  if (text.capacity() > 256 * 1024) std::string().swap(text);
  return result;
}

}  // namespace

Frames encode_event(std::string_view nsp, std::optional<std::uint64_t> id, std::string_view event,
                    const Arguments& arguments, engineio::Encoding encoding) {
  COTERIE_CHECK(!is_reserved_event(event));
  std::string& text = scratch();
  const std::size_t attachments = arguments.attachments.size();
  append_header(text, attachments > 0 ? PacketType::binary_event : PacketType::event, attachments,
                nsp, id);
  text.push_back('[');
  write_json(Json(event), text);
  if (!arguments.text.empty()) text.append(",").append(arguments.text);
  text.push_back(']');
  return frames(text, arguments.attachments, encoding);
}

Frames encode_ack(std::string_view nsp, std::uint64_t id, const Arguments& arguments,
                  engineio::Encoding encoding) {
  std::string& text = scratch();
  const std::size_t attachments = arguments.attachments.size();
  append_header(text, attachments > 0 ? PacketType::binary_ack : PacketType::ack, attachments, nsp,
                id);
  text.append("[").append(arguments.text).append("]");
  return frames(text, arguments.attachments, encoding);
}

Frames encode_control(PacketType type, std::string_view nsp, const Json& data) {
  std::string& text = scratch();
  append_header(text, type, 0, nsp, std::nullopt);
  if (!data.is_null()) write_json(data, text);
  return frames(text, {}, {});
}

}  // namespace coterie::socketio
