// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include "storage/mysql_catalog.hpp"
#include "storage/schemas.hpp"
#include "storage/sequence.hpp"

namespace coterie::storage {

namespace {

// Names of keys are those of the seed's ORM: it would make them anew otherwise.
constexpr std::string_view user_table = R"sql(CREATE TABLE IF NOT EXISTS "user" (
  "id" INT NOT NULL AUTO_INCREMENT,
  "createAt" DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  "updateAt" DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6)
    ON UPDATE CURRENT_TIMESTAMP(6),
  "username" VARCHAR(32) NOT NULL,
  "email" VARCHAR(50) NOT NULL,
  "password" VARCHAR(255) NOT NULL,
  "nickname" VARCHAR(32) DEFAULT NULL,
  "avatarId" INT DEFAULT NULL,
  PRIMARY KEY ("id"),
  UNIQUE KEY "IDX_78a916df40e02a9deb1c4b75ed" ("username"),
  UNIQUE KEY "IDX_e12875dfb3b1d92d7d7c5377e2" ("email"),
  UNIQUE KEY "REL_58f5c71eaab331645112cf8cfa" ("avatarId"),
  CONSTRAINT "FK_58f5c71eaab331645112cf8cfa5" FOREIGN KEY ("avatarId")
    REFERENCES "file" ("id")
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci)sql";

constexpr std::string_view file_table = R"sql(CREATE TABLE IF NOT EXISTS "file" (
  "id" INT NOT NULL AUTO_INCREMENT,
  "createAt" DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  "updateAt" DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6)
    ON UPDATE CURRENT_TIMESTAMP(6),
  "path" VARCHAR(50) NOT NULL,
  "type" ENUM('avatar','cover','image','video') NOT NULL,
  "url" VARCHAR(2083) NOT NULL,
  "createById" INT NOT NULL,
  PRIMARY KEY ("id"),
  UNIQUE KEY "IDX_068984316f2b10a398fcdef59c" ("path"),
  KEY "FK_1eb43b243542bd159d0aed7cdf4" ("createById"),
  CONSTRAINT "FK_1eb43b243542bd159d0aed7cdf4" FOREIGN KEY ("createById")
    REFERENCES "user" ("id")
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci)sql";

constexpr std::string_view group_table = R"sql(CREATE TABLE IF NOT EXISTS "group" (
  "id" INT NOT NULL AUTO_INCREMENT,
  "createAt" DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  "updateAt" DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6)
    ON UPDATE CURRENT_TIMESTAMP(6),
  "name" VARCHAR(32) NOT NULL,
  "description" VARCHAR(100) DEFAULT NULL,
  "inviteCode" VARCHAR(32) NOT NULL,
  "coverId" INT NOT NULL,
  "createById" INT NOT NULL,
  PRIMARY KEY ("id"),
  UNIQUE KEY "IDX_4f349bf7a69113fc48c2ac5271" ("inviteCode"),
  UNIQUE KEY "REL_0c591649c2c4982359ac57467c" ("coverId"),
  KEY "FK_1f00a1c2dc53a4efd759ec4fc5d" ("createById"),
  CONSTRAINT "FK_0c591649c2c4982359ac57467c4" FOREIGN KEY ("coverId")
    REFERENCES "file" ("id"),
  CONSTRAINT "FK_1f00a1c2dc53a4efd759ec4fc5d" FOREIGN KEY ("createById")
    REFERENCES "user" ("id")
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci)sql";

constexpr std::string_view group_conversation_table =
    R"sql(CREATE TABLE IF NOT EXISTS "group_conversation" (
  "id" INT NOT NULL AUTO_INCREMENT,
  "createAt" DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  "updateAt" DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6)
    ON UPDATE CURRENT_TIMESTAMP(6),
  "userRole" ENUM('0','1') NOT NULL COMMENT '0 Owner; 1 Member;',
  "lastMsgId" INT DEFAULT NULL,
  "userId" INT NOT NULL,
  "groupId" INT NOT NULL,
  PRIMARY KEY ("id","userId","groupId"),
  KEY "FK_10cbebda6ecfaf0912f3b45aac6" ("userId"),
  KEY "FK_c00c27396a6cbd9485fd31ef076" ("groupId"),
  CONSTRAINT "FK_10cbebda6ecfaf0912f3b45aac6" FOREIGN KEY ("userId")
    REFERENCES "user" ("id"),
  CONSTRAINT "FK_c00c27396a6cbd9485fd31ef076" FOREIGN KEY ("groupId")
    REFERENCES "group" ("id")
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci)sql";

constexpr std::string_view group_message_table = R"sql(CREATE TABLE IF NOT EXISTS "group_message" (
  "id" INT NOT NULL AUTO_INCREMENT,
  "createAt" DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  "updateAt" DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6)
    ON UPDATE CURRENT_TIMESTAMP(6),
  "type" ENUM('0','1','2') NOT NULL COMMENT '0 Text; 1 Image; 2 Video',
  "content" TEXT DEFAULT NULL,
  "userId" INT NOT NULL,
  "groupId" INT NOT NULL,
  "coverId" INT DEFAULT NULL,
  "fileId" INT DEFAULT NULL,
  PRIMARY KEY ("id"),
  UNIQUE KEY "REL_2702915d92bb9bad8e58461e1c" ("coverId"),
  UNIQUE KEY "REL_98f84075184c427aa00e29cffa" ("fileId"),
  KEY "FK_2b363dbe35f2abc4a88148c759d" ("userId"),
  CONSTRAINT "FK_2702915d92bb9bad8e58461e1c3" FOREIGN KEY ("coverId")
    REFERENCES "file" ("id"),
  CONSTRAINT "FK_2b363dbe35f2abc4a88148c759d" FOREIGN KEY ("userId")
    REFERENCES "user" ("id"),
  CONSTRAINT "FK_98f84075184c427aa00e29cffa3" FOREIGN KEY ("fileId")
    REFERENCES "file" ("id")
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci)sql";

// What the seed's tables lack. Each step looks first: MySQL commits every one of them by itself,
// so a migration that broke off begins again with some of them done.
void complete(Driver& db) {
  add_column(db, "user", "isAdmin", "TINYINT NULL");
  add_unique_key(db, "group_conversation", "group_conversation_member", R"("userId", "groupId")");
  add_key(db, "group_message", "group_message_group", R"("groupId", "id")");
  add_foreign_key(db, "group_message", "group_message_of_group", "groupId", "group");
}

void add_pictures(Driver& db) {
  add_column(db, "file", "width", "INT NULL");
  add_column(db, "file", "height", "INT NULL");
  add_column(db, "file", "thumbnail", "VARCHAR(50) NULL");
}

// A client's name for a message is bytes here: texts that end in spaces would be taken for equal.
constexpr std::string_view sent_message_table = R"sql(CREATE TABLE IF NOT EXISTS "sent_message" (
  "userId" INT NOT NULL,
  "clientMsgId" VARBINARY(256) NOT NULL,
  "messageId" INT NOT NULL,
  "createAt" DATETIME(6) NOT NULL,
  PRIMARY KEY ("userId", "clientMsgId"),
  KEY "sent_message_create_at" ("createAt"),
  CONSTRAINT "sent_message_of_message" FOREIGN KEY ("messageId")
    REFERENCES "group_message" ("id") ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4)sql";

void add_sequence(Driver& db) {
  add_column(db, "group", "lastSeq", "BIGINT NULL");
  add_column(db, "group_message", "seq", "BIGINT NULL");
  if (!has_key(db, "group_message", "group_message_seq")) number_before_key(db);
  add_unique_key(db, "group_message", "group_message_seq", R"("groupId", "seq")");
}

}  // namespace

const std::vector<Migration>& mysql_schema() {
  static const std::vector<Migration> migrations{
      {1,
       "initial",
       {
           "SET FOREIGN_KEY_CHECKS = 0",  // "user" and "file" refer to each other.
           user_table,
           file_table,
           group_table,
           group_conversation_table,
           group_message_table,
           "SET FOREIGN_KEY_CHECKS = 1",
       },
       complete},
      {2, "pictures", {}, add_pictures},
      {3, "sequence", {sent_message_table}, add_sequence},
  };
  return migrations;
}

}  // namespace coterie::storage
