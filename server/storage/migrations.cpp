// SPDX-License-Identifier: MIT
#include "storage/migrations.hpp"

#include <fmt/format.h>

#include <optional>

#include "storage/adoption.hpp"

namespace coterie::storage {

const std::vector<Migration>& chat_migrations() {
  // Tables and columns as the seed system has them, so that its data can move in and out; the
  // indexes and the unique membership are ours. Names and mail addresses compare without case.
  static const std::vector<Migration> migrations{
      {1,
       "initial",
       {
           R"sql(CREATE TABLE "user" (
             "id" INTEGER PRIMARY KEY AUTOINCREMENT,
             "createAt" INTEGER NOT NULL,
             "updateAt" INTEGER NOT NULL,
             "username" TEXT NOT NULL COLLATE NOCASE UNIQUE,
             "email" TEXT NOT NULL COLLATE NOCASE UNIQUE,
             "password" TEXT NOT NULL,
             "nickname" TEXT,
             "avatarId" INTEGER UNIQUE REFERENCES "file" ("id"),
             "isAdmin" INTEGER))sql",
           R"sql(CREATE TABLE "file" (
             "id" INTEGER PRIMARY KEY AUTOINCREMENT,
             "createAt" INTEGER NOT NULL,
             "updateAt" INTEGER NOT NULL,
             "path" TEXT NOT NULL UNIQUE,
             "type" TEXT NOT NULL CHECK ("type" IN ('avatar', 'cover', 'image', 'video')),
             "url" TEXT NOT NULL,
             "createById" INTEGER NOT NULL REFERENCES "user" ("id")))sql",
           R"sql(CREATE TABLE "group" (
             "id" INTEGER PRIMARY KEY AUTOINCREMENT,
             "createAt" INTEGER NOT NULL,
             "updateAt" INTEGER NOT NULL,
             "name" TEXT NOT NULL,
             "description" TEXT,
             "inviteCode" TEXT NOT NULL COLLATE NOCASE UNIQUE,
             "coverId" INTEGER NOT NULL UNIQUE REFERENCES "file" ("id"),
             "createById" INTEGER NOT NULL REFERENCES "user" ("id")))sql",
           R"sql(CREATE TABLE "group_conversation" (
             "id" INTEGER PRIMARY KEY AUTOINCREMENT,
             "createAt" INTEGER NOT NULL,
             "updateAt" INTEGER NOT NULL,
             "userRole" INTEGER NOT NULL CHECK ("userRole" IN (0, 1)),
             "lastMsgId" INTEGER,
             "userId" INTEGER NOT NULL REFERENCES "user" ("id"),
             "groupId" INTEGER NOT NULL REFERENCES "group" ("id"),
             UNIQUE ("userId", "groupId")))sql",
           R"sql(CREATE INDEX "group_conversation_group" ON "group_conversation" ("groupId"))sql",
           R"sql(CREATE TABLE "group_message" (
             "id" INTEGER PRIMARY KEY AUTOINCREMENT,
             "createAt" INTEGER NOT NULL,
             "updateAt" INTEGER NOT NULL,
             "type" INTEGER NOT NULL CHECK ("type" IN (0, 1, 2)),
             "content" TEXT,
             "userId" INTEGER NOT NULL REFERENCES "user" ("id"),
             "groupId" INTEGER NOT NULL REFERENCES "group" ("id"),
             "coverId" INTEGER UNIQUE REFERENCES "file" ("id"),
             "fileId" INTEGER UNIQUE REFERENCES "file" ("id")))sql",
           R"sql(CREATE INDEX "group_message_group" ON "group_message" ("groupId", "id"))sql",
       }},
  };
  return migrations;
}

const std::vector<Migration>& ttl_migrations() {
  static const std::vector<Migration> migrations{
      {1,
       "initial",
       {
           R"sql(CREATE TABLE "ttl" (
             "key" TEXT PRIMARY KEY,
             "value" TEXT NOT NULL,
             "expireAt" INTEGER NOT NULL) WITHOUT ROWID)sql",
           R"sql(CREATE INDEX "ttl_expire" ON "ttl" ("expireAt"))sql",
       }},
  };
  return migrations;
}

namespace {

using Names = Result<std::vector<std::string>>;

struct Pending {
  std::optional<Adoption> adoption;  // Stands for the first migration.
  std::vector<const Migration*> migrations;
};

Result<Pending> find_pending(Driver& db, const std::vector<Migration>& migrations) {
  std::int64_t last = 0;
  if (db.has_table("migration")) {
    db.query(R"(SELECT COALESCE(MAX("number"), 0) FROM "migration")",
             [&](RowReader& row) { last = row.int64(); });
  }
  if (last > migrations.back().number) {
    return Error("schema_too_new",
                 fmt::format("the database has migration {}, this program knows up to {}: it was "
                             "written by a newer version",
                             last, migrations.back().number));
  }
  Pending pending;
  if (last == 0 && &migrations == &chat_migrations() && is_seed_database(db)) {
    auto plan = plan_adoption(db);
    if (!plan) return plan.error();
    pending.adoption = std::move(*plan);
  }
  for (const Migration& migration : migrations) {
    if (migration.number > last) pending.migrations.push_back(&migration);
  }
  return pending;
}

// In the order in which they run; and what an adoption leaves as it is.
std::vector<std::string> names_of(const Pending& pending) {
  std::vector<std::string> names;
  if (pending.adoption) {
    for (const auto& step : pending.adoption->steps) names.push_back("adoption: " + step.what);
    for (const auto& found : pending.adoption->found) names.push_back("adoption found: " + found);
  }
  for (const Migration* migration : pending.migrations) {
    names.push_back(fmt::format("{:04}_{}", migration->number, migration->name));
  }
  return names;
}

void run(Driver& db, const Pending& pending, WallTime now) {
  if (pending.adoption) {
    for (const auto& step : pending.adoption->steps) {
      for (const std::string& statement : step.statements) db.run(statement);
    }
  }
  for (const Migration* migration : pending.migrations) {
    const bool is_adopted = pending.adoption && migration == pending.migrations.front();
    if (!is_adopted) {
      for (const std::string_view statement : migration->statements) db.run(statement);
    }
    db.run(R"(INSERT INTO "migration" ("number", "name", "runAt") VALUES (?, ?, ?))",
           migration->number, migration->name, now);
  }
}

}  // namespace

Result<std::vector<std::string>> migrate(Database& database,
                                         const std::vector<Migration>& migrations, WallTime now) {
  return database.write([&](Driver& db) -> Names {
    const auto pending = find_pending(db, migrations);
    if (!pending) return pending.error();
    if (pending->migrations.empty()) return std::vector<std::string>();
    db.run(R"(CREATE TABLE IF NOT EXISTS "migration" (
      "number" INTEGER PRIMARY KEY, "name" TEXT NOT NULL, "runAt" INTEGER NOT NULL))");
    run(db, *pending, now);
    return names_of(*pending);
  });
}

Result<std::vector<std::string>> plan_migration(Database& database,
                                                const std::vector<Migration>& migrations) {
  return database.read([&](Driver& db) -> Names {
    const auto pending = find_pending(db, migrations);
    if (!pending) return pending.error();
    return names_of(*pending);
  });
}

}  // namespace coterie::storage
