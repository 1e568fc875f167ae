// SPDX-License-Identifier: MIT
#include "socketio/encoder.hpp"

#include <fmt/format.h>

#include <iterator>
#include <string>

#include "base/check.hpp"

namespace coterie::socketio {

namespace {

// Where a packet's text is put together before its size is known: one buffer a thread, lent out.
std::string& buffer() {
  thread_local std::string text;
  return text;
}
std::string scratch() {
  std::string text = std::move(buffer());
  text.clear();
  return text;
}
void give_back(std::string& text) {
  // One huge packet must not keep its memory for the life of the thread.
  if (text.capacity() <= 256 * 1024) buffer() = std::move(text);
}

void append_header(std::string& text, PacketType type, std::size_t attachments,
                   std::string_view nsp, std::optional<std::uint64_t> id) {
  text.push_back(static_cast<char>(type));
  if (attachments > 0) fmt::format_to(std::back_inserter(text), "{}-", attachments);
  if (nsp != "/") text.append(nsp).push_back(',');
  if (id) fmt::format_to(std::back_inserter(text), "{}", *id);
}

std::vector<engineio::Frame> binary_frames(const std::vector<SharedBytes>& attachments,
                                           engineio::Encoding encoding) {
  std::vector<engineio::Frame> frames;
  frames.reserve(attachments.size());
  for (const SharedBytes& bytes : attachments) {
    frames.push_back(engineio::Frame::binary(bytes.view(), encoding));
  }
  return frames;
}

Frames frames(std::string text, const std::vector<SharedBytes>& attachments,
              engineio::Encoding encoding) {
  Frames result{engineio::Frame(engineio::PacketType::message, text, {}, encoding),
                binary_frames(attachments, encoding)};
  give_back(text);
  return result;
}

}  // namespace

EventDraft::EventDraft(std::string_view nsp, std::optional<std::uint64_t> id,
                       std::string_view event, const Arguments& arguments,
                       engineio::Encoding encoding)
    : encoding_(encoding),
      text_(scratch()),
      attachments_(binary_frames(arguments.attachments, encoding)) {
  COTERIE_CHECK(!is_reserved_event(event));
  const std::size_t attachments = arguments.attachments.size();
  append_header(text_, attachments > 0 ? PacketType::binary_event : PacketType::event, attachments,
                nsp, id);
  text_.push_back('[');
  write_json(Json(event), text_);
  if (!arguments.text.empty()) text_.append(",").append(arguments.text);
}

EventDraft::~EventDraft() {
  give_back(text_);
}

Frames EventDraft::finish() {
  text_.push_back(']');
  return {engineio::Frame(engineio::PacketType::message, text_, {}, encoding_),
          std::move(attachments_)};
}

Frames EventDraft::finish(const Offset& offset) {
  text_.append(",\"").append(offset.text()).push_back('"');
  return finish();
}

Frames encode_event(std::string_view nsp, std::optional<std::uint64_t> id, std::string_view event,
                    const Arguments& arguments, engineio::Encoding encoding) {
  return EventDraft(nsp, id, event, arguments, encoding).finish();
}

Frames encode_ack(std::string_view nsp, std::uint64_t id, const Arguments& arguments,
                  engineio::Encoding encoding) {
  std::string text = scratch();
  const std::size_t attachments = arguments.attachments.size();
  append_header(text, attachments > 0 ? PacketType::binary_ack : PacketType::ack, attachments, nsp,
                id);
  text.append("[").append(arguments.text).append("]");
  return frames(std::move(text), arguments.attachments, encoding);
}

Frames encode_control(PacketType type, std::string_view nsp, const Json& data) {
  std::string text = scratch();
  append_header(text, type, 0, nsp, std::nullopt);
  if (!data.is_null()) write_json(data, text);
  return frames(std::move(text), {}, {});
}

}  // namespace coterie::socketio
