// SPDX-License-Identifier: MIT
#include "chat/conversations.hpp"

#include <algorithm>

#include "storage/conversations.hpp"
#include "storage/groups.hpp"
#include "storage/messages.hpp"

namespace coterie::chat {

using storage::Driver;

namespace {

constexpr std::int64_t page_size = 10;
constexpr std::int64_t page_size_max = 100;

}  // namespace

Conversations::Conversations(Parts parts)
    : parts_(parts), group_commit_(parts.database, [this](const Message& stored) {
        Message message = stored;
        parts_.files.link(message);
        parts_.announcements.message(message);
      }) {}

Result<std::vector<Conversation>> Conversations::list(const Actor& actor) {
  auto list = parts_.database.read([&](Driver& db) -> Result<std::vector<Conversation>> {
    return storage::conversations_of_user(db, actor.user_id);
  });
  if (!list) return list;
  for (Conversation& conversation : *list) parts_.files.link(conversation.group.cover);
  return list;
}

Result<std::vector<Message>> Conversations::history(const Actor& actor, const Page& page) {
  if (auto checked = check_member(actor, page.group_id); !checked) return checked.error();
  const std::int64_t size = page.size == 0 ? page_size : std::min(page.size, page_size_max);
  auto messages = parts_.database.read([&](Driver& db) -> Result<std::vector<Message>> {
    return storage::messages_before(db, page.group_id, page.cursor_id, size);
  });
  if (!messages) return messages;
  for (Message& message : *messages) parts_.files.link(message);
  return messages;
}

Result<Message> Conversations::send(const Actor& actor, Message message) {
  if (auto checked = check_member(actor, message.group_id); !checked) return checked.error();
  if (auto paced = parts_.limits.sends.take(actor.user_id); !paced) return paced.error();
  message.user_id = actor.user_id;
  message.create_at = message.update_at = parts_.clock.wall();
  return group_commit_.append(std::move(message));
}

Result<Message> Conversations::send_text(const Actor& actor, std::int64_t group_id,
                                         std::string content) {
  Message message;
  message.group_id = group_id;
  message.content = std::move(content);
  return send(actor, std::move(message));
}

Result<Message> Conversations::send_image(const Actor& actor, std::int64_t group_id,
                                          std::int64_t file_id) {
  Message message;
  message.type = MessageType::image;
  message.group_id = group_id;
  message.file_id = file_id;
  return send(actor, std::move(message));
}

Result<Message> Conversations::send_video(const Actor& actor, std::int64_t group_id,
                                          std::int64_t file_id, std::int64_t cover_id) {
  Message message;
  message.type = MessageType::video;
  message.group_id = group_id;
  message.file_id = file_id;
  message.cover_id = cover_id;
  return send(actor, std::move(message));
}

Result<std::optional<Conversation>> Conversations::mark_read(const Actor& actor,
                                                             std::int64_t conversation_id,
                                                             std::int64_t message_id) {
  using Found = std::optional<Conversation>;
  return parts_.database.write([&](Driver& db) -> Result<Found> {
    const auto before = storage::find_conversation(db, conversation_id, actor.user_id);
    if (!before) return Found();
    if (!storage::message_is_in_group(db, message_id, before->group_id)) {
      return Error("message_unknown");
    }
    storage::advance_read_mark(db, conversation_id, message_id, parts_.clock.wall());
    return storage::find_conversation(db, conversation_id, actor.user_id);
  });
}

Result<std::vector<std::int64_t>> Conversations::groups_of(const Actor& actor) {
  return parts_.database.read([&](Driver& db) -> Result<std::vector<std::int64_t>> {
    return storage::groups_of_user(db, actor.user_id);
  });
}

}  // namespace coterie::chat
