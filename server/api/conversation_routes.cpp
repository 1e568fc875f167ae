// SPDX-License-Identifier: MIT
#include "api/conversation_routes.hpp"

#include "api/json_shapes.hpp"

namespace coterie::api {

namespace {

using enum RuleKind;

Endpoint list(chat::Conversations& conversations) {
  return {"GET",
          "/api/conversation/list",
          {"listConversations", "One's conversations, newest activity first", "Conversation[]", {}},
          Access::logged_in,
          {{}, true},
          [&conversations](Call& call) -> Result<Answer> {
            const auto found = conversations.list(call.actor);
            if (!found) return found.error();
            return Answer(conversations_json(*found));
          }};
}

Endpoint history(chat::Conversations& conversations) {
  return {"GET",
          "/api/conversation/group/message/list",
          {"listMessages",
           "Messages of a group, newest first",
           "Message[]",
           {"not_in_group"},
           "Those with ids smaller than `cursorId`: the id of the oldest one that is known gives "
           "the next page."},
          Access::logged_in,
          {{{"groupId", {{not_empty}, {scalar}}},
            {"cursorId", {{scalar}}, true},
            {"size", {{scalar}}, true}}},
          [&conversations](Call& call) -> Result<Answer> {
            chat::Conversations::Page page;
            const std::string size = text_of(call.input, "size");
            if (!size.empty()) {
              const auto number = integer_of(Json(size));
              if (!number || *number < 0) {
                return validation_failed({"size must be an integer number not less than 0"});
              }
              page.size = *number;
            }
            const auto group_id = integer_of(call.input, "groupId");
            if (!group_id) return Error("not_in_group");  // No such group has members.
            page.group_id = *group_id;
            const std::string cursor = text_of(call.input, "cursorId");
            // What is no id lies before every message.
            if (!cursor.empty()) page.cursor_id = integer_of(Json(cursor)).value_or(0);
            const auto messages = conversations.history(call.actor, page);
            if (!messages) return messages.error();
            return Answer(messages_json(*messages));
          }};
}

Endpoint send_text(chat::Conversations& conversations) {
  return {"POST",
          "/api/conversation/group/message/text",
          {"sendText",
           "Send a text to a group",
           "NewText",
           {"not_in_group", "client_msg_id_taken", "too_many_messages"},
           "Everyone in the group, the sender included, then hears the event "
           "`group-message:<groupId>`.",
           true},
          Access::logged_in,
          {{{"groupId", {{not_empty}, {scalar}}}, content_field(), client_msg_id_field()}},
          [&conversations](Call& call, const Respond& respond) {
            const auto group_id = integer_of(call.input, "groupId");
            if (!group_id) return respond(Error("not_in_group"));
            conversations.send_text(
                call.actor, *group_id, text_of(call.input, "content"),
                maybe_text_of(call.input, "clientMsgId"),
                [&call, respond](const Result<chat::Sent>& sent) {
                  if (!sent) return respond(sent.error());
                  Answer answer(new_text_json(sent->message, call.input.at("groupId")));
                  answer.has_made = !sent->is_repeat;
                  respond(std::move(answer));
                });
          }};
}

Endpoint sync(chat::Conversations& conversations) {
  return {"GET",
          "/api/conversation/group/message/sync",
          {"syncMessages",
           "Messages of a group that a device has missed, oldest first",
           "Missed",
           {"not_in_group"},
           "Those with numbers above `afterSeq`. While `hasMore` is true, the number of the last "
           "one gives the next page; then `lastSeq` is how far the device has heard."},
          Access::logged_in,
          {{{"groupId", {{not_empty}, {scalar}}},
            {"afterSeq", {{not_empty}, {natural}}},
            {"limit", {{natural}}, true}}},
          [&conversations](Call& call) -> Result<Answer> {
            const auto group_id = integer_of(call.input, "groupId");
            if (!group_id) return Error("not_in_group");
            const chat::Conversations::Position position{*group_id,
                                                         *integer_of(call.input, "afterSeq")};
            auto missed = conversations.sync(call.actor, {&position, 1},
                                             integer_of(call.input, "limit").value_or(0));
            if (!missed) return missed.error();
            if (!missed->front()) return missed->front().error();
            return Answer(missed_json(*missed->front()));
          }};
}

}  // namespace

Field content_field() {
  return {"content", {{not_empty}, {max_length, 5000}}};
}

Field client_msg_id_field() {
  return {
      "clientMsgId", {{max_length, chat::Conversations::client_msg_id_max}, {min_length, 1}}, true};
}

std::vector<Endpoint> conversation_endpoints(chat::Conversations& conversations) {
  return {list(conversations), history(conversations), sync(conversations),
          send_text(conversations)};
}

}  // namespace coterie::api
