// SPDX-License-Identifier: MIT
#include "socketio/arguments.hpp"

#include <fmt/format.h>

#include <iterator>

namespace coterie::socketio {

const SharedBytes* Args::binary(const Json& value) const {
  const auto* object = value.if_object();
  if (!object) return nullptr;
  const Json* mark = object->if_contains("_placeholder");
  const Json* number = object->if_contains("num");
  if (!mark || !mark->is_bool() || !mark->get_bool()) return nullptr;
  if (!number || !number->is_int64() || number->get_int64() < 0) return nullptr;
  const auto index = static_cast<std::size_t>(number->get_int64());
  return index < attachments_.size() ? &attachments_[index] : nullptr;
}

void Arguments::add(const Json& value) {
  if (!text.empty()) text.push_back(',');
  write_json(value, text);
}

void Arguments::add(const RawJson& value) {
  if (!text.empty()) text.push_back(',');
  text.append(value.text);
}

void Arguments::add(const Binary& value) {
  if (!text.empty()) text.push_back(',');
  fmt::format_to(std::back_inserter(text), R"({{"_placeholder":true,"num":{}}})",
                 attachments.size());
  attachments.push_back(value.bytes);
}

}  // namespace coterie::socketio
