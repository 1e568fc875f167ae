// SPDX-License-Identifier: MIT
#include "chat/accounts.hpp"

#include <gtest/gtest.h>

#include <atomic>

#include "support/house.hpp"

namespace coterie::tests {
namespace {

using namespace std::chrono_literals;

class Registration : public House {
 protected:
  static constexpr const char* email = "alice@example.org";

  // Asks for a code and returns it.
  std::string mailed_code() {
    EXPECT_EQ(code_of(accounts->send_code(email, address)), "");
    return mail.codes[email];
  }
  std::string try_to_register(const std::string& code, const std::string& name = "alice1") {
    return code_of(accounts->register_account({name, email, password, code}));
  }
  // Six digits, but not those.
  static std::string wrong(std::string code) {
    code[0] = code[0] == '0' ? '1' : '0';
    return code;
  }
};

TEST_F(Registration, needs_the_code_that_was_mailed) {
  const std::string code = mailed_code();
  EXPECT_EQ(code.size(), 6U);
  EXPECT_EQ(code.find_first_not_of("0123456789"), std::string::npos);
  EXPECT_EQ(try_to_register(wrong(code)), "mail_code_wrong");
  EXPECT_EQ(try_to_register(code), "");
  EXPECT_EQ(count_rows("user"), 1);
}

TEST_F(Registration, without_a_mailed_code_is_refused) {
  EXPECT_EQ(try_to_register("000000"), "mail_code_wrong");
  EXPECT_EQ(try_to_register(""), "mail_code_wrong");
}

TEST_F(Registration, gives_a_nickname_and_no_rights) {
  ASSERT_EQ(try_to_register(mailed_code()), "");
  const auto users = accounts->list_users();
  ASSERT_TRUE(users);
  const chat::User& user = users->at(0);
  ASSERT_TRUE(user.nickname);
  EXPECT_TRUE(user.nickname->starts_with("ying#"));
  EXPECT_EQ(user.nickname->size(), 13U);
  EXPECT_FALSE(user.is_admin);
  EXPECT_EQ(user.create_at, clock.wall());
}

TEST_F(Registration, checks_the_code_before_the_name) {
  add_user("alice1");
  const auto other = "bobby@example.org";
  ASSERT_TRUE(accounts->send_code(other, address));
  const std::string code = mail.codes[other];
  EXPECT_EQ(code_of(accounts->register_account({"alice1", other, password, wrong(code)})),
            "mail_code_wrong");
  EXPECT_EQ(code_of(accounts->register_account({"alice1", other, password, code})),
            "username_taken");
}

TEST_F(Registration, with_a_name_that_is_taken_may_be_tried_again_with_another) {
  add_user("bobby1");
  const std::string code = mailed_code();
  EXPECT_EQ(try_to_register(code, "BOBBY1"), "username_taken");
  EXPECT_EQ(try_to_register(code, "alice1"), "");
}

TEST_F(Registration, uses_its_code_up) {
  const std::string code = mailed_code();
  ASSERT_EQ(try_to_register(code), "");
  EXPECT_EQ(try_to_register(code, "alice2"), "mail_code_wrong");
}

TEST_F(Registration, of_many_at_once_with_one_code_makes_one_account) {
  const std::string code = mailed_code();
  std::atomic<int> made = 0;
  together(8, [&](int index) {
    if (try_to_register(code, "alice" + std::to_string(index)).empty()) ++made;
  });
  EXPECT_EQ(made, 1);
  EXPECT_EQ(count_rows("user"), 1);
}

TEST_F(Registration, code_dies_after_five_wrong_tries) {
  const std::string code = mailed_code();
  for (int i = 0; i < 5; ++i) EXPECT_EQ(try_to_register(wrong(code)), "mail_code_wrong");
  EXPECT_EQ(try_to_register(code), "mail_code_wrong");
}

TEST_F(Registration, code_lives_through_four_wrong_tries) {
  const std::string code = mailed_code();
  for (int i = 0; i < 4; ++i) EXPECT_EQ(try_to_register(wrong(code)), "mail_code_wrong");
  EXPECT_EQ(try_to_register(code), "");
}

TEST_F(Registration, code_mailed_anew_has_all_its_tries) {
  const std::string first = mailed_code();
  for (int i = 0; i < 5; ++i) EXPECT_EQ(try_to_register(wrong(first)), "mail_code_wrong");
  clock.advance(61s);
  const std::string second = mailed_code();
  for (int i = 0; i < 4; ++i) EXPECT_EQ(try_to_register(wrong(second)), "mail_code_wrong");
  EXPECT_EQ(try_to_register(second), "");
}

TEST_F(Registration, code_is_good_for_three_minutes) {
  const std::string code = mailed_code();
  clock.advance(180s);
  EXPECT_EQ(try_to_register(code), "mail_code_wrong");
}

TEST_F(Registration, code_is_not_mailed_twice_within_a_minute) {
  const std::string first = mailed_code();
  EXPECT_EQ(code_of(accounts->send_code(email, address)), "too_soon");
  clock.advance(59s);
  EXPECT_EQ(code_of(accounts->send_code(email, address)), "too_soon");
  EXPECT_EQ(mail.count, 1);
  clock.advance(1s);
  const std::string second = mailed_code();
  EXPECT_EQ(mail.count, 2);
  EXPECT_EQ(try_to_register(second), "");
}

TEST_F(Registration, code_is_not_mailed_to_an_address_that_has_an_account) {
  add_user("alice1");
  EXPECT_EQ(code_of(accounts->send_code("alice1@example.org", address)), "email_taken");
  EXPECT_EQ(code_of(accounts->send_code("ALICE1@example.org", address)), "email_taken");
  EXPECT_EQ(mail.count, 0);
}

TEST_F(Registration, code_that_could_not_be_mailed_may_be_asked_for_again_at_once) {
  mail.is_broken = true;
  EXPECT_EQ(code_of(accounts->send_code(email, address)), "mail_failed");
  mail.is_broken = false;
  EXPECT_EQ(try_to_register(mailed_code()), "");
}

TEST_F(Registration, codes_are_mailed_for_one_client_up_to_a_limit) {
  for (int i = 0; i < 200; ++i) {
    ASSERT_EQ(code_of(accounts->send_code(std::to_string(i) + "@example.org", address)), "");
  }
  const auto refused = accounts->send_code("one-more@example.org", address);
  EXPECT_EQ(code_of(refused), "too_many_attempts");
  EXPECT_EQ(code_of(accounts->send_code("one-more@example.org", "192.0.2.2")), "");
}

class Profile : public House {};

TEST_F(Profile, is_ones_own) {
  const auto alice = add_actor("alice1");
  const auto user = accounts->profile(alice);
  ASSERT_TRUE(user);
  EXPECT_EQ(user->username, "alice1");
  EXPECT_EQ(user->email, "alice1@example.org");
  EXPECT_FALSE(user->avatar);
}

TEST_F(Profile, of_a_user_who_is_gone_is_unknown) {
  EXPECT_EQ(code_of(accounts->profile({4711, "token"})), "user_unknown");
}

TEST_F(Profile, can_change_both_names_but_not_to_a_name_that_is_taken) {
  const auto alice = add_actor("alice1");
  add_user("bobby1");
  storage::UserChange change;
  change.username = "Bobby1";
  change.nickname = "Bob";
  EXPECT_EQ(code_of(accounts->update_profile(alice, change)), "username_taken");
  EXPECT_EQ(accounts->profile(alice)->nickname, "alice1");
  change.username = "alice2";
  EXPECT_EQ(code_of(accounts->update_profile(alice, change)), "");
  EXPECT_EQ(accounts->profile(alice)->username, "alice2");
  EXPECT_EQ(accounts->profile(alice)->nickname, "Bob");
}

TEST_F(Profile, may_keep_its_own_name_in_another_case) {
  const auto alice = add_actor("alice1");
  storage::UserChange change;
  change.username = "Alice1";
  EXPECT_EQ(code_of(accounts->update_profile(alice, change)), "");
  EXPECT_EQ(accounts->profile(alice)->username, "Alice1");
}

TEST_F(Profile, shows_the_avatar_with_its_link) {
  const auto alice = add_actor("alice1");
  const auto file = add_file(alice, chat::FileKind::avatar);
  ASSERT_TRUE(accounts->set_avatar(alice, file.id));
  const auto user = accounts->profile(alice);
  ASSERT_TRUE(user && user->avatar);
  EXPECT_EQ(user->avatar->id, file.id);
  EXPECT_EQ(user->avatar->url, blobs.url(file.path));
}

class Operator : public House {};

TEST_F(Operator, can_add_a_user_without_a_mail_address) {
  ASSERT_TRUE(accounts->add_user({"root01", password, "", true}));
  const auto users = accounts->list_users();
  ASSERT_TRUE(users);
  EXPECT_EQ(users->at(0).email, "root01@localhost");
  EXPECT_TRUE(users->at(0).is_admin);
}

TEST_F(Operator, cannot_add_a_user_whose_name_or_address_is_taken) {
  add_user("alice1");
  EXPECT_EQ(code_of(accounts->add_user({"ALICE1", password, "", false})), "username_taken");
  EXPECT_EQ(code_of(accounts->add_user({"alice2", password, "alice1@example.org", false})),
            "email_taken");
}

TEST_F(Operator, can_change_a_password) {
  add_user("alice1");
  ASSERT_TRUE(accounts->change_password("alice1", "Another.2"));
  EXPECT_EQ(code_of(log_in("alice1", password)), "password_wrong");
  EXPECT_EQ(code_of(log_in("alice1", "Another.2")), "");
  EXPECT_EQ(code_of(accounts->change_password("nobody", "Another.2")), "account_unknown");
}

TEST_F(Operator, can_issue_a_token_that_is_a_log_in) {
  const auto user = add_user("alice1");
  const auto token = accounts->issue_token("alice1");
  ASSERT_TRUE(token);
  const auto actor = accounts->authenticate(*token);
  ASSERT_TRUE(actor);
  EXPECT_EQ(actor->user_id, user.id);
  EXPECT_EQ(code_of(accounts->issue_token("nobody")), "account_unknown");
}

}  // namespace
}  // namespace coterie::tests
