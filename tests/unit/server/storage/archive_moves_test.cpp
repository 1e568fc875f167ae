// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "storage/archive_export.hpp"
#include "storage/archive_import.hpp"
#include "storage/local_blob_store.hpp"
#include "support/stored_rows.hpp"

namespace coterie::tests {
namespace {

namespace fs = std::filesystem;
using storage::Driver;
using storage::ImportOptions;
using storage::RowReader;

// A chat in one database, and a second one that it moves to.
class ArchiveMoves : public OnEveryEngine {
 protected:
  void SetUp() override {
    OnEveryEngine::SetUp();
    ASSERT_TRUE(
        storage::migrate(target, storage::chat_migrations(GetParam().dialect), clock.wall()));
    ASSERT_TRUE(blobs.prepare());
    ASSERT_TRUE(target_blobs.prepare());
    alice = add_user("alice1");
    bobby = add_user("bobby1");
    group = add_group(alice, "garden");
    add_member(bobby, group);
    for (int i = 0; i < messages; ++i) add_text(bobby, group, "message " + std::to_string(i));
    put_blob("cover/of-garden", std::string(100'000, 'c'));
    const auto avatar = add_file(bobby, "avatar", "face");
    put_blob("avatar/face", "face of bobby");
    ASSERT_EQ(
        insert([&](Driver& db) { storage::set_avatar(db, bobby.id, avatar.id, clock.wall()); }),
        "");
  }

  void put_blob(const std::string& path, const std::string& bytes) {
    auto writer = blobs.create(path);
    ASSERT_TRUE(writer && (*writer)->write(bytes) && (*writer)->commit());
  }

  void export_to(const std::string& name) {
    const auto done = storage::export_archive(database, blobs, folder / name, clock.wall(), report);
    ASSERT_TRUE(done) << done.error().detail;
  }
  // What an import of "archive" complains about; "" when it succeeds.
  std::string import(ImportOptions options = {}) {
    said.clear();
    const auto done =
        storage::import_archive(target, target_blobs, folder / "archive", options, report);
    return done ? "" : std::string(done.error().code) + " " + done.error().detail;
  }
  // All that is in the target, as an export shows it.
  std::string in_target(const std::string& name) {
    const auto done =
        storage::export_archive(target, target_blobs, folder / name, clock.wall(), report);
    EXPECT_TRUE(done) << done.error().detail;
    return all_of(name);
  }
  std::string all_of(const std::string& name) {
    std::string text;
    for (const auto& file : files_below(folder / name)) {
      text += file + "\n" + read_file((fs::path(folder / name) / file).string());
    }
    return text;
  }
  std::int64_t rows_in_target(const std::string& table) {
    return *target.read([&](Driver& db) -> Result<std::int64_t> {
      return *db.query_one("SELECT COUNT(*) FROM \"" + table + "\"",
                           [](RowReader& row) { return row.int64(); });
    });
  }
  void alter(const std::string& file, const std::string& from, const std::string& to) {
    const std::string path = (fs::path(folder / "archive") / file).string();
    std::string text = read_file(path);
    const auto place = text.find(from);
    ASSERT_NE(place, std::string::npos) << from;
    write_file(path, text.replace(place, from.size(), to));
  }
  bool has_said(const std::string& words) const {
    return std::ranges::any_of(
        said, [&](const std::string& line) { return line.find(words) != std::string::npos; });
  }

  static constexpr int messages = 1234;  // More than a commit takes, and no whole number of them.

  std::vector<std::string> said;
  const storage::Report report = [this](const std::string& line) { said.push_back(line); };
  WatchedDriver::Watch target_watch = [](std::string_view) {};
  storage::Database target{watched(GetParam().connect(folder, "target"), target_watch),
                           {.dialect = GetParam().dialect}};
  storage::LocalBlobStore blobs{{folder / "files", "http://localhost", "a secret"}, clock};
  storage::LocalBlobStore target_blobs{{folder / "target-files", "http://localhost", "a secret"},
                                       clock};
  storage::User alice;
  storage::User bobby;
  storage::Group group;
};

TEST_P(ArchiveMoves, a_chat_arrives_as_it_was) {
  export_to("archive");
  ASSERT_EQ(import(), "");
  EXPECT_TRUE(has_said("messages: 1234 stored"));
  EXPECT_EQ(in_target("again"), all_of("archive"));
  EXPECT_EQ(rows_in_target("group_message"), messages);
  EXPECT_TRUE(storage::check_no_import(target));
  EXPECT_EQ(fs::status(folder / "archive").permissions(), fs::perms::owner_all);
}

TEST_P(ArchiveMoves, messages_that_come_without_numbers_get_them) {
  ASSERT_EQ(insert([](Driver& db) {
              db.run(R"(UPDATE "group_message" SET "seq" = NULL)");
              db.run(R"(UPDATE "group" SET "lastSeq" = NULL)");
            }),
            "");
  export_to("archive");
  EXPECT_NE(all_of("archive").find(R"("seq":null)"), std::string::npos);
  ASSERT_EQ(import(), "");
  const std::string moved = in_target("again");
  EXPECT_EQ(moved.find(R"("seq":null)"), std::string::npos);
  EXPECT_NE(moved.find(R"("lastSeq":1234)"), std::string::npos);
  EXPECT_NE(moved.find(R"("fileId":null,"seq":1})"), std::string::npos);
  EXPECT_NE(moved.find(R"("fileId":null,"seq":1234})"), std::string::npos);
}

TEST_P(ArchiveMoves, ids_go_on_behind_the_highest) {
  export_to("archive");
  ASSERT_EQ(import(), "");
  auto user = alice;
  user.username = user.email = "third1";
  auto message = text(bobby, group, "next");
  ASSERT_TRUE(target.write([&](Driver& db) -> Result<void> {
    storage::insert_user(db, user);
    insert_message(db, message);
    return {};
  }));
  EXPECT_EQ(user.id, bobby.id + 1);
  EXPECT_EQ(message.id, messages + 1);
}

TEST_P(ArchiveMoves, an_export_wants_an_empty_folder) {
  export_to("archive");
  const auto again =
      storage::export_archive(database, blobs, folder / "archive", clock.wall(), report);
  EXPECT_EQ(code_of(again), "archive_failed");
}

TEST_P(ArchiveMoves, an_export_sees_one_moment) {
  // While its tables are read one after another, a member joins and speaks.
  bool is_late = false;
  watch = [&](std::string_view sql) {
    if (is_late || sql.find(R"(FROM "file" WHERE)") == std::string_view::npos) return;
    is_late = true;
    add_text(add_user("late11"), group, "too late");
  };
  export_to("archive");
  EXPECT_TRUE(is_late);
  EXPECT_EQ(all_of("archive").find("too late"), std::string::npos);
  ASSERT_EQ(import(), "");
}

TEST_P(ArchiveMoves, a_file_that_the_store_has_lost_does_not_stop_its_row) {
  ASSERT_TRUE(blobs.remove("avatar/face"));
  export_to("archive");
  EXPECT_TRUE(has_said("avatar/face is not in the store"));
  ASSERT_EQ(import(), "");
  EXPECT_EQ(rows_in_target("file"), 2);
  EXPECT_EQ(files_below(folder / "target-files"), std::vector<std::string>{"cover/of-garden"});
}

TEST_P(ArchiveMoves, a_database_with_rows_is_refused_unless_they_shall_go) {
  export_to("archive");
  ASSERT_EQ(import(), "");
  EXPECT_EQ(import(),
            "not_empty the database is not empty (users: 2): import into an empty one, or replace "
            "what is there with --replace");
  ASSERT_EQ(import({.replace = true}), "");
  EXPECT_EQ(in_target("again"), all_of("archive"));
}

TEST_P(ArchiveMoves, nothing_is_stored_of_an_archive_that_is_not_in_order) {
  export_to("archive");
  const struct {
    const char* file;
    const char* from;
    const char* to;
    const char* complaint;
  } rows[] = {
      {"messages.jsonl", R"("type":0)", R"("type":3)", "messages.jsonl:2: type: wanted one of"},
      {"messages.jsonl", R"("id":2,)", R"("id":-2,)", "messages.jsonl:3: id: wanted one above 1"},
      {"messages.jsonl", "message 7", "massage 7", "messages.jsonl: 1234 rows with the sum"},
      {"users.jsonl", R"("table":"user")", R"("table":"x")", "users.jsonl:1: table: wanted"},
      {"files.jsonl", R"("pathBytes":13)", R"("pathBytes":14)",
       "files.jsonl:3: pathBytes: 14, but files/avatar/face has 13"},
      {"files.jsonl", "avatar/face", "../../etc/x", "files.jsonl:3: path: wanted"},
      {"manifest.json", R"("rows":1234)", R"("rows":1235)", "messages.jsonl: 1234 rows"},
  };
  for (const auto& row : rows) {
    alter(row.file, row.from, row.to);
    const std::string complaint = import();
    EXPECT_EQ(complaint.find(std::string("bad_archive ") + row.complaint), 0U) << complaint;
    EXPECT_EQ(rows_in_target("user"), 0);
    alter(row.file, row.to, row.from);
  }
  EXPECT_EQ(import(), "");
}

TEST_P(ArchiveMoves, an_archive_without_a_manifest_is_not_finished) {
  export_to("archive");
  fs::remove(folder / "archive/manifest.json");
  EXPECT_NE(import().find("the export did not finish"), std::string::npos);
}

TEST_P(ArchiveMoves, a_file_that_was_altered_is_not_stored) {
  export_to("archive");
  alter("files/avatar/face", "bobby", "Bobby");
  const std::string complaint = import();
  EXPECT_EQ(complaint.find("bad_archive files.jsonl:3: "), 0U) << complaint;
  EXPECT_EQ(files_below(folder / "target-files"), std::vector<std::string>{"cover/of-garden"});
}

TEST_P(ArchiveMoves, an_import_that_broke_off_goes_on_where_it_was) {
  export_to("archive");
  int left = 6;  // Commits: the claim, users, files, groups, conversations, the first of messages.
  target_watch = [&](std::string_view sql) {
    if (sql == "COMMIT" && left-- == 0) {
      throw storage::DriverFailure(Error("storage_failed", "the line is cut"));
    }
    if (left < 0) throw storage::DriverFailure(Error("storage_failed", "the line is cut"));
  };
  EXPECT_NE(import().find("the line is cut"), std::string::npos);
  target_watch = [](std::string_view) {};
  EXPECT_EQ(rows_in_target("group_message"), 1000);
  EXPECT_EQ(code_of(storage::check_no_import(target)), "import_unfinished");

  ASSERT_EQ(import(), "");
  EXPECT_TRUE(has_said("going on where this import was broken off"));
  EXPECT_EQ(in_target("again"), all_of("archive"));
  EXPECT_TRUE(storage::check_no_import(target));
}

TEST_P(ArchiveMoves, another_archive_does_not_go_on_where_one_broke_off) {
  export_to("archive");
  alter("files/avatar/face", "bobby", "Bobby");
  EXPECT_NE(import(), "");
  fs::remove_all(folder / "archive");
  add_text(alice, group, "one more");
  export_to("archive");
  EXPECT_EQ(import().find("import_unfinished "), 0U);
  ASSERT_EQ(import({.replace = true}), "");
  EXPECT_EQ(in_target("again"), all_of("archive"));
}

INSTANTIATE_TEST_SUITE_P(Storage, ArchiveMoves, testing::ValuesIn(engines()), engine_name);

// But for what a chat can do without: which messages were sent just now, and under which name.
TEST(Tables, name_every_column_of_the_schema) {
  const AllowBlocking blocking;
  const TempFolder folder;
  const FakeClock clock;
  storage::Database database(engines().front().connect(folder, "new"));
  ASSERT_TRUE(storage::migrate(database, storage::chat_migrations(), clock.wall()));
  const auto tables = database.read([](Driver& db) -> Result<std::vector<std::string>> {
    std::vector<std::string> found;
    db.query(R"(SELECT m.name || '.' || c.name FROM sqlite_master m, pragma_table_info(m.name) c
                WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%'
                  AND m.name NOT IN ('migration', 'sent_message'))",
             [&](RowReader& row) { found.push_back(row.text()); });
    std::ranges::sort(found);
    return found;
  });
  std::vector<std::string> named;
  for (const auto& table : storage::chat_tables()) {
    for (const auto& column : table.columns) {
      named.push_back(std::string(table.name) + "." + std::string(column.name));
    }
  }
  std::ranges::sort(named);
  EXPECT_EQ(named, *tables);
}

}  // namespace
}  // namespace coterie::tests
