// SPDX-License-Identifier: MIT
#include "storage/conversations.hpp"

#include <algorithm>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "storage/groups.hpp"
#include "storage/messages.hpp"
#include "storage/users.hpp"

namespace coterie::storage {

namespace {

// The newest message is the one with the group's last number, and what is unread is the distance
// between two numbers: both are found in an index, however long the history is.
const std::string& select_conversations() {
  static const std::string sql =
      R"(SELECT v."id", v."createAt", v."updateAt", v."userRole", v."lastMsgId", v."userId",
           v."groupId", r."seq", )" +
      group_columns("g", "c") + ", " + message_columns("m") + ", " + user_columns("u") +
      R"( FROM "group_conversation" v
          JOIN "group" g ON g."id" = v."groupId"
          LEFT JOIN "file" c ON c."id" = g."coverId"
          LEFT JOIN "group_message" m ON m."groupId" = v."groupId" AND m."seq" = g."lastSeq"
          LEFT JOIN "group_message" r ON r."id" = v."lastMsgId" AND r."groupId" = v."groupId"
          LEFT JOIN "user" u ON u."id" = m."userId")";
  return sql;
}

struct Found {
  Conversation conversation;
  std::optional<std::int64_t> mark_seq;  // Of the message that the read mark names.
};

Found read_conversation(RowReader& row) {
  Found found;
  Conversation& conversation = found.conversation;
  conversation.id = row.int64();
  conversation.create_at = row.time();
  conversation.update_at = row.time();
  conversation.user_role = static_cast<Role>(row.int64());
  conversation.last_msg_id = row.maybe_int64();
  conversation.user_id = row.int64();
  conversation.group_id = row.int64();
  found.mark_seq = row.maybe_int64();
  conversation.group = read_group(row);
  if (!row.next_is_null()) {
    conversation.recent = read_message(row);
    conversation.recent->user = read_user(row);
  }
  return found;
}

// The seed system's marks may name messages that are not there, or those of other groups.
std::int64_t seq_up_to(Driver& db, std::int64_t group_id, std::int64_t id) {
  return db
      .query_one(
          R"(SELECT COALESCE("seq", 0) FROM "group_message" WHERE "groupId" = ? AND "id" <= ?
                    ORDER BY "id" DESC LIMIT 1)",
          [](RowReader& row) { return row.int64(); }, group_id, id)
      .value_or(0);
}

// Of what somebody has removed by hand, what is left counts.
std::optional<Message> newest_left(Driver& db, std::int64_t group_id) {
  const std::vector<Message> found = messages_before(db, group_id, std::nullopt, 1);
  return found.empty() ? std::nullopt : find_message(db, found.front().id);
}

void complete(Driver& db, Found& found) {
  Conversation& conversation = found.conversation;
  if (!conversation.recent && conversation.group.last_seq > 0) {
    conversation.recent = newest_left(db, conversation.group_id);
  }
  if (!conversation.recent) return;
  if (!found.mark_seq && conversation.last_msg_id) {
    found.mark_seq = seq_up_to(db, conversation.group_id, *conversation.last_msg_id);
  }
  conversation.unread =
      std::max<std::int64_t>(0, conversation.recent->seq - found.mark_seq.value_or(0));
}

WallTime last_activity(const Conversation& conversation) {
  if (!conversation.recent) return conversation.update_at;
  return std::max(conversation.recent->create_at, conversation.update_at);
}

}  // namespace

std::vector<Conversation> conversations_of_user(Driver& db, std::int64_t user_id) {
  static const std::string sql = select_conversations() + R"( WHERE v."userId" = ?)";
  std::vector<Found> found;
  db.query(sql, [&](RowReader& row) { found.push_back(read_conversation(row)); }, user_id);
  for (Found& each : found) complete(db, each);
  // Here, not in SQL: MariaDB would write such wide rows into a file to sort them.
  std::vector<Conversation*> order;
  for (Found& each : found) order.push_back(&each.conversation);
  std::ranges::sort(order, std::greater(), [](const Conversation* each) {
    return std::pair(last_activity(*each), each->id);
  });
  std::vector<Conversation> conversations;
  conversations.reserve(order.size());
  for (Conversation* each : order) conversations.push_back(std::move(*each));
  return conversations;
}

std::optional<Conversation> find_conversation(Driver& db, std::int64_t id, std::int64_t user_id) {
  static const std::string sql = select_conversations() + R"( WHERE v."id" = ? AND v."userId" = ?)";
  auto found = db.query_one(sql, read_conversation, id, user_id);
  if (!found) return std::nullopt;
  complete(db, *found);
  return std::move(found->conversation);
}

void advance_read_mark(Driver& db, std::int64_t id, std::int64_t message_id, WallTime now) {
  db.run(R"(UPDATE "group_conversation" SET "lastMsgId" = ?, "updateAt" = ?
            WHERE "id" = ? AND COALESCE("lastMsgId", 0) < ?)",
         message_id, now, id, message_id);
}

}  // namespace coterie::storage
