// SPDX-License-Identifier: MIT
#include "chat/conversations.hpp"

#include <algorithm>

#include "storage/conversations.hpp"
#include "storage/groups.hpp"
#include "storage/messages.hpp"
#include "storage/sent_messages.hpp"
#include "storage/sequence.hpp"

namespace coterie::chat {

using storage::Driver;

namespace {

constexpr std::int64_t page_size = 10;
constexpr std::int64_t page_size_max = 100;
// What is handed to one client at once, all groups together: a client that does not read is cut off
// at 8 MiB (net/outbox), and a worker should not be busy for long.
constexpr std::int64_t sync_messages_max = 500;
constexpr std::int64_t sync_size = 100;
constexpr std::size_t sync_bytes_max = 1024 * 1024;
constexpr std::size_t bytes_around_text = 1024;  // Of a message as JSON, links and names.
constexpr auto client_msg_ids_are_kept = std::chrono::days(7);

// What an answer of sync() has room for.
struct Room {
  std::int64_t messages = sync_messages_max;
  std::size_t bytes = sync_bytes_max;

  // Keeps what fits; says whether that is all. The first message of an answer always fits.
  bool fit(std::vector<Message>& found) {
    for (auto each = found.begin(); each != found.end(); ++each) {
      const std::size_t size = (each->content ? each->content->size() : 0) + bytes_around_text;
      const bool is_first = messages == sync_messages_max;
      if (messages == 0 || (size > bytes && !is_first)) {
        found.erase(each, found.end());
        messages = 0;
        return false;
      }
      bytes -= std::min(size, bytes);
      --messages;
    }
    return true;
  }
};

Conversations::Missed missed_in(Driver& db, const Conversations::Position& position,
                                std::int64_t last, std::int64_t size, Room& room) {
  Conversations::Missed missed{position.group_id, last, false, {}};
  if (position.after_seq >= last) return missed;
  // One more than wanted tells whether there are more. Since there are no gaps it is known where
  // they end; only where somebody has removed rows, they end later.
  const std::int64_t wanted = std::min(size == 0 ? sync_size : size, room.messages);
  const std::int64_t end = std::min(last, position.after_seq + wanted + 1);
  const auto read = [&](std::int64_t to) {
    return storage::messages_between(db, position.group_id, position.after_seq, to, wanted + 1);
  };
  missed.messages = read(end);
  if (end < last && std::ssize(missed.messages) <= wanted) missed.messages = read(last);
  missed.has_more = std::ssize(missed.messages) > wanted;
  if (missed.has_more) missed.messages.pop_back();
  if (!room.fit(missed.messages)) missed.has_more = true;
  return missed;
}

}  // namespace

Conversations::Conversations(Parts parts)
    : parts_(parts), group_commit_(parts.database, [this](std::span<Message* const> stored) {
        for (Message* message : stored) parts_.files.link(*message);
        parts_.announcements.messages(stored);
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
    auto found = storage::messages_before(db, page.group_id, page.cursor_id, size);
    parts_.authors.add_to(found, db);
    return found;
  });
  if (!messages) return messages;
  for (Message& message : *messages) parts_.files.link(message);
  return messages;
}

Result<void> Conversations::prepare(const Actor& actor, Message& message,
                                    ClientMsgId client_msg_id) {
  if (auto checked = check_member(actor, message.group_id); !checked) return checked.error();
  if (auto paced = parts_.limits.sends.take(actor.user_id); !paced) return paced.error();
  message.user_id = actor.user_id;
  message.create_at = message.update_at = parts_.clock.wall();
  message.client_msg_id = std::move(client_msg_id);
  return {};
}

// What is new got its links when it was announced.
Result<Sent> Conversations::with_links(Result<Sent> sent) const {
  if (sent && sent->is_repeat) parts_.files.link(sent->message);
  return sent;
}

Result<Sent> Conversations::send(const Actor& actor, Message message, ClientMsgId client_msg_id) {
  const auto prepared = prepare(actor, message, std::move(client_msg_id));
  if (!prepared) return prepared.error();
  return with_links(group_commit_.append(std::move(message)));
}

void Conversations::send_text(const Actor& actor, std::int64_t group_id, std::string content,
                              ClientMsgId client_msg_id, Done done) {
  Message message;
  message.group_id = group_id;
  message.content = std::move(content);
  const auto prepared = prepare(actor, message, std::move(client_msg_id));
  if (!prepared) return done(prepared.error());
  group_commit_.append(std::move(message), [this, done = std::move(done)](Result<Sent> sent) {
    done(with_links(std::move(sent)));
  });
}

Result<Sent> Conversations::send_text(const Actor& actor, std::int64_t group_id,
                                      std::string content, ClientMsgId client_msg_id) {
  Message message;
  message.group_id = group_id;
  message.content = std::move(content);
  return send(actor, std::move(message), std::move(client_msg_id));
}

Result<Sent> Conversations::send_image(const Actor& actor, std::int64_t group_id,
                                       std::int64_t file_id, ClientMsgId client_msg_id) {
  Message message;
  message.type = MessageType::image;
  message.group_id = group_id;
  message.file_id = file_id;
  return send(actor, std::move(message), std::move(client_msg_id));
}

Result<Sent> Conversations::send_video(const Actor& actor, std::int64_t group_id,
                                       std::int64_t file_id, std::int64_t cover_id,
                                       ClientMsgId client_msg_id) {
  Message message;
  message.type = MessageType::video;
  message.group_id = group_id;
  message.file_id = file_id;
  message.cover_id = cover_id;
  return send(actor, std::move(message), std::move(client_msg_id));
}

Result<void> Conversations::forget_sent() {
  const WallTime time = parts_.clock.wall() - client_msg_ids_are_kept;
  for (;;) {
    const auto has_more = parts_.database.write(
        [&](Driver& db) -> Result<bool> { return storage::forget_sent(db, time); });
    if (!has_more) return has_more.error();
    if (!*has_more) return {};
  }
}

Result<std::vector<Result<Conversations::Missed>>> Conversations::sync(
    const Actor& actor, std::span<const Position> positions, std::int64_t size) {
  std::vector<Result<Missed>> all;
  std::vector<std::int64_t> ids;
  for (const Position& each : positions) {
    ids.push_back(each.group_id);
    const auto checked = check_member(actor, each.group_id);
    if (!checked && checked.error().code != "not_in_group") return checked.error();
    all.push_back(checked ? Result<Missed>(Missed{each.group_id, 0, false, {}})
                          : Result<Missed>(checked.error()));
  }
  const auto read = parts_.database.read([&](Driver& db) -> Result<void> {
    // First the numbers, then the messages up to them: all of those are there.
    const auto last = storage::last_seqs(db, ids);
    Room room;
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (!all[i]) continue;
      *all[i] = missed_in(db, positions[i], last[i], size, room);
      parts_.authors.add_to(all[i]->messages, db);
    }
    return {};
  });
  if (!read) return read.error();
  for (auto& each : all) {
    if (!each) continue;
    for (Message& message : each->messages) parts_.files.link(message);
  }
  return all;
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
