// SPDX-License-Identifier: MIT
#include "storage/messages.hpp"

#include <limits>
#include <string>

#include "storage/files.hpp"
#include "storage/many_rows.hpp"
#include "storage/users.hpp"

namespace coterie::storage {

namespace {

// Messages with everything that is shown with them, in one query; `from` names them "m". The user
// is always there, yet joined as if not: MariaDB would otherwise begin with a small table of users,
// read all that they have ever said and sort it.
std::string select_whole(std::string_view from = R"("group_message" m)") {
  return R"(SELECT m."id", m."createAt", m."updateAt", m."type", m."content", m."userId",
           m."groupId", m."coverId", m."fileId", m."seq", )" +
         user_columns("u") + ", " + file_columns("a") + ", " + file_columns("f") + ", " +
         file_columns("c") + " FROM " + std::string(from) +
         R"( LEFT JOIN "user" u ON u."id" = m."userId"
          LEFT JOIN "file" a ON a."id" = u."avatarId"
          LEFT JOIN "file" f ON f."id" = m."fileId"
          LEFT JOIN "file" c ON c."id" = m."coverId")";
}

Message read_whole(RowReader& row) {
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
  message.user.avatar = maybe_read_file(row);
  message.file = maybe_read_file(row);
  message.cover = maybe_read_file(row);
  return message;
}

}  // namespace

void insert_messages(Driver& db, std::span<const Message> messages) {
  static const ManyRows insert(
      R"(INSERT INTO "group_message" ("createAt", "updateAt", "type", "content", "userId",
              "groupId", "coverId", "fileId", "seq") VALUES )",
      "(?, ?, ?, ?, ?, ?, ?, ?, ?)", ", ");
  insert.run(db, messages.size(), [&](std::size_t row, std::vector<Value>& values) {
    const Message& each = messages[row];
    values.insert(values.end(), {each.create_at, each.update_at, column_text(each.type),
                                 each.content, each.user_id, each.group_id, each.cover_id,
                                 each.file_id, each.seq > 0 ? Value(each.seq) : Value(nullptr)});
  });
}

void read_messages(Driver& db, std::span<const SeqRange> ranges,
                   const std::function<void(Message)>& use) {
  static const ManyRows select(select_whole() + " WHERE ",
                               R"((m."groupId" = ? AND m."seq" > ? AND m."seq" <= ?))", " OR ");
  select.run(
      db, ranges.size(),
      [&](std::size_t row, std::vector<Value>& values) {
        const SeqRange& each = ranges[row];
        values.insert(values.end(), {each.group_id, each.after, each.last});
      },
      [&](const Row& row) {
        RowReader reader(row);
        use(read_whole(reader));
      });
}

std::optional<Message> find_message(Driver& db, std::int64_t id) {
  static const std::string sql = select_whole() + R"( WHERE m."id" = ?)";
  return db.query_one(sql, read_whole, id);
}

bool message_is_in_group(Driver& db, std::int64_t message_id, std::int64_t group_id) {
  return db
      .query_one(
          R"(SELECT 1 FROM "group_message" WHERE "id" = ? AND "groupId" = ?)",
          [](RowReader& row) { return row.int64(); }, message_id, group_id)
      .has_value();
}

std::vector<Message> messages_before(Driver& db, std::int64_t group_id,
                                     std::optional<std::int64_t> cursor_id, std::int64_t size) {
  // First the ids, which the index holds, then the rows: however long the history is.
  static const std::string sql =
      select_whole(R"((SELECT "id" FROM "group_message" WHERE "groupId" = ? AND "id" < ?
                         ORDER BY "id" DESC LIMIT ?) p
                      JOIN "group_message" m ON m."id" = p."id")") +
      R"( ORDER BY m."id" DESC)";
  std::vector<Message> messages;
  db.query(
      sql, [&](RowReader& row) { messages.push_back(read_whole(row)); }, group_id,
      cursor_id.value_or(std::numeric_limits<std::int64_t>::max()), size);
  return messages;
}

std::vector<Message> messages_between(Driver& db, std::int64_t group_id, std::int64_t after,
                                      std::int64_t last, std::int64_t size) {
  static const std::string sql =
      select_whole(R"((SELECT "id" FROM "group_message" WHERE "groupId" = ? AND "seq" > ?
                         AND "seq" <= ? ORDER BY "seq" LIMIT ?) p
                      JOIN "group_message" m ON m."id" = p."id")") +
      R"( ORDER BY m."seq")";
  std::vector<Message> messages;
  db.query(
      sql, [&](RowReader& row) { messages.push_back(read_whole(row)); }, group_id, after, last,
      size);
  return messages;
}

}  // namespace coterie::storage
