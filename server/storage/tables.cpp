// SPDX-License-Identifier: MIT
#include "storage/tables.hpp"

namespace coterie::storage {

const std::vector<Table>& chat_tables() {
  using Kind = Column::Kind;
  static const std::vector<Table> tables{
      {"user",
       "users",
       {{"id", Kind::integer},
        {"createAt", Kind::time},
        {"updateAt", Kind::time},
        {"username", Kind::text},
        {"email", Kind::text},
        {"password", Kind::text},
        {"nickname", Kind::text, true},
        {"avatarId", Kind::integer, true, "file"},
        {"isAdmin", Kind::integer, true}}},
      {"file",
       "files",
       {{"id", Kind::integer},
        {"createAt", Kind::time},
        {"updateAt", Kind::time},
        {"path", Kind::text},
        {"type", Kind::text, false, "", {"avatar", "cover", "image", "video"}},
        {"url", Kind::text},
        {"createById", Kind::integer, false, "user"}},
       {"path"},
       {{"pathBytes", Kind::integer, true}, {"pathSha256", Kind::text, true}}},
      {"group",
       "groups",
       {{"id", Kind::integer},
        {"createAt", Kind::time},
        {"updateAt", Kind::time},
        {"name", Kind::text},
        {"description", Kind::text, true},
        {"inviteCode", Kind::text},
        {"coverId", Kind::integer, false, "file"},
        {"createById", Kind::integer, false, "user"}}},
      {"group_conversation",
       "conversations",
       {{"id", Kind::integer},
        {"createAt", Kind::time},
        {"updateAt", Kind::time},
        {"userRole", Kind::integer, false, "", {"0", "1"}},
        {"lastMsgId", Kind::integer, true},
        {"userId", Kind::integer, false, "user"},
        {"groupId", Kind::integer, false, "group"}}},
      {"group_message",
       "messages",
       {{"id", Kind::integer},
        {"createAt", Kind::time},
        {"updateAt", Kind::time},
        {"type", Kind::integer, false, "", {"0", "1", "2"}},
        {"content", Kind::text, true},
        {"userId", Kind::integer, false, "user"},
        {"groupId", Kind::integer, false, "group"},
        {"coverId", Kind::integer, true, "file"},
        {"fileId", Kind::integer, true, "file"}}},
  };
  return tables;
}

}  // namespace coterie::storage
