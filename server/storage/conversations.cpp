// SPDX-License-Identifier: MIT
#include "storage/conversations.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <string>

#include "storage/groups.hpp"
#include "storage/users.hpp"

namespace coterie::storage {

namespace {

// The newest message is looked up by ORDER BY: for MAX, MariaDB reads all messages of the group.
const std::string& select_conversations() {
  static const std::string sql =
      R"(SELECT v."id", v."createAt", v."updateAt", v."userRole", v."lastMsgId", v."userId",
           v."groupId", )" +
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

Conversation read_conversation(RowReader& row) {
  Conversation conversation;
  conversation.id = row.int64();
  conversation.create_at = row.time();
  conversation.update_at = row.time();
  conversation.user_role = static_cast<Role>(row.int64());
  conversation.last_msg_id = row.maybe_int64();
  conversation.user_id = row.int64();
  conversation.group_id = row.int64();
  conversation.group = read_group(row);
  if (!row.next_is_null()) conversation.recent = read_recent(row);
  return conversation;
}

std::string make_select_unread(std::size_t count) {
  std::string sql;
  for (std::size_t i = 0; i < count; ++i) {
    sql += fmt::format(R"({}SELECT {} AS "at", COUNT(*) AS "unread" FROM "group_message"
                          WHERE "groupId" = ? AND "id" > ?)",
                       i ? " UNION ALL " : "", i);
  }
  return sql;
}

// Counts in one question for as many conversations as it has room for. Each is asked for with
// values: with a mark that comes out of another table, MariaDB reads all messages of the group.
void count_unread(Driver& db, std::span<Conversation> conversations) {
  constexpr std::size_t most = 64;
  static const std::string one = make_select_unread(1);
  static const std::string many = make_select_unread(most);
  const std::size_t room = conversations.size() == 1 ? 1 : most;
  for (std::size_t begin = 0; begin < conversations.size(); begin += room) {
    const auto part = conversations.subspan(begin, std::min(room, conversations.size() - begin));
    std::vector<Value> values;
    for (const Conversation& each : part) {
      values.emplace_back(each.group_id);
      values.emplace_back(each.last_msg_id.value_or(0));
    }
    values.resize(2 * room, Value(0));  // There is no group 0: what is left over counts nothing.
    db.execute(room == 1 ? one : many, values, [&part](const Row& row) {
      const auto at = static_cast<std::size_t>(row.int64(0));
      if (at < part.size()) part[at].unread = row.int64(1);
    });
  }
}

}  // namespace

std::vector<Conversation> conversations_of_user(Driver& db, std::int64_t user_id) {
  static const std::string sql = select_conversations() +
                                 R"( WHERE v."userId" = ?
                                     ORDER BY CASE WHEN m."createAt" > v."updateAt"
                                       THEN m."createAt" ELSE v."updateAt" END DESC, v."id" DESC)";
  std::vector<Conversation> conversations;
  db.query(sql, [&](RowReader& row) { conversations.push_back(read_conversation(row)); }, user_id);
  count_unread(db, conversations);
  return conversations;
}

std::optional<Conversation> find_conversation(Driver& db, std::int64_t id, std::int64_t user_id) {
  static const std::string sql = select_conversations() + R"( WHERE v."id" = ? AND v."userId" = ?)";
  auto found = db.query_one(sql, read_conversation, id, user_id);
  if (found) count_unread(db, {&*found, 1});
  return found;
}

void advance_read_mark(Driver& db, std::int64_t id, std::int64_t message_id, WallTime now) {
  db.run(R"(UPDATE "group_conversation" SET "lastMsgId" = ?, "updateAt" = ?
            WHERE "id" = ? AND COALESCE("lastMsgId", 0) < ?)",
         message_id, now, id, message_id);
}

}  // namespace coterie::storage
