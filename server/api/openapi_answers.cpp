// SPDX-License-Identifier: MIT
#include "api/openapi_answers.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <string>

#include "api/openapi_shapes.hpp"
#include "chat/errors.hpp"

namespace coterie::api {

namespace {

constexpr std::string_view json_type = "application/json";

JsonObject schema_of_answer(std::string_view answer) {
  if (!answer.ends_with("[]")) return reference(answer);
  return {{"type", "array"}, {"items", reference(answer.substr(0, answer.size() - 2))}};
}

JsonObject success(const Told& told) {
  if (told.answer == "svg") {
    return {{"description", "The picture"},
            {"content", content("text/html", {{"type", "string"}})}};
  }
  JsonObject properties{{"status", {{"type", "integer"}, {"const", 0}}}};
  JsonArray required{"status", "message"};
  if (!told.answer.empty()) {
    properties["data"] = schema_of_answer(told.answer);
    required.push_back("data");
  }
  properties["message"] = {{"type", "string"}, {"const", "success"}};
  return {{"description", "Done"},
          {"content", content(json_type, {{"type", "object"},
                                          {"properties", std::move(properties)},
                                          {"required", std::move(required)}})}};
}

struct Shared {
  std::string_view status;
  std::string_view name;
  std::string_view description;
};

// What any call may meet.
constexpr std::array shared{
    Shared{"304", "NotModified", "What `If-None-Match` names is what there is"},
    Shared{"401", "Unauthorized", "No log-in, or one that is over"},
    Shared{"413", "TooLarge", "The body is too large"},
    Shared{"415", "UnsupportedMediaType", "A character set or a coding that is not understood"},
    Shared{"500", "InternalError", "A bug"},
    Shared{"503", "Unavailable", "Not now: ask again after `Retry-After` seconds"},
    Shared{"default", "Refused", "What HTTP itself refuses: 400, 408, 417, 431, 501"}};

JsonObject shared_body(const Shared& what) {
  if (what.status == "304") return {{"description", what.description}};
  JsonObject response{{"description", what.description},
                      {"content", content(json_type, reference("Failure"))}};
  if (what.status == "503") {
    response["headers"] = {{"Retry-After", {{"$ref", "#/components/headers/Wait"}}}};
  }
  return response;
}

}  // namespace

JsonObject content(std::string_view media_type, JsonObject schema) {
  return {{media_type, {{"schema", std::move(schema)}}}};
}

JsonObject failure(const Codes& codes) {
  std::string description;
  JsonArray list;
  for (const std::string_view code : codes) {
    const chat::ErrorFact& fact = chat::fact_of(Error(code, {}));
    if (!description.empty()) description += "; ";
    description.append("`").append(code).append("`");
    if (!fact.message.empty()) description.append(": ").append(fact.message);
    list.push_back(Json(code));
  }
  JsonObject only{{"type", "object"},
                  {"properties", {{"code", {{"type", "string"}, {"enum", std::move(list)}}}}}};
  JsonObject schema{{"allOf", JsonArray{reference("Failure"), std::move(only)}}};
  return {{"description", description}, {"content", content(json_type, std::move(schema))}};
}

JsonObject shared_response(std::string_view status) {
  const auto* const found = std::ranges::find(shared, status, &Shared::status);
  return {{"$ref", "#/components/responses/" + std::string(found->name)}};
}

JsonObject shared_responses() {
  JsonObject all;
  for (const Shared& each : shared) all[each.name] = shared_body(each);
  return all;
}

JsonObject responses(const Told& told, bool is_post, Codes invalid, const Codes& common) {
  std::map<int, Codes> by_status;
  if (!invalid.empty()) by_status[400] = std::move(invalid);
  for (const std::string_view code : told.errors) {
    by_status[chat::fact_of(Error(code, {})).status].push_back(code);
  }
  JsonObject all{{is_post ? "201" : "200", success(told)}};
  if (told.may_be_repeated) {
    all["200"] = success(told);
    all["200"].as_object()["description"] = "Done before: what was stored then";
  }
  for (const auto& [status, codes] : by_status) {
    if (status != 503) all[std::to_string(status)] = failure(codes);
  }
  const bool is_tagged = !is_post && !told.answer.empty() && told.answer != "svg";
  if (is_tagged) all["304"] = shared_response("304");
  for (const std::string_view status : common) all[status] = shared_response(status);
  if (auto* limited = all.if_contains("429")) {
    limited->as_object()["headers"] = {{"Retry-After", {{"$ref", "#/components/headers/Wait"}}}};
  }
  return all;
}

}  // namespace coterie::api
