// The rows of the chat's tables, as the rest of the server knows them.
//
// Names follow the columns of the seed system's schema. What belongs to a row by a foreign key and
// was read along is held in place: a user's avatar, a message's author and files.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"

namespace coterie::storage {

struct File {
  std::int64_t id = 0;
  WallTime create_at;
  WallTime update_at;
  std::string path;  // "<type>/<21 random characters>"
  std::string type;  // avatar, cover, image or video
  std::string url;
  std::int64_t create_by_id = 0;
  // Of pictures, where they are known: pixels as shown, and the path of a smaller version.
  std::optional<std::int64_t> width;
  std::optional<std::int64_t> height;
  std::optional<std::string> thumbnail;
  std::string thumbnail_url;  // Not stored.
};

struct User {
  std::int64_t id = 0;
  WallTime create_at;
  WallTime update_at;
  std::string username;
  std::string email;
  std::optional<std::string> nickname;
  std::optional<std::int64_t> avatar_id;
  std::optional<File> avatar;
  std::string password;  // A hash; read only where a log-in needs it.
  bool is_admin = false;
};

struct Group {
  std::int64_t id = 0;
  WallTime create_at;
  WallTime update_at;
  std::string name;
  std::optional<std::string> description;
  std::string invite_code;
  std::int64_t cover_id = 0;
  std::int64_t create_by_id = 0;
  std::int64_t last_seq = 0;  // The number of its newest message.
  std::optional<File> cover;
};

enum class MessageType : std::uint8_t { text = 0, image = 1, video = 2 };
// As it is bound: MySQL's column is an enumeration of texts.
constexpr std::string_view column_text(MessageType type) {
  return std::string_view("012").substr(static_cast<std::size_t>(type), 1);
}

struct Message {
  std::int64_t id = 0;
  WallTime create_at;
  WallTime update_at;
  MessageType type = MessageType::text;
  std::optional<std::string> content;
  std::int64_t user_id = 0;
  std::int64_t group_id = 0;
  std::optional<std::int64_t> cover_id;
  std::optional<std::int64_t> file_id;
  std::int64_t seq = 0;  // In its group, from 1; 0 until it has one (storage/sequence).
  std::optional<std::string> client_msg_id;  // The sender's name for it; known while it is sent.
  User user;
  std::optional<File> file;
  std::optional<File> cover;
};

enum class Role : std::uint8_t { owner = 0, member = 1 };
constexpr std::string_view column_text(Role role) {
  return role == Role::owner ? "0" : "1";
}

struct Conversation {
  std::int64_t id = 0;
  WallTime create_at;
  WallTime update_at;
  Role user_role = Role::member;
  std::optional<std::int64_t> last_msg_id;  // The read mark.
  std::int64_t user_id = 0;
  std::int64_t group_id = 0;
  Group group;
  std::optional<Message> recent;  // The group's newest message, with its author.
  std::int64_t unread = 0;        // Messages behind the read mark.
};

}  // namespace coterie::storage
