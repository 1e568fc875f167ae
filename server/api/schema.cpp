// SPDX-License-Identifier: MIT
#include "api/schema.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>

namespace coterie::api {

namespace {

std::size_t code_points(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](unsigned char byte) { return (byte & 0xC0) != 0x80; }));
}

bool is_password(std::string_view text) {
  constexpr std::string_view special = "!@#$%^&*;',.";
  const auto has = [text](auto test) { return std::ranges::any_of(text, test); };
  return has([](char c) { return c >= '0' && c <= '9'; }) &&
         has([](char c) { return c >= 'a' && c <= 'z'; }) &&
         has([](char c) { return c >= 'A' && c <= 'Z'; }) &&
         has([special](char c) { return special.find(c) != std::string_view::npos; });
}

bool is_domain_label(std::string_view label) {
  if (label.empty() || label.size() > 63 || label.front() == '-' || label.back() == '-') {
    return false;
  }
  return std::ranges::all_of(
      label, [](unsigned char c) { return std::isalnum(c) != 0 || c == '-' || c >= 0x80; });
}

// local@domain.tld, without quotes, comments or address literals.
bool is_email(std::string_view text) {
  constexpr std::string_view allowed = "!#$%&'*+-/=?^_`{|}~.";
  const std::size_t at = text.rfind('@');
  if (at == std::string_view::npos || at == 0 || at > 64 || text.size() > 50) return false;
  const std::string_view local = text.substr(0, at);
  if (local.front() == '.' || local.back() == '.' || local.find("..") != std::string_view::npos) {
    return false;
  }
  const bool local_is_fine = std::ranges::all_of(local, [allowed](unsigned char c) {
    return std::isalnum(c) != 0 || c >= 0x80 ||
           allowed.find(static_cast<char>(c)) != std::string_view::npos;
  });
  std::string_view domain = text.substr(at + 1);
  std::string_view label;
  std::size_t labels = 0;
  for (bool more = true; more; ++labels) {
    const std::size_t dot = domain.find('.');
    label = domain.substr(0, dot);
    if (!is_domain_label(label)) return false;
    more = dot != std::string_view::npos;
    if (more) domain.remove_prefix(dot + 1);
  }
  const bool tld_is_fine = label.size() >= 2 && std::ranges::none_of(label, [](unsigned char c) {
                             return std::isdigit(c) != 0;
                           });
  return local_is_fine && labels >= 2 && tld_is_fine;
}

bool is_scalar(const Json& value) {
  return value.is_string() || value.is_number();
}

std::optional<std::string> complaint(std::string_view name, const Json& value, const Rule& rule) {
  const bool is_text = value.is_string();
  const std::string_view text = is_text ? std::string_view(value.get_string()) : "";
  switch (rule.kind) {
    case RuleKind::not_empty:
      if (!value.is_null() && !(is_text && text.empty())) return std::nullopt;
      return fmt::format("{} should not be empty", name);
    case RuleKind::max_length:
      if (is_text && code_points(text) <= rule.limit) return std::nullopt;
      return fmt::format("{} must be shorter than or equal to {} characters", name, rule.limit);
    case RuleKind::length_from:
      if (value.is_number()) {
        return fmt::format(
            "{} must be longer than or equal to {} and shorter than or equal to "
            "undefined characters",
            name, rule.limit);
      }
      [[fallthrough]];
    case RuleKind::min_length:
      if (is_text && code_points(text) >= rule.limit) return std::nullopt;
      return fmt::format("{} must be longer than or equal to {} characters", name, rule.limit);
    case RuleKind::email:
      if (is_text && is_email(text)) return std::nullopt;
      return fmt::format("{} must be an email", name);
    case RuleKind::password:
      if (is_text && is_password(text)) return std::nullopt;
      return fmt::format(
          "{} must contain digits, lowercase letters, uppercase letters, and special "
          "symbols[!@#$%^&*;',.]",
          name);
    case RuleKind::number:
      if (value.is_number()) return std::nullopt;
      return fmt::format("{} must be a number conforming to the specified constraints", name);
    case RuleKind::scalar:
      if (value.is_null() || is_scalar(value)) return std::nullopt;
      return fmt::format("{} must be a string or a number", name);
    case RuleKind::natural:
      if (const auto number = integer_of(value); number && *number >= 0) return std::nullopt;
      return fmt::format("{} must be an integer number not less than 0", name);
  }
  return std::nullopt;
}

const Json& value_of(const JsonObject& input, std::string_view name) {
  static const Json missing;
  const Json* value = input.if_contains(name);
  return value ? *value : missing;
}

}  // namespace

Error validation_failed(const std::vector<std::string>& complaints) {
  JsonArray list;
  for (const std::string& each : complaints) list.push_back(Json(each));
  return Error("validation_failed", to_text(list));
}

Result<void> check(const Shape& shape, const JsonObject& input) {
  std::vector<std::string> complaints;
  for (const auto& property : input) {
    const bool is_known = std::ranges::any_of(shape.fields, [&](const Field& field) {
      return field.name == std::string_view(property.key());
    });
    if (!is_known && !shape.allows_unknown) {
      complaints.push_back(
          fmt::format("property {} should not exist", std::string_view(property.key())));
    }
  }
  for (const Field& field : shape.fields) {
    const Json& value = value_of(input, field.name);
    if (field.is_optional && value.is_null()) continue;
    for (const Rule& rule : field.rules) {
      if (auto words = complaint(field.name, value, rule)) complaints.push_back(std::move(*words));
    }
  }
  if (complaints.empty()) return {};
  return validation_failed(complaints);
}

std::string text_of(const JsonObject& input, std::string_view name) {
  return maybe_text_of(input, name).value_or("");
}

std::optional<std::string> maybe_text_of(const JsonObject& input, std::string_view name) {
  const Json& value = value_of(input, name);
  if (value.is_string()) return std::string(value.get_string());
  if (value.is_number()) return to_text(value);
  return std::nullopt;
}

std::optional<std::int64_t> integer_of(const Json& value) {
  if (value.is_int64()) return value.get_int64();
  if (value.is_double()) {
    const double number = value.get_double();
    if (std::abs(number) > 9e15 || number != std::floor(number)) return std::nullopt;
    return static_cast<std::int64_t>(number);
  }
  if (!value.is_string()) return std::nullopt;
  const std::string_view text = value.get_string();
  std::int64_t number = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (problem != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<std::int64_t> integer_of(const JsonObject& input, std::string_view name) {
  return integer_of(value_of(input, name));
}

JsonObject describe(const Shape& shape) {
  JsonObject properties;
  JsonArray required;
  for (const Field& field : shape.fields) {
    JsonObject property;
    property["type"] = "string";
    for (const Rule& rule : field.rules) {
      switch (rule.kind) {
        case RuleKind::max_length:
          property["maxLength"] = rule.limit;
          break;
        case RuleKind::min_length:
        case RuleKind::length_from:
          property["minLength"] = rule.limit;
          break;
        case RuleKind::email:
          property["format"] = "email";
          break;
        case RuleKind::password:
          property["format"] = "password";
          property["description"] =
              "A digit, a lower and an upper case letter, and one of !@#$%^&*;',.";
          break;
        case RuleKind::number:
          property["type"] = "integer";
          property.erase("minLength");
          break;
        case RuleKind::scalar:
          property["type"] = JsonArray{"integer", "string"};
          break;
        case RuleKind::natural:
          property["type"] = "integer";
          property["minimum"] = 0;
          break;
        case RuleKind::not_empty:
          property["minLength"] = 1;
          break;
      }
    }
    properties[field.name] = std::move(property);
    if (!field.is_optional) required.push_back(Json(field.name));
  }
  JsonObject schema{{"type", "object"}, {"properties", std::move(properties)}};
  if (!required.empty()) schema["required"] = std::move(required);
  if (!shape.allows_unknown) schema["additionalProperties"] = false;
  return schema;
}

}  // namespace coterie::api
