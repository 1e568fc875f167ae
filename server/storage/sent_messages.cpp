// SPDX-License-Identifier: MIT
#include "storage/sent_messages.hpp"

#include <vector>

#include "storage/many_rows.hpp"
#include "storage/messages.hpp"

namespace coterie::storage {

namespace {

constexpr std::int64_t rows_per_transaction = 5000;

std::optional<std::int64_t> find_id(Driver& db, std::int64_t user_id,
                                    std::string_view client_msg_id) {
  return db.query_one(
      R"(SELECT "messageId" FROM "sent_message" WHERE "userId" = ? AND "clientMsgId" = ?)",
      [](RowReader& row) { return row.int64(); }, user_id, client_msg_id);
}

}  // namespace

void insert_sent(Driver& db, std::span<const Message* const> messages) {
  static const ManyRows insert(
      R"(INSERT INTO "sent_message" ("userId", "clientMsgId", "messageId", "createAt") VALUES )",
      "(?, ?, ?, ?)", ", ");
  insert.run(db, messages.size(), [&](std::size_t row, std::vector<Value>& values) {
    const Message& each = *messages[row];
    values.insert(values.end(), {each.user_id, each.client_msg_id, each.id, each.create_at});
  });
}

std::set<SentName> which_are_sent(Driver& db, std::span<const SentName> names) {
  static const ManyRows select(R"(SELECT "userId", "clientMsgId" FROM "sent_message" WHERE )",
                               R"(("userId" = ? AND "clientMsgId" = ?))", " OR ");
  std::set<SentName> sent;
  select.run(
      db, names.size(),
      [&](std::size_t row, std::vector<Value>& values) {
        values.insert(values.end(), {names[row].first, names[row].second});
      },
      [&](const Row& row) { sent.emplace(row.int64(0), row.text(1)); });
  return sent;
}

std::optional<Message> find_sent(Driver& db, std::int64_t user_id, std::string_view client_msg_id) {
  const auto id = find_id(db, user_id, client_msg_id);
  return id ? find_message(db, *id) : std::nullopt;
}

bool forget_sent(Driver& db, WallTime time) {
  const auto last_of_many = db.query_one(
      R"(SELECT "createAt" FROM "sent_message" WHERE "createAt" <= ?
         ORDER BY "createAt" LIMIT 1 OFFSET ?)",
      [](RowReader& row) { return row.time(); }, time, rows_per_transaction);
  db.run(R"(DELETE FROM "sent_message" WHERE "createAt" <= ?)", last_of_many.value_or(time));
  return last_of_many.has_value();
}

}  // namespace coterie::storage
