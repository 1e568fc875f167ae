// SPDX-License-Identifier: MIT
#include "storage/messages.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <span>
#include <string>

#include "storage/files.hpp"
#include "storage/many_rows.hpp"
#include "storage/users.hpp"

namespace coterie::storage {

namespace {

constexpr std::int64_t rows_usual = 100;  // In one page.

// A page of a group, along an index. MariaDB is told which: left to itself it at times takes where
// the page begins for a filter, and reads all that lies between that and the end of the group.
struct Page {
  Page(std::string_view index, std::string_view rows)
      : mysql(fmt::format(R"(SELECT {} FROM "group_message" m FORCE INDEX ("{}") {})",
                          message_columns("m"), index, rows)),
        others(fmt::format(R"(SELECT {} FROM "group_message" m {})", message_columns("m"), rows)) {}
  const std::string& sql(Dialect dialect) const {
    return dialect == Dialect::mysql ? mysql : others;
  }

  std::string mysql;
  std::string others;
};

// Messages with all that is shown with them in one question: it is asked for each that is sent. The
// author is always there, yet joined as if not: MariaDB would otherwise begin with a small table of
// users, read all that they have ever said and sort it.
std::string select_whole() {
  return "SELECT " + message_columns("m") + ", " + user_columns("u") + ", " + file_columns("a") +
         ", " + file_columns("f") + ", " + file_columns("c") +
         R"( FROM "group_message" m
          LEFT JOIN "user" u ON u."id" = m."userId"
          LEFT JOIN "file" a ON a."id" = u."avatarId"
          LEFT JOIN "file" f ON f."id" = m."fileId"
          LEFT JOIN "file" c ON c."id" = m."coverId")";
}

Message read_whole(RowReader& row) {
  Message message = read_message(row);
  message.user = read_user(row);
  message.user.avatar = maybe_read_file(row);
  message.file = maybe_read_file(row);
  message.cover = maybe_read_file(row);
  return message;
}

std::optional<File> file_of(const FilesById& files, std::optional<std::int64_t> id) {
  const auto found = id ? files.find(*id) : files.end();
  return found == files.end() ? std::nullopt : std::optional(found->second);
}

// Most messages have no files: what there is, is asked for at once.
void add_files(Driver& db, std::span<Message> messages) {
  std::vector<std::int64_t> ids;
  for (const Message& message : messages) {
    for (const auto& id : {message.file_id, message.cover_id}) {
      if (id) ids.push_back(*id);
    }
  }
  if (ids.empty()) return;
  std::ranges::sort(ids);
  ids.erase(std::ranges::unique(ids).begin(), ids.end());
  const FilesById files = find_files(db, ids);
  for (Message& message : messages) {
    message.file = file_of(files, message.file_id);
    message.cover = file_of(files, message.cover_id);
  }
}

template <class... Values>
std::vector<Message> read_page(Driver& db, const Page& page, std::int64_t size,
                               const Values&... values) {
  std::vector<Message> messages;
  messages.reserve(static_cast<std::size_t>(std::min(size, rows_usual)));
  db.query(
      page.sql(db.dialect()), [&](RowReader& row) { messages.push_back(read_message(row)); },
      values..., size);
  add_files(db, messages);
  return messages;
}

}  // namespace

std::string message_columns(std::string_view alias) {
  return fmt::format(R"({0}."id", {0}."createAt", {0}."updateAt", {0}."type", {0}."content", )"
                     R"({0}."userId", {0}."groupId", {0}."coverId", {0}."fileId", {0}."seq")",
                     alias);
}

Message read_message(RowReader& row) {
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
  return message;
}

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
  static const Page page("group_message_group", R"( WHERE m."groupId" = ? AND m."id" < ?
                                                    ORDER BY m."id" DESC LIMIT ?)");
  return read_page(db, page, size, group_id,
                   cursor_id.value_or(std::numeric_limits<std::int64_t>::max()));
}

std::vector<Message> messages_between(Driver& db, std::int64_t group_id, std::int64_t after,
                                      std::int64_t last, std::int64_t size) {
  static const Page page("group_message_seq", R"( WHERE m."groupId" = ? AND m."seq" > ?
                                                  AND m."seq" <= ? ORDER BY m."seq" LIMIT ?)");
  return read_page(db, page, size, group_id, after, last);
}

}  // namespace coterie::storage
