// SPDX-License-Identifier: MIT
#include "storage/archive.hpp"

#include <gtest/gtest.h>

#include <string>

namespace coterie::tests {
namespace {

using storage::Cell;
using storage::Manifest;
using storage::Record;
using storage::Table;

const Table& table(std::string_view noun) {
  for (const Table& each : storage::chat_tables()) {
    if (each.noun == noun) return each;
  }
  ADD_FAILURE() << "no table of " << noun;
  return storage::chat_tables().front();
}

WallTime at(std::int64_t milliseconds) {
  return WallTime(std::chrono::milliseconds(milliseconds));
}

const std::string conversation =
    R"({"id":2,"createAt":"1970-01-01T00:00:00.001Z","updateAt":"2024-02-29T23:59:59.999Z",)"
    R"("userRole":1,"lastMsgId":null,"userId":4,"groupId":-5})";

// What is wrong with a line; "" when nothing is.
std::string complaint(std::string_view noun, std::string_view line) {
  const auto parsed = storage::parse_line(table(noun), line);
  if (parsed) return "";
  EXPECT_EQ(parsed.error().code, "bad_archive");
  return parsed.error().detail;
}

std::string changed(std::string line, const std::string& from, const std::string& to) {
  const auto place = line.find(from);
  EXPECT_NE(place, std::string::npos) << from;
  return line.replace(place, from.size(), to);
}

TEST(Archive, writes_a_row_as_one_line_in_the_order_of_its_columns) {
  const Record record{std::int64_t{2}, at(1),           at(1'709'251'199'999), std::int64_t{1},
                      nullptr,         std::int64_t{4}, std::int64_t{-5}};
  EXPECT_EQ(storage::to_line(table("conversations"), record), conversation);
}

TEST(Archive, reads_what_it_has_written) {
  const std::string content = "line\nbreak \"quoted\" \\ \t \x01 \xF0\x9F\x98\x80";
  const Record record{std::int64_t{9}, at(0),           at(-1),  std::int64_t{0}, content,
                      std::int64_t{1}, std::int64_t{3}, nullptr, nullptr,         std::int64_t{4}};
  const std::string line = storage::to_line(table("messages"), record);
  EXPECT_EQ(line.find('\n'), std::string::npos);
  const auto read = storage::parse_line(table("messages"), line);
  ASSERT_TRUE(read) << read.error().detail;
  EXPECT_EQ(*read, record);
}

TEST(Archive, a_row_of_a_file_has_the_facts_of_that_file_behind_its_columns) {
  const Table& files = table("files");
  Record record{std::int64_t{1},      at(0),           at(0),          std::string("cover/abc"),
                std::string("cover"), std::string(""), std::int64_t{1}};
  record.resize(files.columns.size(), nullptr);
  record.emplace_back(std::int64_t{12});
  record.emplace_back(std::string("beef"));
  record.resize(files.columns.size() + files.file_facts.size(), nullptr);
  const std::string line = storage::to_line(files, record);
  EXPECT_NE(line.find(R"("pathBytes":12,"pathSha256":"beef")"), std::string::npos) << line;
  const auto read = storage::parse_line(files, line);
  ASSERT_TRUE(read) << read.error().detail;
  EXPECT_EQ(*read, record);
}

TEST(Archive, takes_the_fields_of_a_line_in_any_order) {
  const std::string line = R"({"groupId":-5,"userId":4,"lastMsgId":7,"userRole":0,)"
                           R"("updateAt":"1970-01-01T00:00:00.000Z",)"
                           R"("createAt":"1970-01-01T00:00:00.000Z","id":2})";
  EXPECT_EQ(complaint("conversations", line), "");
}

TEST(Archive, what_may_be_null_may_be_missing) {
  EXPECT_EQ(complaint("conversations", changed(conversation, R"("lastMsgId":null,)", "")), "");
  EXPECT_EQ(complaint("conversations", changed(conversation, R"("userRole":1,)", "")),
            "userRole: wanted one of 0, 1");
}

TEST(Archive, names_the_field_that_is_wrong_and_what_it_wanted) {
  const struct {
    const char* from;
    const char* to;
    const char* complaint;
  } rows[] = {
      {R"("id":2)", R"("id":"2")", "id: wanted a whole number"},
      {R"("id":2)", R"("id":2.5)", "id: wanted a whole number"},
      {R"("id":2)", R"("id":9223372036854775808)", "id: wanted a whole number"},
      {R"("id":2)", R"("id":null)", "id: wanted a whole number"},
      {R"("userRole":1)", R"("userRole":2)", "userRole: wanted one of 0, 1"},
      {R"("lastMsgId":null)", R"("lastMsgId":[])", "lastMsgId: wanted a whole number or null"},
      {R"("groupId":-5)", R"("groupId":-5,"color":1)", "color: there is no such field"},
      {R"("userId":4,)", "", "userId: wanted a whole number"},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(complaint("conversations", changed(conversation, row.from, row.to)), row.complaint);
  }
}

TEST(Archive, a_time_has_one_shape_and_is_on_the_calendar) {
  const std::string wanted = R"(createAt: wanted a time such as "2026-11-24T14:56:29.286Z")";
  for (const char* time :
       {"1970-01-01T00:00:00Z", "1970-01-01 00:00:00.001Z", "1970-13-01T00:00:00.001Z",
        "2023-02-29T00:00:00.001Z", "1970-01-01T24:00:00.001Z", "1970-01-01T00:60:00.001Z",
        "1970-01-01T00:00:60.001Z", "1970-01-01T00:00:00.001+", "-970-01-01T00:00:00.001Z", ""}) {
    const std::string line = changed(conversation, "1970-01-01T00:00:00.001Z", time);
    EXPECT_EQ(complaint("conversations", line), wanted) << time;
  }
}

TEST(Archive, a_line_that_is_no_object_is_none) {
  for (const char* line : {"", "null", "[]", "7", "{", R"({"id":1}{)", "{\"id\":\"\xFF\"}"}) {
    EXPECT_NE(complaint("conversations", line), "") << line;
  }
}

TEST(Archive, a_head_names_format_version_and_table) {
  const Table& users = table("users");
  EXPECT_EQ(storage::head_of(users), R"({"format":"coterie","version":1,"table":"user"})");
  EXPECT_TRUE(storage::check_head(users, storage::head_of(users)));
  const auto refuse = [&](std::string_view line) {
    const auto checked = storage::check_head(users, line);
    return checked ? std::string() : checked.error().detail;
  };
  EXPECT_EQ(refuse(storage::head_of(table("files"))), R"(table: wanted "user")");
  EXPECT_EQ(refuse(R"({"format":"coterie","version":2,"table":"user"})"),
            "version: wanted at most 1, but 2 wrote a newer program");
  EXPECT_EQ(refuse(R"({"format":"coterie","version":"1","table":"user"})"),
            "version: wanted a whole number from 1");
  EXPECT_EQ(refuse(R"({"version":1,"table":"user"})"), R"(format: wanted "coterie")");
  EXPECT_NE(refuse("user"), "");
}

TEST(Archive, a_manifest_is_read_as_it_was_written) {
  Manifest manifest;
  manifest.exported_at = at(1'700'000'000'123);
  std::int64_t rows = 0;
  for (const Table& each : storage::chat_tables()) {
    manifest.tables[std::string(each.noun)] = {++rows, "sum of " + std::string(each.noun)};
  }
  manifest.files = 7;
  manifest.bytes = 5'000'000'000;
  const auto read = storage::parse_manifest(storage::to_text(manifest));
  ASSERT_TRUE(read) << read.error().detail;
  EXPECT_EQ(read->exported_at, manifest.exported_at);
  EXPECT_EQ(read->tables, manifest.tables);
  EXPECT_EQ(read->files, 7);
  EXPECT_EQ(read->bytes, 5'000'000'000);
}

TEST(Archive, a_manifest_that_lacks_something_says_what) {
  Manifest manifest;
  for (const Table& each : storage::chat_tables()) manifest.tables[std::string(each.noun)] = {};
  const std::string whole = storage::to_text(manifest);
  const auto refuse = [&](const std::string& from, const std::string& to) {
    const auto read = storage::parse_manifest(changed(whole, from, to));
    return read ? std::string() : read.error().detail;
  };
  EXPECT_EQ(refuse(R"("version":1)", R"("version":9)"),
            "version: wanted at most 1, but 9 wrote a newer program");
  EXPECT_EQ(refuse("exportedAt", "at"), "exportedAt: wanted a time");
  EXPECT_EQ(refuse(R"("groups")", R"("teams")"), "tables.groups: wanted an object");
  EXPECT_EQ(refuse(R"("rows":0)", R"("rows":"0")"), R"(tables.users: wanted "rows" and "sha256")");
  EXPECT_EQ(refuse(R"("count":0)", R"("number":0)"), R"(files: wanted "count" and "bytes")");
}

}  // namespace
}  // namespace coterie::tests
