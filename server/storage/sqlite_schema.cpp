// SPDX-License-Identifier: MIT
#include "storage/schemas.hpp"

namespace coterie::storage {

namespace {

// Messages that are there are numbered behind it (storage/sequence).
Migration add_sequence() {
  return {3,
          "sequence",
          {
              R"sql(ALTER TABLE "group" ADD COLUMN "lastSeq" INTEGER)sql",
              R"sql(ALTER TABLE "group_message" ADD COLUMN "seq" INTEGER)sql",
              R"sql(CREATE UNIQUE INDEX "group_message_seq" ON "group_message"
             ("groupId", "seq"))sql",
              R"sql(CREATE TABLE "sent_message" (
             "userId" INTEGER NOT NULL,
             "clientMsgId" TEXT NOT NULL,
             "messageId" INTEGER NOT NULL
               REFERENCES "group_message" ("id") ON DELETE CASCADE,
             "createAt" INTEGER NOT NULL,
             PRIMARY KEY ("userId", "clientMsgId")) WITHOUT ROWID)sql",
              R"sql(CREATE INDEX "sent_message_message" ON "sent_message" ("messageId"))sql",
              R"sql(CREATE INDEX "sent_message_create_at" ON "sent_message" ("createAt"))sql",
          }};
}

}  // namespace

const std::vector<Migration>& sqlite_schema() {
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
      add_sequence(),
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

}  // namespace coterie::storage
