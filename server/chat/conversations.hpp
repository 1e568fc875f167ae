// Conversations: the list, the history, the read mark, and sending. Any thread that may block.
// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "chat/actor.hpp"
#include "chat/announcements.hpp"
#include "chat/files.hpp"
#include "chat/limits.hpp"
#include "chat/memberships.hpp"
#include "chat/model.hpp"
#include "storage/database.hpp"
#include "storage/group_commit.hpp"

namespace coterie::chat {

class Conversations {
 public:
  struct Parts {
    storage::Database& database;
    const Files& files;
    Memberships& memberships;
    const Announcements& announcements;
    const Clock& clock;
    Limits& limits;
  };

  explicit Conversations(Parts parts);

  // Newest activity first.
  Result<std::vector<Conversation>> list(const Actor& actor);

  struct Page {
    std::int64_t group_id;
    std::optional<std::int64_t> cursor_id;  // Only messages before this one.
    std::int64_t size = 10;                 // 0 means 10; more than 100 is 100.
  };
  Result<std::vector<Message>> history(const Actor& actor, const Page& page);

  Result<void> check_member(const Actor& actor, std::int64_t group_id) {
    return parts_.memberships.check(actor.user_id, group_id);
  }
  // Returns when the message is durable and announced.
  Result<Message> send_text(const Actor& actor, std::int64_t group_id, std::string content);
  Result<Message> send_image(const Actor& actor, std::int64_t group_id, std::int64_t file_id);
  Result<Message> send_video(const Actor& actor, std::int64_t group_id, std::int64_t file_id,
                             std::int64_t cover_id);

  // Moves the read mark forward. nullopt: that conversation is not the actor's. Error
  // "message_unknown": there is no such message in its group.
  Result<std::optional<Conversation>> mark_read(const Actor& actor, std::int64_t conversation_id,
                                                std::int64_t message_id);

  // The groups whose messages the user is to hear.
  Result<std::vector<std::int64_t>> groups_of(const Actor& actor);

 private:
  Result<Message> send(const Actor& actor, Message message);

  const Parts parts_;
  storage::GroupCommit group_commit_;
};

}  // namespace coterie::chat
