// JSON that is text already, and objects and arrays that are written as text straight away.
//
// For what goes out often and is known in its shape: no value is made of it first. What is written
// is compact, as write_json() has it, and properties come in the order in which they are added. A
// shape is a function that adds them, and shapes nest:
//
//   void add_file(JsonObjectWriter& to, const File& file) { to.add("path", file.path); }
//   void add_user(JsonObjectWriter& to, const User& user) {
//     to.add("id", user.id);
//     to.object("avatar", add_file, user.avatar);
//   }
//   json_object(add_user, user)  // {"id":7,"avatar":{"path":"…"}}
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <charconv>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/clock.hpp"
#include "base/json.hpp"

namespace coterie {

// One value, whole and valid.
struct JsonText {
  std::string text;
};

// Append one value, as write_json() has it.
void write_string(std::string_view text, std::string& target);
void write_integer(std::integral auto value, std::string& target) {
  std::array<char, 24> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  target.append(digits.data(), end);
}

// A property's name and what stands around it: made by the compiler, which refuses a name that
// would need an escape.
class JsonName {
 public:
  template <std::size_t size>
  consteval JsonName(const char (&name)[size]) : length_(size + 3) {  // NOLINT: from a literal
    char* next = around_.data();
    for (const char c : {',', '"'}) *next++ = c;
    for (const char c : std::string_view(name, size - 1)) {
      if (static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\') throw "wants an escape";
      *next++ = c;
    }
    for (const char c : {'"', ':'}) *next++ = c;
  }
  std::string_view first() const { return behind_another().substr(1); }
  std::string_view behind_another() const { return {around_.data(), length_}; }

 private:
  std::array<char, 32> around_{};  // A longer name is refused, too.
  std::size_t length_;
};

// Adds properties to an object at the end of a text.
class JsonObjectWriter {
 public:
  // Appends an object to `target`, its properties added by add(JsonObjectWriter&, parts...).
  template <class Add, class... Parts>
  static void write(std::string& target, const Add& add, const Parts&... parts) {
    target += '{';
    JsonObjectWriter object(target);
    add(object, parts...);
    target += '}';
  }
  // Appends an array of such objects, one for each element.
  template <class Elements, class Add>
  static void write_all(std::string& target, const Elements& elements, const Add& add) {
    target += '[';
    bool is_first = true;
    for (const auto& each : elements) {
      if (!std::exchange(is_first, false)) target += ',';
      write(target, add, each);
    }
    target += ']';
  }

  template <class Value>
  void add(const JsonName& name, const Value& value) {
    begin(name);
    add_value(value);
  }
  template <class Add, class... Parts>
  void object(const JsonName& name, const Add& add, const Parts&... parts) {
    begin(name);
    write(target_, add, parts...);
  }
  template <class Elements, class Add>
  void array(const JsonName& name, const Elements& elements, const Add& add) {
    begin(name);
    write_all(target_, elements, add);
  }

 private:
  explicit JsonObjectWriter(std::string& target) : target_(target) {}

  void begin(const JsonName& name) {
    target_ += std::exchange(is_first_, false) ? name.first() : name.behind_another();
  }

  void add_value(std::nullptr_t) { target_ += "null"; }
  void add_value(std::integral auto value) {
    if constexpr (std::same_as<decltype(value), bool>) {
      target_ += value ? "true" : "false";
    } else {
      write_integer(value, target_);
    }
  }
  void add_value(std::string_view value) { write_string(value, target_); }
  void add_value(WallTime value) {
    target_ += '"';
    write_iso8601(value, target_);
    target_ += '"';
  }
  void add_value(const std::same_as<Json> auto& value) { write_json(value, target_); }
  template <class Value>
  void add_value(const std::optional<Value>& value) {
    value ? add_value(*value) : add_value(nullptr);
  }

  std::string& target_;
  bool is_first_ = true;
};

template <class Add, class... Parts>
JsonText json_object(const Add& add, const Parts&... parts) {
  JsonText result;
  JsonObjectWriter::write(result.text, add, parts...);
  return result;
}

// `bytes_usual` is what one element takes most times: a text that has room is not moved.
template <class Elements, class Add>
JsonText json_array(const Elements& elements, const Add& add, std::size_t bytes_usual) {
  JsonText result;
  result.text.reserve(elements.size() * bytes_usual);
  JsonObjectWriter::write_all(result.text, elements, add);
  return result;
}

}  // namespace coterie
