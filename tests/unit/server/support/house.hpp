// The whole storey of rules on a real database in a folder of its own, time and chance in hand.
// SPDX-License-Identifier: MIT
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/blocking.hpp"
#include "base/guarded.hpp"
#include "chat/accounts.hpp"
#include "chat/conversations.hpp"
#include "chat/groups.hpp"
#include "storage/local_blob_store.hpp"
#include "storage/migrations.hpp"
#include "storage/sqlite_driver.hpp"
#include "storage/sqlite_ttl_store.hpp"
#include "support/fake_clock.hpp"
#include "support/seeded_random.hpp"
#include "support/temp_folder.hpp"
#include "support/together.hpp"

namespace coterie::tests {

// A mailer whose letters stay here.
class KeptMail final : public storage::Mailer {
 public:
  Result<void> send_code(const std::string& email, const std::string& code) override {
    if (is_broken) return Error("mail_failed", "the post office is closed");
    codes[email] = code;
    ++count;
    return {};
  }

  bool is_broken = false;
  int count = 0;
  std::map<std::string, std::string> codes;  // The last one to each address.
};

class House : public testing::Test {
 protected:
  static constexpr const char* password = "Secret.1";
  static constexpr const char* address = "192.0.2.1";
  static constexpr std::string_view png_head = "\x89PNG\r\n\x1A\n";
  static constexpr std::string_view jpeg_head = "\xFF\xD8\xFF\xE0";

  // Without rates everybody may do everything.
  explicit House(const chat::Limits::Rates& rates = {}) : limits(rates, clock) {
    announcements.messages = [this](std::span<const chat::Message* const> messages) {
      announced.with([&](auto& list) {
        for (const chat::Message* message : messages) list.push_back(*message);
      });
    };
    announcements.joined = [this](std::int64_t user_id, std::int64_t group_id) {
      joined.with([&](auto& list) { list.emplace_back(user_id, group_id); });
    };
    announcements.revoked = [this](const std::string& token) {
      revoked.with([&](auto& list) { list.push_back(token); });
    };
  }
  void SetUp() override {
    ASSERT_TRUE(storage::migrate(database, storage::chat_migrations(), clock.wall()));
    ASSERT_TRUE(storage::migrate(sessions, storage::ttl_migrations(), clock.wall()));
    ASSERT_TRUE(blobs.prepare());
    auto opened = chat::Captcha::open(random);
    ASSERT_TRUE(opened) << opened.error().detail;
    captcha = std::move(*opened);
    accounts = std::make_unique<chat::Accounts>(
        chat::Accounts::Parts{database, ttl, mail, captcha.get(), passwords, tokens, files, authors,
                              announcements, clock, random});
  }

  chat::User add_user(const std::string& name) {
    auto user = accounts->add_user({name, password, name + "@example.org", false});
    EXPECT_TRUE(user) << user.error().code;
    return *user;
  }
  // Someone who is logged in.
  chat::Actor add_actor(const std::string& name) {
    add_user(name);
    const auto token = accounts->issue_token(name);
    EXPECT_TRUE(token);
    return *accounts->authenticate(*token);
  }
  chat::File add_file(const chat::Actor& actor, chat::FileKind kind) {
    const auto upload = files.begin(kind, actor);
    upload->write(png_head);
    auto file = upload->finish("image/png");
    EXPECT_TRUE(file) << file.error().code;
    return *file;
  }
  chat::Group add_group(const chat::Actor& owner, const std::string& name) {
    auto group =
        groups.create(owner, {name, add_file(owner, chat::FileKind::cover).id, std::nullopt});
    EXPECT_TRUE(group) << group.error().code;
    return *group;
  }
  // What a person would read on the captcha `uid`.
  std::string read_captcha(const std::string& uid) {
    EXPECT_TRUE(accounts->captcha(uid));
    const auto entry = ttl.get("login-code:" + uid);
    EXPECT_TRUE(entry && *entry);
    return (*entry)->value;
  }
  // A log-in with a captcha that is right.
  Result<chat::Accounts::LoggedIn> log_in(const std::string& name, const std::string& with,
                                          const std::string& from = address) {
    EXPECT_TRUE(ttl.put("login-code:any", "abcd", std::chrono::seconds(180)));
    return accounts->log_in({name, with, "abcd", "any"}, from);
  }
  std::int64_t count_rows(const std::string& table) {
    return *database.read([&](storage::Driver& db) -> Result<std::int64_t> {
      return *db.query_one("SELECT COUNT(*) FROM \"" + table + "\"",
                           [](storage::RowReader& row) { return row.int64(); });
    });
  }
  std::vector<std::string> stored_files() const { return files_below(folder / "files"); }

  const AllowBlocking blocking;
  const TempFolder folder;
  FakeClock clock;
  SeededRandom random;
  storage::Database database{[this] {
    return std::make_unique<storage::SqliteDriver>(folder / "coterie.db",
                                                   storage::SqliteDriver::Durability::normal);
  }};
  storage::Database sessions{[this] {
    return std::make_unique<storage::SqliteDriver>(folder / "sessions.db",
                                                   storage::SqliteDriver::Durability::normal);
  }};
  storage::SqliteTtlStore ttl{sessions, clock};
  storage::LocalBlobStore blobs{{folder / "files", "http://localhost:3000", "a secret of a test"},
                                clock};
  KeptMail mail;
  std::unique_ptr<chat::Captcha> captcha;
  chat::Passwords passwords{chat::Passwords::Cost::light};
  const chat::Tokens tokens{"a secret of thirty-two characters", clock, random};

  Guarded<std::vector<chat::Message>> announced;
  Guarded<std::vector<std::pair<std::int64_t, std::int64_t>>> joined;
  Guarded<std::vector<std::string>> revoked;
  chat::Announcements announcements;

  storage::Ffmpeg ffmpeg{""};  // None: what is made of files is the same everywhere.
  chat::Files files{
      database,
      blobs,
      [this](std::string_view path, std::string_view expires, std::string_view signature) {
        return blobs.allows(path, expires, signature);
      },
      clock,
      random,
      ffmpeg};
  chat::Memberships memberships{database};
  chat::Authors authors{clock};
  std::unique_ptr<chat::Accounts> accounts;
  chat::Limits limits;
  chat::Groups groups{{database, files, memberships, announcements, clock, random, limits}};
  chat::Conversations conversations{
      {database, files, memberships, authors, announcements, clock, limits}};
};

}  // namespace coterie::tests
