// SPDX-License-Identifier: MIT
#include "api/indented.hpp"

#include <algorithm>

namespace coterie::api {

namespace {

void write_indented(const Json& value, std::size_t depth, std::string& target) {
  const auto line = [&target](std::size_t at) { target.append("\n").append(at * 2, ' '); };
  const auto list = [&](const auto& items, char open, char close, auto write) {
    target += open;
    bool is_first = true;
    for (const auto& item : items) {
      if (!is_first) target += ',';
      is_first = false;
      line(depth + 1);
      write(item);
    }
    line(depth);
    target += close;
  };
  if (const auto* object = value.if_object(); object && !object->empty()) {
    return list(*object, '{', '}', [&](const auto& member) {
      write_json(Json(member.key()), target);
      target += ": ";
      write_indented(member.value(), depth + 1, target);
    });
  }
  if (const auto* array = value.if_array(); array && !array->empty()) {
    const bool is_flat =
        std::ranges::none_of(*array, [](const Json& each) { return each.is_structured(); });
    if (!is_flat || to_text(value).size() > 90) {
      return list(*array, '[', ']',
                  [&](const Json& each) { write_indented(each, depth + 1, target); });
    }
  }
  write_json(value, target);
}

}  // namespace

std::string indented(const Json& value) {
  std::string text;
  write_indented(value, 0, text);
  return text;
}

}  // namespace coterie::api
