// Conversations: the list, the history, the read mark, sending, and what a device has missed. Any
// thread that may block.
// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "chat/actor.hpp"
#include "chat/announcements.hpp"
#include "chat/authors.hpp"
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
    Authors& authors;
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
  // What the sender calls a message, so that it may be sent again when no answer came.
  using ClientMsgId = std::optional<std::string>;
  static constexpr std::size_t client_msg_id_max = 64;  // Characters.
  // Return when the message is durable and announced. Error "client_msg_id_taken"; "busy".
  Result<Sent> send_text(const Actor& actor, std::int64_t group_id, std::string content,
                         ClientMsgId client_msg_id = {});
  Result<Sent> send_image(const Actor& actor, std::int64_t group_id, std::int64_t file_id,
                          ClientMsgId client_msg_id = {});
  Result<Sent> send_video(const Actor& actor, std::int64_t group_id, std::int64_t file_id,
                          std::int64_t cover_id, ClientMsgId client_msg_id = {});
  // The same without waiting: `done` is called once, perhaps at once and perhaps on another thread,
  // which must not be kept long (storage/group_commit).
  using Done = storage::GroupCommit::Done;
  void send_text(const Actor& actor, std::int64_t group_id, std::string content,
                 ClientMsgId client_msg_id, Done done);
  // Waits until all that is being sent is sent, until that time at the most.
  void finish_sending(TimePoint deadline) { group_commit_.finish(deadline); }
  // Names that are old enough not to be used again.
  Result<void> forget_sent();

  // The messages behind a number: what a device has missed that had heard up to it.
  struct Position {
    std::int64_t group_id;
    std::int64_t after_seq;
  };
  struct Missed {
    std::int64_t group_id;
    std::int64_t last_seq;          // Of the group; all up to it are committed.
    bool has_more;                  // There are more than fit into this answer.
    std::vector<Message> messages;  // Oldest first.
  };
  // One result for each position: at most `size` messages of a group (0 means 100; more than 500 is
  // 500), and as many of all together as one answer holds. Error "not_in_group" for each.
  Result<std::vector<Result<Missed>>> sync(const Actor& actor, std::span<const Position> positions,
                                           std::int64_t size);

  // Moves the read mark forward. nullopt: that conversation is not the actor's. Error
  // "message_unknown": there is no such message in its group.
  Result<std::optional<Conversation>> mark_read(const Actor& actor, std::int64_t conversation_id,
                                                std::int64_t message_id);

  // The groups whose messages the user is to hear.
  Result<std::vector<std::int64_t>> groups_of(const Actor& actor);

 private:
  Result<Sent> send(const Actor& actor, Message message, ClientMsgId client_msg_id);
  Result<void> prepare(const Actor& actor, Message& message, ClientMsgId client_msg_id);
  Result<Sent> with_links(Result<Sent> sent) const;

  const Parts parts_;
  storage::GroupCommit group_commit_;
};

}  // namespace coterie::chat
