// SPDX-License-Identifier: MIT
#include "api/json_shapes.hpp"

namespace coterie::api {

namespace {

using chat::Conversation;
using chat::File;
using chat::Group;
using chat::Message;
using chat::User;

template <class T>
Json or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json();
}

Json file_or_null(const std::optional<File>& file) {
  return file ? Json(file_json(*file)) : Json();
}

// As many as a message has: an object that does not grow is not moved.
constexpr std::size_t properties_usual = 14;

template <class Entity>
JsonObject entity(const Entity& row) {
  JsonObject object;
  object.reserve(properties_usual);
  object.emplace("id", row.id);
  object.emplace("createAt", to_iso8601(row.create_at));
  object.emplace("updateAt", to_iso8601(row.update_at));
  return object;
}

template <class Entity>
void add_entity(JsonObject& object, const Entity& row) {
  for (auto& property : entity(row)) object.insert(property);
}

// What is known of a picture; of other files, nothing.
void add_picture(JsonObject& object, const File& file) {
  if (file.width && file.height) {
    object["width"] = *file.width;
    object["height"] = *file.height;
  }
  if (file.thumbnail) object["thumbnail"] = file.thumbnail_url;
}

JsonObject plain_user(const User& user, bool with_email) {
  JsonObject object = entity(user);
  object["username"] = user.username;
  if (with_email) object["email"] = user.email;
  object["nickname"] = or_null(user.nickname);
  object["avatarId"] = or_null(user.avatar_id);
  return object;
}

JsonObject plain_group(const Group& group, bool with_invite_code) {
  JsonObject object = entity(group);
  object["name"] = group.name;
  object["description"] = or_null(group.description);
  if (with_invite_code) object["inviteCode"] = group.invite_code;
  object["coverId"] = group.cover_id;
  object["createById"] = group.create_by_id;
  object["cover"] = file_or_null(group.cover);
  return object;
}

JsonObject plain_message(const Message& message) {
  JsonObject object = entity(message);
  object["type"] = static_cast<int>(message.type);
  object["content"] = or_null(message.content);
  object["userId"] = message.user_id;
  object["groupId"] = message.group_id;
  object["coverId"] = or_null(message.cover_id);
  object["fileId"] = or_null(message.file_id);
  return object;
}

// Its number, and what its sender calls it where that is known.
void add_sequence(JsonObject& object, const Message& message) {
  if (message.seq > 0) object["seq"] = message.seq;
  if (message.client_msg_id) object["clientMsgId"] = *message.client_msg_id;
}

JsonObject conversation_head(const Conversation& conversation) {
  JsonObject object = entity(conversation);
  object["userRole"] = static_cast<int>(conversation.user_role);
  object["lastMsgId"] = or_null(conversation.last_msg_id);
  object["userId"] = conversation.user_id;
  object["groupId"] = conversation.group_id;
  return object;
}

void add_news(JsonObject& object, const Conversation& conversation) {
  if (conversation.recent) {
    JsonObject recent = plain_message(*conversation.recent);
    recent["user"] = plain_user(conversation.recent->user, false);
    add_sequence(recent, *conversation.recent);
    object["recentMsg"] = std::move(recent);
  } else {
    object["recentMsg"] = nullptr;
  }
  object["unreadNum"] = conversation.unread;
  object["lastSeq"] = conversation.group.last_seq;
}

}  // namespace

JsonObject file_json(const File& file) {
  JsonObject object = entity(file);
  object["path"] = file.path;
  object["type"] = file.type;
  object["url"] = file.url;
  object["createById"] = file.create_by_id;
  add_picture(object, file);
  return object;
}

JsonObject new_file_json(const File& file) {
  JsonObject object{{"path", file.path},
                    {"type", file.type},
                    {"url", file.url},
                    {"createById", file.create_by_id}};
  add_entity(object, file);
  add_picture(object, file);
  return object;
}

JsonObject user_json(const User& user) {
  JsonObject object = plain_user(user, false);
  object["avatar"] = file_or_null(user.avatar);
  return object;
}

JsonObject own_user_json(const User& user) {
  JsonObject object = plain_user(user, true);
  object["avatar"] = file_or_null(user.avatar);
  if (user.is_admin) object["isAdmin"] = true;
  return object;
}

JsonObject logged_in_user_json(const User& user) {
  return plain_user(user, true);
}

JsonObject new_group_json(const Group& group) {
  JsonObject object{{"name", group.name},
                    {"description", or_null(group.description)},
                    {"coverId", group.cover_id},
                    {"createById", group.create_by_id},
                    {"inviteCode", group.invite_code}};
  add_entity(object, group);
  return object;
}

JsonObject group_json(const Group& group) {
  return plain_group(group, false);
}

JsonObject group_detail_json(const chat::Groups::Detail& detail) {
  JsonObject object = plain_group(detail.group, detail.is_owner);
  JsonArray users;
  for (const User& user : detail.users) users.push_back(user_json(user));
  object["users"] = std::move(users);
  if (detail.member_count) object["memberCount"] = *detail.member_count;
  return object;
}

JsonObject message_json(const Message& message) {
  JsonObject object = plain_message(message);
  object["user"] = user_json(message.user);
  object["file"] = file_or_null(message.file);
  object["cover"] = file_or_null(message.cover);
  add_sequence(object, message);
  return object;
}

JsonObject new_text_json(const Message& message, const Json& group_id) {
  JsonObject object{{"userId", message.user_id},
                    {"groupId", group_id},
                    {"content", or_null(message.content)},
                    {"type", static_cast<int>(message.type)},
                    {"coverId", nullptr},
                    {"fileId", nullptr}};
  add_entity(object, message);
  add_sequence(object, message);
  return object;
}

JsonObject new_image_json(const Message& message) {
  JsonObject object{{"userId", message.user_id},
                    {"groupId", message.group_id},
                    {"type", static_cast<int>(message.type)},
                    {"fileId", or_null(message.file_id)},
                    {"content", nullptr},
                    {"coverId", nullptr}};
  add_entity(object, message);
  add_sequence(object, message);
  return object;
}

JsonObject new_video_json(const Message& message) {
  JsonObject object{{"userId", message.user_id},
                    {"groupId", message.group_id},
                    {"type", static_cast<int>(message.type)},
                    {"fileId", or_null(message.file_id)},
                    {"coverId", or_null(message.cover_id)},
                    {"content", nullptr}};
  add_entity(object, message);
  add_sequence(object, message);
  return object;
}

JsonObject sent_json(const chat::Sent& sent) {
  JsonObject object = message_json(sent.message);
  if (sent.is_repeat) object["isDuplicate"] = true;
  return object;
}

JsonObject missed_json(const chat::Conversations::Missed& missed) {
  JsonArray messages;
  for (const Message& message : missed.messages) messages.push_back(message_json(message));
  return {{"groupId", missed.group_id},
          {"lastSeq", missed.last_seq},
          {"hasMore", missed.has_more},
          {"messages", std::move(messages)}};
}

JsonObject conversation_json(const Conversation& conversation) {
  JsonObject object = conversation_head(conversation);
  object["group"] = plain_group(conversation.group, conversation.user_role == chat::Role::owner);
  add_news(object, conversation);
  return object;
}

JsonObject read_mark_json(const Conversation& conversation) {
  JsonObject object = conversation_head(conversation);
  add_news(object, conversation);
  return object;
}

}  // namespace coterie::api
