// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>

#include "chat/errors.hpp"
#include "support/house.hpp"

namespace coterie::tests {
namespace {

using namespace std::chrono_literals;
using Tokens = std::vector<std::string>;

class LogIn : public House {
 protected:
  Tokens revoked_tokens() {
    return revoked.with([](const auto& list) { return list; });
  }
  std::string new_token(const std::string& name = "alice1") {
    const auto logged_in = log_in(name, password);
    EXPECT_TRUE(logged_in) << logged_in.error().code;
    return logged_in->token;
  }
};

TEST_F(LogIn, by_name_or_by_address_is_the_same_account) {
  const auto user = add_user("alice1");
  for (const char* name : {"alice1", "ALICE1", "alice1@example.org", "Alice1@Example.org"}) {
    const auto logged_in = log_in(name, password);
    ASSERT_TRUE(logged_in) << name << ": " << logged_in.error().code;
    EXPECT_EQ(logged_in->user.id, user.id);
    EXPECT_EQ(accounts->authenticate(logged_in->token)->user_id, user.id);
  }
}

TEST_F(LogIn, says_what_is_wrong_in_order) {
  add_user("alice1");
  const std::string text = read_captcha("one");
  EXPECT_EQ(code_of(accounts->log_in({"nobody", "Wrong.99", "????", "one"}, address)),
            "captcha_wrong");
  EXPECT_EQ(code_of(log_in("nobody", "Wrong.99")), "account_unknown");
  EXPECT_EQ(code_of(log_in("alice1", "Wrong.99")), "password_wrong");
}

TEST_F(LogIn, takes_the_captcha_in_any_case) {
  add_user("alice1");
  for (const bool is_upper : {false, true}) {
    std::string text = read_captcha("one");
    std::ranges::transform(text, text.begin(), [&](unsigned char c) {
      return static_cast<char>(is_upper ? std::toupper(c) : std::tolower(c));
    });
    EXPECT_EQ(code_of(accounts->log_in({"alice1", password, text, "one"}, address)), "");
  }
}

TEST_F(LogIn, uses_the_captcha_up_when_all_is_right) {
  add_user("alice1");
  const std::string text = read_captcha("one");
  EXPECT_EQ(code_of(accounts->log_in({"alice1", password, text, "one"}, address)), "");
  EXPECT_EQ(code_of(accounts->log_in({"alice1", password, text, "one"}, address)), "captcha_wrong");
}

TEST_F(LogIn, uses_the_captcha_up_when_the_password_or_the_captcha_is_wrong) {
  add_user("alice1");
  std::string text = read_captcha("one");
  EXPECT_EQ(code_of(accounts->log_in({"alice1", "Wrong.99", text, "one"}, address)),
            "password_wrong");
  EXPECT_EQ(code_of(accounts->log_in({"alice1", password, text, "one"}, address)), "captcha_wrong");
  text = read_captcha("two");
  EXPECT_EQ(code_of(accounts->log_in({"alice1", password, "????", "two"}, address)),
            "captcha_wrong");
  EXPECT_EQ(code_of(accounts->log_in({"alice1", password, text, "two"}, address)), "captcha_wrong");
}

TEST_F(LogIn, needs_the_captcha_that_was_shown_and_only_for_three_minutes) {
  add_user("alice1");
  const std::string text = read_captcha("one");
  EXPECT_EQ(code_of(accounts->log_in({"alice1", password, text, "two"}, address)), "captcha_wrong");
  clock.advance(180s);
  EXPECT_EQ(code_of(accounts->log_in({"alice1", password, text, "one"}, address)), "captcha_wrong");
  EXPECT_EQ(code_of(accounts->log_in({"alice1", password, "", ""}, address)), "captcha_wrong");
}

TEST_F(LogIn, captcha_is_a_picture_of_four_characters_that_does_not_spell_them) {
  const auto svg = accounts->captcha("one");
  ASSERT_TRUE(svg);
  EXPECT_TRUE(svg->starts_with("<svg")) << svg->substr(0, 80);
  EXPECT_NE(svg->find("width=\"100\""), std::string::npos);
  EXPECT_NE(svg->find("height=\"35\""), std::string::npos);
  const std::string text = (*ttl.get("login-code:one"))->value;
  EXPECT_EQ(text.size(), 4U);
  EXPECT_EQ(svg->find("<text"), std::string::npos);
  EXPECT_EQ(svg->find(text), std::string::npos);
}

TEST_F(LogIn, twice_within_one_second_is_two_log_ins) {
  add_user("alice1");
  const std::string first = new_token();
  const std::string second = new_token();
  EXPECT_NE(first, second);
  ASSERT_TRUE(accounts->log_out(*accounts->authenticate(first)));
  EXPECT_EQ(code_of(accounts->authenticate(first)), "unauthorized");
  EXPECT_EQ(code_of(accounts->authenticate(second)), "");
}

TEST_F(LogIn, to_one_account_is_refused_after_ten_wrong_passwords) {
  add_user("alice1");
  for (int i = 0; i < 10; ++i) EXPECT_EQ(code_of(log_in("alice1", "Wrong.99")), "password_wrong");
  clock.advance(60s);
  const auto refused = log_in("alice1", password);
  EXPECT_EQ(code_of(refused), "too_many_attempts");
  EXPECT_EQ(chat::retry_after_seconds(refused.error()), 14 * 60);
  EXPECT_EQ(code_of(log_in("ALICE1", password, "192.0.2.2")), "too_many_attempts");
  clock.advance(14min);
  EXPECT_EQ(code_of(log_in("alice1", password)), "");
}

TEST_F(LogIn, that_fails_because_the_database_is_away_is_no_wrong_one) {
  add_user("alice1");
  storage::Database away([]() -> std::unique_ptr<storage::Driver> {
    throw storage::DriverFailure(Error("storage_unavailable", "it is away"));
  });
  chat::Accounts without({away, ttl, mail, captcha.get(), passwords, tokens, files, authors,
                          announcements, clock, random});
  for (int i = 0; i < 12; ++i) {
    ASSERT_TRUE(ttl.put("login-code:any", "abcd", 180s));
    EXPECT_EQ(code_of(without.log_in({"alice1", password, "abcd", "any"}, address)),
              "storage_unavailable");
  }
  EXPECT_TRUE(log_in("alice1", password));
}

TEST_F(LogIn, that_is_right_forgets_the_wrong_ones_before) {
  add_user("alice1");
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 9; ++i) EXPECT_EQ(code_of(log_in("alice1", "Wrong.99")), "password_wrong");
    EXPECT_EQ(code_of(log_in("alice1", password)), "");
  }
}

TEST_F(LogIn, from_one_address_is_refused_after_two_hundred_wrong_ones) {
  add_user("alice1");
  for (int i = 0; i < 200; ++i) {
    ASSERT_EQ(code_of(log_in("nobody" + std::to_string(i), "Wrong.99")), "account_unknown");
  }
  const auto refused = log_in("alice1", password);
  EXPECT_EQ(code_of(refused), "too_many_attempts");
  EXPECT_EQ(chat::retry_after_seconds(refused.error()), 15 * 60);
  EXPECT_EQ(code_of(log_in("alice1", password, "192.0.2.2")), "");
}

TEST_F(LogIn, that_is_refused_leaves_the_captcha_alone) {
  add_user("alice1");
  for (int i = 0; i < 10; ++i) EXPECT_EQ(code_of(log_in("alice1", "Wrong.99")), "password_wrong");
  const std::string text = read_captcha("one");
  EXPECT_EQ(code_of(accounts->log_in({"alice1", password, text, "one"}, address)),
            "too_many_attempts");
  const auto captcha_left = ttl.get("login-code:one");
  ASSERT_TRUE(captcha_left && *captcha_left);
  EXPECT_EQ((*captcha_left)->value, text);
}

TEST_F(LogIn, with_a_password_of_the_seed_system_replaces_its_hash) {
  storage::User user;
  user.username = "veteran";
  user.email = "veteran@example.org";
  user.password = "d5c76deb73b5b15ba997d49e4f04565e1b9c1acf";  // SHA-1 of "Secret.1".
  ASSERT_TRUE(database.write([&](storage::Driver& db) -> Result<void> {
    storage::insert_user(db, user);
    return {};
  }));
  const auto stored_hash = [&] {
    return *database.read([&](storage::Driver& db) -> Result<std::string> {
      return storage::find_user_to_log_in(db, "veteran")->password;
    });
  };
  EXPECT_EQ(code_of(log_in("veteran", "Secret.2")), "password_wrong");
  EXPECT_EQ(stored_hash(), user.password);
  EXPECT_EQ(code_of(log_in("veteran", "Secret.1")), "");
  const std::string replaced = stored_hash();
  EXPECT_TRUE(replaced.starts_with("$argon2id$")) << replaced;
  EXPECT_EQ(code_of(log_in("veteran", "Secret.1")), "");
  EXPECT_EQ(stored_hash(), replaced);
}

TEST_F(LogIn, lasts_for_a_day) {
  add_user("alice1");
  const std::string token = new_token();
  clock.advance(24h - 2s);
  EXPECT_EQ(code_of(accounts->authenticate(token)), "");
  clock.advance(2s);
  EXPECT_EQ(code_of(accounts->authenticate(token)), "unauthorized");
}

TEST_F(LogIn, needs_more_than_a_good_signature) {
  const auto user = add_user("alice1");
  EXPECT_EQ(code_of(accounts->authenticate(tokens.issue(user.id))), "unauthorized");
  EXPECT_EQ(code_of(accounts->authenticate("")), "unauthorized");
  EXPECT_EQ(code_of(accounts->authenticate("login-code:any")), "unauthorized");
}

TEST_F(LogIn, of_one_user_is_not_good_for_another) {
  const auto alice = add_user("alice1");
  const std::string token = tokens.issue(alice.id);
  ASSERT_TRUE(ttl.put(token, std::to_string(alice.id + 1), 24h));
  EXPECT_EQ(code_of(accounts->authenticate(token)), "unauthorized");
}

TEST_F(LogIn, that_was_ended_is_over_at_once_and_announced) {
  add_user("alice1");
  const std::string token = new_token();
  const auto actor = accounts->authenticate(token);
  ASSERT_TRUE(actor);
  ASSERT_TRUE(accounts->log_out(*actor));
  EXPECT_EQ(code_of(accounts->authenticate(token)), "unauthorized");
  EXPECT_EQ(revoked_tokens(), Tokens{token});
}

TEST_F(LogIn, that_someone_else_has_ended_is_over_within_a_second) {
  add_user("alice1");
  const std::string token = new_token();
  ASSERT_TRUE(accounts->authenticate(token));
  ASSERT_TRUE(ttl.remove(token));  // As another node, or the command line, would.
  clock.advance(1s);
  EXPECT_EQ(code_of(accounts->authenticate(token)), "unauthorized");
}

TEST_F(LogIn, is_believed_for_a_second_without_asking_the_store) {
  add_user("alice1");
  const std::string token = new_token();
  ASSERT_TRUE(accounts->authenticate(token));
  ASSERT_TRUE(ttl.remove(token));
  clock.advance(999ms);
  EXPECT_EQ(code_of(accounts->authenticate(token)), "");
}

TEST_F(LogIn, that_is_over_is_announced_by_a_sweep_when_it_is_watched) {
  add_user("alice1");
  const Tokens watched{new_token(), new_token()};
  const std::string unwatched = new_token();
  ASSERT_TRUE(accounts->sweep(watched));
  EXPECT_EQ(revoked_tokens(), Tokens());
  ASSERT_TRUE(ttl.remove(watched[1]));  // By another node, or the seed system.
  ASSERT_TRUE(accounts->sweep(watched));
  EXPECT_EQ(revoked_tokens(), Tokens{watched[1]});
  EXPECT_EQ(code_of(accounts->authenticate(watched[1])), "unauthorized");
  clock.advance(24h);
  ASSERT_TRUE(accounts->sweep({watched[0]}));
  EXPECT_EQ(revoked_tokens(), (Tokens{watched[1], watched[0]}));
}

// The store of log-ins, which can be away.
class RemoteTtlStore final : public storage::TtlStore {
 public:
  explicit RemoteTtlStore(storage::TtlStore& store) : store_(store) {}

  Result<void> put(std::string_view key, std::string_view value,
                   std::chrono::seconds ttl) override {
    return is_away ? away() : store_.put(key, value, ttl);
  }
  Result<std::optional<Entry>> get(std::string_view key) override {
    return is_away ? away() : store_.get(key);
  }
  Result<std::optional<Entry>> take(std::string_view key) override {
    return is_away ? away() : store_.take(key);
  }
  Result<void> remove(std::string_view key) override {
    return is_away ? away() : store_.remove(key);
  }
  Result<Count> count(std::string_view key, std::chrono::seconds ttl) override {
    return is_away ? away() : store_.count(key, ttl);
  }
  Result<void> sweep(std::span<const std::string> watched, const OnGone& on_gone) override {
    return is_away ? away() : store_.sweep(watched, on_gone);
  }

  bool is_away = false;

 private:
  static Error away() { return Error("sessions_unavailable"); }

  storage::TtlStore& store_;
};

class WithoutTheStore : public LogIn {
 protected:
  void SetUp() override {
    LogIn::SetUp();
    accounts = std::make_unique<chat::Accounts>(
        chat::Accounts::Parts{database, store, mail, captcha.get(), passwords, tokens, files,
                              authors, announcements, clock, random});
    add_user("alice1");
  }
  std::string proven_token() {
    const std::string token = new_token();
    EXPECT_TRUE(accounts->authenticate(token));
    return token;
  }

  RemoteTtlStore store{ttl};
};

TEST_F(WithoutTheStore, nobody_gets_in_and_no_code_is_given_out) {
  store.is_away = true;
  EXPECT_EQ(code_of(log_in("alice1", password)), "sessions_unavailable");
  EXPECT_EQ(code_of(accounts->captcha("one")), "sessions_unavailable");
  EXPECT_EQ(code_of(accounts->send_code("bob@example.org", address)), "sessions_unavailable");
  EXPECT_EQ(mail.count, 0);
}

TEST_F(WithoutTheStore, who_was_proven_is_believed_for_five_minutes_and_nobody_else) {
  const std::string proven = proven_token();
  const std::string unproven = new_token();
  store.is_away = true;
  clock.advance(4min + 59s);
  EXPECT_EQ(code_of(accounts->authenticate(proven)), "");
  EXPECT_EQ(code_of(accounts->authenticate(unproven)), "sessions_unavailable");
  EXPECT_EQ(code_of(accounts->authenticate("nonsense")), "unauthorized");
  clock.advance(1s);
  EXPECT_EQ(code_of(accounts->authenticate(proven)), "sessions_unavailable");
  store.is_away = false;
  EXPECT_EQ(code_of(accounts->authenticate(proven)), "");
  EXPECT_EQ(code_of(accounts->authenticate(unproven)), "");
}

TEST_F(WithoutTheStore, nobody_is_believed_beyond_the_end_of_the_log_in) {
  const std::string token = new_token();
  clock.advance(24h - 1min);
  ASSERT_TRUE(accounts->authenticate(token));
  store.is_away = true;
  clock.advance(59s);
  EXPECT_EQ(code_of(accounts->authenticate(token)), "");
  clock.advance(1s);
  EXPECT_EQ(code_of(accounts->authenticate(token)), "sessions_unavailable");
}

TEST_F(WithoutTheStore, who_wants_to_leave_is_told_to_try_again_and_believed_no_more) {
  const std::string token = proven_token();
  const chat::Actor actor = *accounts->authenticate(token);
  store.is_away = true;
  EXPECT_EQ(code_of(accounts->log_out(actor)), "sessions_unavailable");
  EXPECT_EQ(code_of(accounts->authenticate(token)), "sessions_unavailable");
  store.is_away = false;
  EXPECT_EQ(code_of(accounts->log_out(actor)), "");
  EXPECT_EQ(code_of(accounts->authenticate(token)), "unauthorized");
}

TEST_F(WithoutTheStore, no_socket_is_closed) {
  const std::string token = proven_token();
  store.is_away = true;
  EXPECT_EQ(code_of(accounts->sweep({token})), "sessions_unavailable");
  EXPECT_EQ(revoked_tokens(), Tokens());
}

}  // namespace
}  // namespace coterie::tests
