// SPDX-License-Identifier: MIT
#include "api/openapi_shapes.hpp"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <string>
#include <utility>

#include "chat/errors.hpp"

namespace coterie::api {

namespace {

struct Words {
  std::string_view name;
  std::string_view example;  // As JSON.
  std::string_view meaning = {};
};

constexpr std::array words{
    Words{"afterSeq", "41", "Messages behind this number; 0 for all"},
    Words{"avatarId", "null", "The file that is the picture"},
    Words{"clientMsgId", R"("5f2c6f0e-7f0e-4a7c-8d43-8a1f0f2f6f7b")",
          "The sender's own name for the message: sent again under it within 7 days, it is stored "
          "once"},
    Words{"code", R"("012345")", "What the mail or the captcha says, or a group's invite code"},
    Words{"content", R"("hello 你好")", "The text of a text message"},
    Words{"coverId", "8", "The file that is the cover"},
    Words{"createById", "1", "The user who made it"},
    Words{"cursorId", "42", "Messages before this one; the newest when it is missing"},
    Words{"description", R"("Fridays at eight")"},
    Words{"email", R"("alice@example.com")"},
    Words{"fileId", "null", "The picture or film of a message"},
    Words{"groupId", "4", "The group"},
    Words{"inviteCode", R"("o1IfJ6iZXn6j6e7-pKIw7")", "Who has it may join the group"},
    Words{"hasMore", "false", "There are more behind the last one of these"},
    Words{"lastMsgId", "null", "The read mark: the last message that was seen"},
    Words{"lastSeq", "42", "The number of the group's newest message; 0 when there is none"},
    Words{"limit", "100", "How many; 0 means 100, and above 500 is 500"},
    Words{"loginName", R"("alice_1")", "User name or mail address"},
    Words{"message", R"("you are not in the group!")"},
    Words{"name", R"("Chess club")"},
    Words{"nickname", R"("Alice")"},
    Words{"password", R"("Passw0rd!")"},
    Words{"path", R"("image/nanoid-of-21-letters")", "The file's place in the store"},
    Words{"seq", "42", "In its group: from 1, without a gap, in the order of commits"},
    Words{"size", "10", "How many; 0 means 10, and above 100 is 100"},
    Words{"thumbnail", R"("https://chat.example.org/files/thumbnail/…")",
          "A link to a small version, good for a day"},
    Words{"token", R"("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.e30.c2ln")",
          "For `Authorization: Bearer <token>`"},
    Words{"uid", R"("7e57d004")", "Which captcha: what was given as `uid` when it was fetched"},
    Words{"unreadNum", "2", "How many messages are behind the read mark"},
    Words{"url", R"("https://chat.example.org/files/image/nanoid-of-21-letters?expires=…")",
          "A link to the bytes, good for a day"},
    Words{"username", R"("alice_1")"},
};

using Properties = std::initializer_list<std::pair<std::string_view, JsonObject>>;

// An object that has all these properties.
JsonObject object(Properties list) {
  JsonObject properties;
  JsonArray required;
  for (const auto& [name, schema] : list) {
    JsonObject property = schema;
    add_words(property, name);
    properties[name] = std::move(property);
    required.push_back(Json(name));
  }
  return {{"type", "object"}, {"properties", properties}, {"required", required}};
}

// The same object with more properties.
JsonObject with(JsonObject base, Properties more) {
  const JsonObject added = object(more);
  for (const auto& [name, schema] : added.at("properties").as_object()) {
    base["properties"].as_object()[name] = schema;
  }
  for (const Json& name : added.at("required").as_array()) {
    base["required"].as_array().push_back(name);
  }
  return base;
}

JsonObject without_need(JsonObject base, std::string_view optional) {
  auto& required = base["required"].as_array();
  required.erase(std::ranges::find(required, Json(optional)));
  return base;
}

JsonObject array_of(std::string_view name) {
  return {{"type", "array"}, {"items", reference(name)}};
}

JsonObject or_null(std::string_view name) {
  return {{"anyOf", JsonArray{reference(name), JsonObject{{"type", "null"}}}}};
}

JsonObject type(std::string_view name) {
  return {{"type", name}};
}

JsonObject type_or_null(std::string_view name) {
  return {{"type", JsonArray{Json(name), "null"}}};
}

// A number for each of these names, which the description lists.
JsonObject numbers(std::initializer_list<std::string_view> names) {
  JsonArray values;
  std::string meaning;
  for (const std::string_view name : names) {
    if (!meaning.empty()) meaning += ", ";
    meaning.append(std::to_string(values.size())).append(" ").append(name);
    values.push_back(Json(values.size()));
  }
  return {{"type", "integer"}, {"enum", values}, {"description", meaning}};
}

JsonObject texts(std::initializer_list<std::string_view> names) {
  JsonArray values;
  for (const std::string_view name : names) values.push_back(Json(name));
  return {{"type", "string"}, {"enum", values}};
}

// What every entity has; one that was just made tells it last, which is of no interest here.
JsonObject entity(Properties more) {
  return with(object({{"id", reference("Id")},
                      {"createAt", reference("Time")},
                      {"updateAt", reference("Time")}}),
              more);
}

void add_simple(JsonObject& all) {
  all["Id"] = {{"type", "integer"}, {"minimum", 1}};
  all["Time"] = {{"type", "string"},
                 {"format", "date-time"},
                 {"description", "UTC, with milliseconds"},
                 {"examples", JsonArray{"2026-11-24T13:36:09.286Z"}}};
  JsonObject file = entity({{"path", type("string")},
                            {"type", texts({"avatar", "cover", "image", "video"})},
                            {"url", {{"type", "string"}, {"format", "uri"}}},
                            {"createById", reference("Id")},
                            {"width", {{"type", "integer"}, {"minimum", 1}}},
                            {"height", {{"type", "integer"}, {"minimum", 1}}},
                            {"thumbnail", {{"type", "string"}, {"format", "uri"}}}});
  // Pictures only, and only where it is known.
  for (const char* name : {"width", "height", "thumbnail"}) {
    file = without_need(std::move(file), name);
  }
  all["File"] = std::move(file);
  all["NewFile"] = reference("File");
}

void add_users(JsonObject& all) {
  const JsonObject plain = entity({{"username", type("string")},
                                   {"nickname", type_or_null("string")},
                                   {"avatarId", type_or_null("integer")}});
  all["PlainUser"] = plain;
  all["User"] = with(plain, {{"avatar", or_null("File")}});
  const JsonObject own = with(plain, {{"email", {{"type", "string"}, {"format", "email"}}}});
  all["LoggedInUser"] = own;
  // Told only to those who are.
  all["OwnUser"] = without_need(
      with(own, {{"avatar", or_null("File")}, {"isAdmin", {{"type", "boolean"}, {"const", true}}}}),
      "isAdmin");
  all["LoggedIn"] = object({{"user", reference("LoggedInUser")}, {"token", type("string")}});
}

void add_groups(JsonObject& all) {
  const JsonObject plain = entity({{"name", type("string")},
                                   {"description", type_or_null("string")},
                                   {"inviteCode", type("string")},
                                   {"coverId", reference("Id")},
                                   {"createById", reference("Id")}});
  all["NewGroup"] = plain;
  // Only a group's owner is told its code.
  const JsonObject group = without_need(with(plain, {{"cover", or_null("File")}}), "inviteCode");
  all["Group"] = group;
  all["GroupDetail"] = without_need(
      with(group, {{"users", array_of("User")}, {"memberCount", type("integer")}}), "memberCount");
  all["GroupLists"] = object({{"owner", array_of("Group")}, {"member", array_of("Group")}});
}

void add_messages(JsonObject& all) {
  JsonObject plain = entity({{"type", numbers({"text", "image", "video"})},
                             {"content", type_or_null("string")},
                             {"userId", reference("Id")},
                             {"groupId", reference("Id")},
                             {"coverId", type_or_null("integer")},
                             {"fileId", type_or_null("integer")},
                             {"seq", {{"type", "integer"}, {"minimum", 1}}},
                             {"clientMsgId", type("string")}});
  // Of one that was just sent.
  plain = without_need(std::move(plain), "clientMsgId");
  all["RecentMessage"] = with(plain, {{"user", reference("PlainUser")}});
  all["Message"] = with(
      plain, {{"user", reference("User")}, {"file", or_null("File")}, {"cover", or_null("File")}});
  all["Missed"] = object({{"groupId", reference("Id")},
                          {"lastSeq", {{"type", "integer"}, {"minimum", 0}}},
                          {"hasMore", type("boolean")},
                          {"messages", array_of("Message")}});
  all["NewFileMessage"] = plain;
  JsonObject text = plain;
  text["properties"].as_object()["groupId"] = {{"type", JsonArray{"integer", "string"}},
                                               {"description", "As it was sent"}};
  all["NewText"] = std::move(text);
}

void add_conversations(JsonObject& all) {
  const JsonObject mark = entity({{"userRole", numbers({"owner", "member"})},
                                  {"lastMsgId", type_or_null("integer")},
                                  {"userId", reference("Id")},
                                  {"groupId", reference("Id")},
                                  {"recentMsg", or_null("RecentMessage")},
                                  {"unreadNum", {{"type", "integer"}, {"minimum", 0}}},
                                  {"lastSeq", {{"type", "integer"}, {"minimum", 0}}}});
  all["ReadMark"] = mark;  // The event "update-last-msg".
  all["Conversation"] = with(mark, {{"group", reference("Group")}});
}

void add_admin(JsonObject& all) {
  const JsonObject count{{"type", "integer"}, {"minimum", 0}};
  all["AdminTrouble"] = object({{"time", reference("Time")},
                                {"level", texts({"warning", "error", "critical"})},
                                {"text", type("string")}});
  all["AdminOverview"] = object({{"users", count},
                                 {"groups", count},
                                 {"messages", count},
                                 {"connections", count},
                                 {"delivered", count},
                                 {"slowConsumers", count},
                                 {"trouble", array_of("AdminTrouble")}});
  const JsonObject row = object({{"id", reference("Id")}, {"createAt", reference("Time")}});
  all["AdminUser"] = with(row, {{"username", type("string")},
                                {"nickname", type_or_null("string")},
                                {"email", type("string")},
                                {"isAdmin", type("boolean")}});
  all["AdminGroup"] =
      with(row, {{"name", type("string")}, {"owner", type("string")}, {"members", count}});
  all["AdminConnection"] = object({{"id", type("string")},
                                   {"userId", reference("Id")},
                                   {"username", type("string")},
                                   {"address", type("string")},
                                   {"since", reference("Time")},
                                   {"node", type("string")}});
}

void add_failure(JsonObject& all) {
  JsonArray codes;
  for (const auto& fact : chat::error_facts()) codes.push_back(Json(fact.code));
  for (const char* code : {"not_found", "too_slow", "expectation_failed", "head_too_large",
                           "not_supported", "bad_request"}) {
    codes.push_back(Json(code));
  }
  const JsonArray words_or_complaints{type("string"),
                                      JsonObject{{"type", "array"}, {"items", type("string")}}};
  JsonObject failure = object({{"status", type("integer")},
                               {"timestamp", reference("Time")},
                               {"path", type("string")},
                               {"message", {{"anyOf", words_or_complaints}}},
                               {"error", texts({"Bad Request", "Not Found"})},
                               {"statusCode", type("integer")},
                               {"retryAfter", type("integer")},
                               {"code", {{"type", "string"}, {"enum", codes}}}});
  auto& properties = failure["properties"].as_object();
  properties["path"] = {{"type", "string"},
                        {"description", "Path and query as asked"},
                        {"examples", JsonArray{"/api/group/4"}}};
  properties["status"] = {{"type", "integer"}, {"examples", JsonArray{406}}};
  properties["code"] = {{"type", "string"}, {"enum", codes}, {"description", "Stable"}};
  properties["retryAfter"] = {{"type", "integer"},
                              {"description", "Of 429: the seconds to wait, as in Retry-After"}};
  for (const char* name : {"error", "statusCode", "retryAfter"}) {
    failure = without_need(std::move(failure), name);
  }
  all["Failure"] = std::move(failure);
}

}  // namespace

JsonObject reference(std::string_view name) {
  return {{"$ref", "#/components/schemas/" + std::string(name)}};
}

JsonObject schemas() {
  JsonObject all;
  add_simple(all);
  add_users(all);
  add_groups(all);
  add_messages(all);
  add_conversations(all);
  add_admin(all);
  add_failure(all);
  return all;
}

void add_words(JsonObject& property, std::string_view name) {
  const auto* const found = std::ranges::find(words, name, &Words::name);
  if (found == words.end()) return;
  property["examples"] = JsonArray{*parse_json(found->example)};
  if (!found->meaning.empty() && !property.contains("description")) {
    property["description"] = found->meaning;
  }
}

}  // namespace coterie::api
