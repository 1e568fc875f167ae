// SPDX-License-Identifier: MIT
#include "api/json_shapes.hpp"

#include <optional>

#include "chat/errors.hpp"

namespace coterie::api {

namespace {

using chat::Conversation;
using chat::File;
using chat::Group;
using chat::Message;
using chat::User;
using Missed = chat::Conversations::Missed;
using To = JsonObjectWriter;

// What one of them takes most times, in bytes.
constexpr std::size_t message_usual = 512;
constexpr std::size_t conversation_usual = 1280;

template <class Entity>
void add_entity(To& to, const Entity& row) {
  to.add("id", row.id);
  to.add("createAt", row.create_at);
  to.add("updateAt", row.update_at);
}

// What is known of a picture; of other files, nothing.
void add_picture(To& to, const File& file) {
  if (file.width && file.height) {
    to.add("width", *file.width);
    to.add("height", *file.height);
  }
  if (file.thumbnail) to.add("thumbnail", file.thumbnail_url);
}

void add_place(To& to, const File& file) {
  to.add("path", file.path);
  to.add("type", file.type);
  to.add("url", file.url);
  to.add("createById", file.create_by_id);
}

void add_file(To& to, const File& file) {
  add_entity(to, file);
  add_place(to, file);
  add_picture(to, file);
}

void add_maybe(To& to, const JsonName& name, const std::optional<File>& file) {
  file ? to.object(name, add_file, *file) : to.add(name, nullptr);
}

enum class Email : bool { hidden, shown };

void add_names(To& to, const User& user, Email email) {
  add_entity(to, user);
  to.add("username", user.username);
  if (email == Email::shown) to.add("email", user.email);
  to.add("nickname", user.nickname);
  to.add("avatarId", user.avatar_id);
}

void add_user(To& to, const User& user) {
  add_names(to, user, Email::hidden);
  add_maybe(to, "avatar", user.avatar);
}

enum class InviteCode : bool { hidden, shown };

void add_group(To& to, const Group& group, InviteCode invite_code) {
  add_entity(to, group);
  to.add("name", group.name);
  to.add("description", group.description);
  if (invite_code == InviteCode::shown) to.add("inviteCode", group.invite_code);
  to.add("coverId", group.cover_id);
  to.add("createById", group.create_by_id);
  add_maybe(to, "cover", group.cover);
}

void add_listed_group(To& to, const Group& group) {
  add_group(to, group, InviteCode::hidden);
}

void add_content(To& to, const Message& message) {
  add_entity(to, message);
  to.add("type", static_cast<int>(message.type));
  to.add("content", message.content);
  to.add("userId", message.user_id);
  to.add("groupId", message.group_id);
  to.add("coverId", message.cover_id);
  to.add("fileId", message.file_id);
}

// Its number, and what its sender calls it where that is known.
void add_sequence(To& to, const Message& message) {
  if (message.seq > 0) to.add("seq", message.seq);
  if (message.client_msg_id) to.add("clientMsgId", *message.client_msg_id);
}

void add_message(To& to, const Message& message) {
  add_content(to, message);
  to.object("user", add_user, message.user);
  add_maybe(to, "file", message.file);
  add_maybe(to, "cover", message.cover);
  add_sequence(to, message);
}

void add_recent(To& to, const Message& message) {
  add_content(to, message);
  to.object("user", add_names, message.user, Email::hidden);
  add_sequence(to, message);
}

// What a message ends with that was just made.
void add_made(To& to, const Message& message) {
  add_entity(to, message);
  add_sequence(to, message);
}

void add_missed(To& to, const Missed& missed) {
  to.add("groupId", missed.group_id);
  to.add("lastSeq", missed.last_seq);
  to.add("hasMore", missed.has_more);
  to.array("messages", missed.messages, add_message);
}

void add_mark(To& to, const Conversation& conversation) {
  add_entity(to, conversation);
  to.add("userRole", static_cast<int>(conversation.user_role));
  to.add("lastMsgId", conversation.last_msg_id);
  to.add("userId", conversation.user_id);
  to.add("groupId", conversation.group_id);
}

void add_news(To& to, const Conversation& conversation) {
  const auto& recent = conversation.recent;
  recent ? to.object("recentMsg", add_recent, *recent) : to.add("recentMsg", nullptr);
  to.add("unreadNum", conversation.unread);
  to.add("lastSeq", conversation.group.last_seq);
}

void add_conversation(To& to, const Conversation& conversation) {
  const bool is_owner = conversation.user_role == chat::Role::owner;
  add_mark(to, conversation);
  to.object("group", add_group, conversation.group, InviteCode{is_owner});
  add_news(to, conversation);
}

}  // namespace

JsonText file_json(const File& file) {
  return json_object(add_file, file);
}

JsonText new_file_json(const File& file) {
  return json_object([&](To& to) {
    add_place(to, file);
    add_entity(to, file);
    add_picture(to, file);
  });
}

JsonText user_json(const User& user) {
  return json_object(add_user, user);
}

JsonText own_user_json(const User& user) {
  return json_object([&](To& to) {
    add_names(to, user, Email::shown);
    add_maybe(to, "avatar", user.avatar);
    if (user.is_admin) to.add("isAdmin", true);
  });
}

JsonText logged_in_json(const chat::Accounts::LoggedIn& logged_in) {
  return json_object([&](To& to) {
    to.object("user", add_names, logged_in.user, Email::shown);
    to.add("token", logged_in.token);
  });
}

JsonText new_group_json(const Group& group) {
  return json_object([&](To& to) {
    to.add("name", group.name);
    to.add("description", group.description);
    to.add("coverId", group.cover_id);
    to.add("createById", group.create_by_id);
    to.add("inviteCode", group.invite_code);
    add_entity(to, group);
  });
}

JsonText group_lists_json(const chat::Groups::Lists& lists) {
  return json_object([&](To& to) {
    to.array("owner", lists.owner, add_listed_group);
    to.array("member", lists.member, add_listed_group);
  });
}

JsonText group_detail_json(const chat::Groups::Detail& detail) {
  return json_object([&](To& to) {
    add_group(to, detail.group, InviteCode{detail.is_owner});
    to.array("users", detail.users, add_user);
    if (detail.member_count) to.add("memberCount", *detail.member_count);
  });
}

JsonText message_json(const Message& message) {
  return json_object(add_message, message);
}

JsonText messages_json(std::span<const Message> messages) {
  return json_array(messages, add_message, message_usual);
}

JsonText new_text_json(const Message& message, const Json& group_id) {
  return json_object([&](To& to) {
    to.add("userId", message.user_id);
    to.add("groupId", group_id);
    to.add("content", message.content);
    to.add("type", static_cast<int>(message.type));
    to.add("coverId", nullptr);
    to.add("fileId", nullptr);
    add_made(to, message);
  });
}

JsonText new_image_json(const Message& message) {
  return json_object([&](To& to) {
    to.add("userId", message.user_id);
    to.add("groupId", message.group_id);
    to.add("type", static_cast<int>(message.type));
    to.add("fileId", message.file_id);
    to.add("content", nullptr);
    to.add("coverId", nullptr);
    add_made(to, message);
  });
}

JsonText new_video_json(const Message& message) {
  return json_object([&](To& to) {
    to.add("userId", message.user_id);
    to.add("groupId", message.group_id);
    to.add("type", static_cast<int>(message.type));
    to.add("fileId", message.file_id);
    to.add("coverId", message.cover_id);
    to.add("content", nullptr);
    add_made(to, message);
  });
}

JsonText sent_json(const chat::Sent& sent) {
  return json_object([&](To& to) {
    add_message(to, sent.message);
    if (sent.is_repeat) to.add("isDuplicate", true);
  });
}

JsonText missed_json(const Missed& missed) {
  return json_object(add_missed, missed);
}

JsonText all_missed_json(std::span<const chat::Conversations::Position> positions,
                         std::span<const Result<Missed>> all) {
  return json_object([&](To& to) {
    auto position = positions.begin();
    to.array("groups", all, [&](To& each, const Result<Missed>& missed) {
      const std::int64_t group_id = (position++)->group_id;
      if (missed) return add_missed(each, *missed);
      each.add("groupId", group_id);
      each.add("error", chat::message_of(missed.error()));
    });
  });
}

JsonText conversations_json(std::span<const Conversation> conversations) {
  return json_array(conversations, add_conversation, conversation_usual);
}

JsonText read_mark_json(const Conversation& conversation) {
  return json_object([&](To& to) {
    add_mark(to, conversation);
    add_news(to, conversation);
  });
}

}  // namespace coterie::api
