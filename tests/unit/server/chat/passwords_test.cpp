// SPDX-License-Identifier: MIT
#include "chat/passwords.hpp"

#include <gtest/gtest.h>

#include "support/together.hpp"

namespace coterie::tests {
namespace {

using chat::Passwords;

// Of "Secret.1", as the seed system stores it.
constexpr const char* sha1_hash = "d5c76deb73b5b15ba997d49e4f04565e1b9c1acf";

class PasswordsTest : public testing::Test {
 protected:
  const AllowBlocking blocking;
  Passwords passwords{Passwords::Cost::light};
};

TEST_F(PasswordsTest, are_hashed_with_argon2id_and_a_salt) {
  const std::string hash = passwords.hash("Secret.1");
  EXPECT_TRUE(hash.starts_with("$argon2id$v=19$")) << hash;
  EXPECT_NE(passwords.hash("Secret.1"), hash);
}

TEST_F(PasswordsTest, are_right_or_wrong) {
  const std::string hash = passwords.hash("Secret.1");
  EXPECT_TRUE(passwords.verify(hash, "Secret.1").is_right);
  EXPECT_FALSE(passwords.verify(hash, "Secret.1").is_outdated);
  for (const char* wrong : {"secret.1", "Secret.1 ", "Secret.", ""}) {
    EXPECT_FALSE(passwords.verify(hash, wrong).is_right) << wrong;
  }
}

TEST_F(PasswordsTest, of_the_seed_system_are_right_but_outdated) {
  const auto right = passwords.verify(sha1_hash, "Secret.1");
  EXPECT_TRUE(right.is_right);
  EXPECT_TRUE(right.is_outdated);
  const auto wrong = passwords.verify(sha1_hash, "Secret.2");
  EXPECT_FALSE(wrong.is_right);
  EXPECT_FALSE(wrong.is_outdated);
}

TEST_F(PasswordsTest, hashed_at_another_cost_are_right_but_outdated) {
  const std::string hash = passwords.hash("Secret.1");
  Passwords standard(Passwords::Cost::standard);
  const auto verdict = standard.verify(hash, "Secret.1");
  EXPECT_TRUE(verdict.is_right);
  EXPECT_TRUE(verdict.is_outdated);
}

TEST_F(PasswordsTest, are_never_right_for_what_is_no_hash) {
  for (const std::string& hash :
       {std::string(), std::string("Secret.1"), std::string(39, 'a'), std::string(41, 'a'),
        std::string(40, 'g'), std::string(500, 'a'), std::string("$argon2id$v=19$"),
        std::string("$argon2id$v=19$m=8192,t=1,p=1$$")}) {
    EXPECT_FALSE(passwords.verify(hash, "Secret.1").is_right) << hash;
    EXPECT_FALSE(passwords.verify(hash, "").is_right) << hash;
  }
}

TEST_F(PasswordsTest, can_be_checked_from_many_threads) {
  const std::string hash = passwords.hash("Secret.1");
  together(6, [&](int index) {
    EXPECT_EQ(passwords.verify(hash, index % 2 == 0 ? "Secret.1" : "Secret.2").is_right,
              index % 2 == 0);
  });
}

}  // namespace
}  // namespace coterie::tests
