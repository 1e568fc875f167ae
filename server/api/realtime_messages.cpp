// SPDX-License-Identifier: MIT
#include "api/realtime_messages.hpp"

#include <fmt/format.h>

#include <string>
#include <vector>

#include "api/conversation_routes.hpp"
#include "api/json_shapes.hpp"

namespace coterie::api {

namespace {

using enum RuleKind;
using chat::Actor;
using chat::Conversations;
using socketio::Ack;
using socketio::Args;
using socketio::Socket;

constexpr std::size_t groups_max = 100;  // In one sync, as many as a list of conversations shows.

// For who asks by event there is one complaint, a text.
Error complaint(std::string words) {
  return Error("bad_body", std::move(words));
}

// The payload, if it has that shape; else the first thing that is wrong with it.
Result<JsonObject> checked(const Json& payload, const Shape& shape, std::string_view form) {
  const auto* fields = payload.if_object();
  if (!fields) return complaint(fmt::format("the payload must be an object {}", form));
  const auto valid = check(shape, *fields);
  if (valid) return *fields;
  const auto complaints = parse_json(valid.error().detail);
  return complaint(std::string(complaints->as_array().front().as_string()));
}

void send(Conversations& conversations, const Actor& actor, const Json& payload,
          const Realtime::Answered& answered) {
  static const Shape shape{
      {{"groupId", {{not_empty}, {natural}}}, content_field(), client_msg_id_field()}};
  const auto input = checked(payload, shape, "{groupId, content, clientMsgId?}");
  if (!input) return answered(input.error());
  conversations.send_text(actor, *integer_of(*input, "groupId"), text_of(*input, "content"),
                          maybe_text_of(*input, "clientMsgId"),
                          [answered](const Result<chat::Sent>& sent) {
                            if (!sent) return answered(sent.error());
                            answered(sent_json(*sent));
                          });
}

Result<std::vector<Conversations::Position>> positions_of(const Json& groups) {
  static const Shape shape{
      {{"groupId", {{not_empty}, {natural}}}, {"afterSeq", {{not_empty}, {natural}}}}};
  const auto* list = groups.if_array();
  if (!list || list->size() > groups_max) {
    return complaint(fmt::format("groups must be an array of at most {} elements", groups_max));
  }
  std::vector<Conversations::Position> positions;
  for (const Json& each : *list) {
    const auto input = checked(each, shape, "{groupId, afterSeq}");
    if (!input) {
      return complaint(fmt::format("groups[{}]: {}", positions.size(), input.error().detail));
    }
    positions.push_back({*integer_of(*input, "groupId"), *integer_of(*input, "afterSeq")});
  }
  return positions;
}

Result<JsonText> missed(Conversations& conversations, const Actor& actor, const Json& payload) {
  static const Shape shape{{{"groups", {}}, {"limit", {{natural}}, true}}};
  const auto input = checked(payload, shape, "{groups: [{groupId, afterSeq}], limit?}");
  if (!input) return input.error();
  const Json* groups = input->if_contains("groups");
  const auto positions = positions_of(groups ? *groups : Json());
  if (!positions) return positions.error();
  const auto found = conversations.sync(actor, *positions, integer_of(*input, "limit").value_or(0));
  if (!found) return found.error();
  return all_missed_json(*positions, *found);
}

void sync(Conversations& conversations, const Actor& actor, const Json& payload,
          const Realtime::Answered& answered) {
  answered(missed(conversations, actor, payload));
}

}  // namespace

void add_message_events(Realtime& realtime, Conversations& conversations) {
  using Answer = void (*)(Conversations&, const Actor&, const Json&, const Realtime::Answered&);
  const auto add = [&](const char* event, Answer answer) {
    realtime.on(event, [&realtime, &conversations, answer](Socket& socket, const Args& args,
                                                           const Ack& ack) {
      realtime.ask(socket, ack,
                   [&conversations, answer, payload = args[0]](const Actor& actor,
                                                               const Realtime::Answered& answered) {
                     answer(conversations, actor, payload, answered);
                   });
    });
  };
  add("send-message", send);
  add("sync", sync);
}

}  // namespace coterie::api
