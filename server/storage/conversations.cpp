// SPDX-License-Identifier: MIT
#include "storage/conversations.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "storage/groups.hpp"
#include "storage/users.hpp"

namespace coterie::storage {

namespace {

// The newest message is looked up by ORDER BY: for MAX, MariaDB reads all messages of the group.
// What is unread is the distance between two numbers, however long the history is.
const std::string& select_conversations() {
  static const std::string sql =
      R"(SELECT v."id", v."createAt", v."updateAt", v."userRole", v."lastMsgId", v."userId",
           v."groupId", r."seq", )" +
      group_columns("g", "c") +
      R"(, m."id", m."createAt", m."updateAt", m."type", m."content", m."userId", m."groupId",
           m."coverId", m."fileId", m."seq", )" +
      user_columns("u") +
      R"( FROM "group_conversation" v
          JOIN "group" g ON g."id" = v."groupId"
          LEFT JOIN "file" c ON c."id" = g."coverId"
          LEFT JOIN "group_message" m ON m."id" =
            (SELECT l."id" FROM "group_message" l WHERE l."groupId" = v."groupId"
             ORDER BY l."id" DESC LIMIT 1)
          LEFT JOIN "group_message" r ON r."id" = v."lastMsgId" AND r."groupId" = v."groupId"
          LEFT JOIN "user" u ON u."id" = m."userId")";
  return sql;
}

Message read_recent(RowReader& row) {
  Message message;
  message.id = row.int64();
  message.create_at = row.time();
  message.update_at = row.time();
  message.type = static_cast<MessageType>(row.int64());
  message.content = row.maybe_text();
  message.user_id = row.int64();
  message.group_id = row.int64();
  message.cover_id = row.maybe_int64();
  message.file_id = row.maybe_int64();
  message.seq = row.maybe_int64().value_or(0);
  message.user = read_user(row);
  return message;
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
  if (!row.next_is_null()) conversation.recent = read_recent(row);
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

Conversation with_unread(Driver& db, Found&& found) {
  Conversation& conversation = found.conversation;
  if (!conversation.recent) return std::move(conversation);
  if (!found.mark_seq && conversation.last_msg_id) {
    found.mark_seq = seq_up_to(db, conversation.group_id, *conversation.last_msg_id);
  }
  conversation.unread =
      std::max<std::int64_t>(0, conversation.recent->seq - found.mark_seq.value_or(0));
  return std::move(conversation);
}

}  // namespace

std::vector<Conversation> conversations_of_user(Driver& db, std::int64_t user_id) {
  static const std::string sql = select_conversations() +
                                 R"( WHERE v."userId" = ?
                                     ORDER BY CASE WHEN m."createAt" > v."updateAt"
                                       THEN m."createAt" ELSE v."updateAt" END DESC, v."id" DESC)";
  std::vector<Found> found;
  db.query(sql, [&](RowReader& row) { found.push_back(read_conversation(row)); }, user_id);
  std::vector<Conversation> conversations;
  conversations.reserve(found.size());
  for (Found& each : found) conversations.push_back(with_unread(db, std::move(each)));
  return conversations;
}

std::optional<Conversation> find_conversation(Driver& db, std::int64_t id, std::int64_t user_id) {
  static const std::string sql = select_conversations() + R"( WHERE v."id" = ? AND v."userId" = ?)";
  auto found = db.query_one(sql, read_conversation, id, user_id);
  if (!found) return std::nullopt;
  return with_unread(db, std::move(*found));
}

void advance_read_mark(Driver& db, std::int64_t id, std::int64_t message_id, WallTime now) {
  db.run(R"(UPDATE "group_conversation" SET "lastMsgId" = ?, "updateAt" = ?
            WHERE "id" = ? AND COALESCE("lastMsgId", 0) < ?)",
         message_id, now, id, message_id);
}

}  // namespace coterie::storage
