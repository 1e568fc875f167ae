// SPDX-License-Identifier: MIT
#include "storage/migrations.hpp"

#include <fmt/format.h>

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
      // What is known of pictures; of files that were there before, nothing is.
      {2,
       "pictures",
       {
           R"sql(ALTER TABLE "file" ADD COLUMN "width" INTEGER)sql",
           R"sql(ALTER TABLE "file" ADD COLUMN "height" INTEGER)sql",
           R"sql(ALTER TABLE "file" ADD COLUMN "thumbnail" TEXT)sql",
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

Result<std::vector<std::string>> migrate(Database& database,
                                         const std::vector<Migration>& migrations, WallTime now) {
  using Names = Result<std::vector<std::string>>;
  return database.write([&](Driver& db) -> Names {
    db.run(R"(CREATE TABLE IF NOT EXISTS "migration" (
      "number" INTEGER PRIMARY KEY, "name" TEXT NOT NULL, "runAt" INTEGER NOT NULL))");
    std::int64_t last = 0;
    db.query(R"(SELECT COALESCE(MAX("number"), 0) FROM "migration")",
             [&](RowReader& row) { last = row.int64(); });
    if (last > migrations.back().number) {
      return Error("schema_too_new",
                   fmt::format("the database has migration {}, this program knows up to {}: it was "
                               "written by a newer version",
                               last, migrations.back().number));
    }
    std::vector<std::string> names;
    for (const Migration& migration : migrations) {
      if (migration.number <= last) continue;
      for (const std::string_view statement : migration.statements) db.run(statement);
      db.run(R"(INSERT INTO "migration" ("number", "name", "runAt") VALUES (?, ?, ?))",
             migration.number, migration.name, now);
      names.emplace_back(fmt::format("{:04}_{}", migration.number, migration.name));
    }
    return names;
  });
}

}  // namespace coterie::storage
