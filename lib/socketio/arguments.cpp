// SPDX-License-Identifier: MIT
#include "socketio/arguments.hpp"

#include "base/check.hpp"

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
  add(attach(value.bytes));
}

void Arguments::add(const Args& value) {
  COTERIE_CHECK(attachments.empty() || value.attachments().empty());  // Numbers would not match.
  for (const Json& each : value.values()) add(each);
  if (attachments.empty()) attachments = value.attachments();
}

void Arguments::add(const Arguments& value) {
  COTERIE_CHECK(attachments.empty() || value.attachments.empty());
  if (!value.text.empty()) add(RawJson{value.text});
  if (attachments.empty()) attachments = value.attachments;
}

Json Arguments::attach(SharedBytes bytes) {
  attachments.push_back(std::move(bytes));
  return JsonObject{{"_placeholder", true}, {"num", attachments.size() - 1}};
}

}  // namespace coterie::socketio
