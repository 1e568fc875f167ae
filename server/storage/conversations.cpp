// SPDX-License-Identifier: MIT
#include "storage/conversations.hpp"

#include <string>

#include "storage/groups.hpp"
#include "storage/users.hpp"

namespace coterie::storage {

namespace {

// The newest message is looked up by ORDER BY: for MAX, MariaDB reads all messages of the group.
const std::string& select_conversations() {
  static const std::string sql =
      R"(SELECT v."id", v."createAt", v."updateAt", v."userRole", v."lastMsgId", v."userId",
           v."groupId",
           (SELECT COUNT(*) FROM "group_message" n
            WHERE n."groupId" = v."groupId" AND n."id" > COALESCE(v."lastMsgId", 0)), )" +
      group_columns("g", "c") +
      R"(, m."id", m."createAt", m."updateAt", m."type", m."content", m."userId", m."groupId",
           m."coverId", m."fileId", )" +
      user_columns("u") +
      R"( FROM "group_conversation" v
          JOIN "group" g ON g."id" = v."groupId"
          LEFT JOIN "file" c ON c."id" = g."coverId"
          LEFT JOIN "group_message" m ON m."id" =
            (SELECT l."id" FROM "group_message" l WHERE l."groupId" = v."groupId"
             ORDER BY l."id" DESC LIMIT 1)
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
  message.user = read_user(row);
  return message;
}

Conversation read_conversation(RowReader& row) {
  Conversation conversation;
  conversation.id = row.int64();
  conversation.create_at = row.time();
  conversation.update_at = row.time();
  conversation.user_role = static_cast<Role>(row.int64());
  conversation.last_msg_id = row.maybe_int64();
  conversation.user_id = row.int64();
  conversation.group_id = row.int64();
  conversation.unread = row.int64();
  conversation.group = read_group(row);
  if (!row.next_is_null()) conversation.recent = read_recent(row);
  return conversation;
}

}  // namespace

std::vector<Conversation> conversations_of_user(Driver& db, std::int64_t user_id) {
  static const std::string sql = select_conversations() +
                                 R"( WHERE v."userId" = ?
                                     ORDER BY CASE WHEN m."createAt" > v."updateAt"
                                       THEN m."createAt" ELSE v."updateAt" END DESC, v."id" DESC)";
  std::vector<Conversation> conversations;
  db.query(sql, [&](RowReader& row) { conversations.push_back(read_conversation(row)); }, user_id);
  return conversations;
}

std::optional<Conversation> find_conversation(Driver& db, std::int64_t id, std::int64_t user_id) {
  static const std::string sql = select_conversations() + R"( WHERE v."id" = ? AND v."userId" = ?)";
  return db.query_one(sql, read_conversation, id, user_id);
}

void advance_read_mark(Driver& db, std::int64_t id, std::int64_t message_id, WallTime now) {
  db.run(R"(UPDATE "group_conversation" SET "lastMsgId" = ?, "updateAt" = ?
            WHERE "id" = ? AND COALESCE("lastMsgId", 0) < ?)",
         message_id, now, id, message_id);
}

}  // namespace coterie::storage
