// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include "support/endpoints.hpp"

namespace coterie::tests {
namespace {

using Complaints = std::vector<std::string>;

// What the shapes of the endpoints complain about, in the words and the order of the contract.
class Validation : public Endpoints {
 protected:
  Complaints complaints(std::string_view method, std::string_view path, const std::string& input) {
    const auto object = parse_json(input);
    EXPECT_TRUE(object) << input;
    const auto checked = api::check(endpoint(method, path).input, object->get_object());
    if (checked) return {};
    EXPECT_EQ(checked.error().code, "validation_failed");
    Complaints list;
    const auto parsed = parse_json(checked.error().detail);
    for (const Json& each : parsed->get_array()) list.emplace_back(each.get_string());
    return list;
  }
  Complaints of_post(std::string_view path, const std::string& input) {
    return complaints("POST", path, input);
  }
};

constexpr const char* password_words =
    "password must contain digits, lowercase letters, uppercase letters, and special "
    "symbols[!@#$%^&*;',.]";

TEST_F(Validation, of_a_registration) {
  const auto check = [this](const std::string& input) {
    return of_post("/api/auth/register", input);
  };
  EXPECT_EQ(
      check("{}"),
      (Complaints{
          "username should not be empty", "username must be shorter than or equal to 20 characters",
          "username must be longer than or equal to 6 characters", "email should not be empty",
          "email must be an email", "password should not be empty", password_words,
          "code should not be empty", "code must be longer than or equal to 6 characters"}));
  EXPECT_EQ(
      check(R"({"username":"abc","email":"nonsense","password":"simple","code":"1"})"),
      (Complaints{"username must be longer than or equal to 6 characters", "email must be an email",
                  password_words, "code must be longer than or equal to 6 characters"}));
  const std::string good = R"("email":"alice@example.org","password":"Secret.1","code":"123456")";
  EXPECT_EQ(check(R"({"username":"alice1",)" + good + "}"), Complaints());
  EXPECT_EQ(check(R"({"username":"alice1",)" + good + R"(,"admin":true})"),
            Complaints{"property admin should not exist"});
  EXPECT_EQ(check(R"({"z":1,"username":"a","y":2,)" + good + "}"),
            (Complaints{"property z should not exist", "property y should not exist",
                        "username must be longer than or equal to 6 characters"}));
  EXPECT_EQ(check(R"({"username":123456,)" + good + "}"),
            (Complaints{"username must be shorter than or equal to 20 characters",
                        "username must be longer than or equal to 6 characters"}));
}

TEST_F(Validation, of_a_log_in) {
  const auto check = [this](const std::string& input) { return of_post("/api/auth/login", input); };
  EXPECT_EQ(
      check("{}"),
      (Complaints{"loginName should not be empty", "password should not be empty", password_words,
                  "code should not be empty", "code must be longer than or equal to 4 characters",
                  "uid should not be empty"}));
  EXPECT_EQ(check(R"({"loginName":"a","password":"Secret.1","code":"abcd","uid":"u"})"),
            Complaints());
  EXPECT_EQ(check(R"({"loginName":"a","password":"Secret.1","code":1234,"uid":7})"),
            Complaints{"code must be longer than or equal to 4 and shorter than or equal to "
                       "undefined characters"});
  EXPECT_EQ(
      check(R"({"loginName":{"$ne":1},"password":"Secret.1","code":"abcd","uid":["u"]})"),
      (Complaints{"loginName must be a string or a number", "uid must be a string or a number"}));
}

TEST_F(Validation, of_a_request_for_a_mail_code) {
  const auto check = [this](const std::string& input) {
    return of_post("/api/auth/sendCode", input);
  };
  EXPECT_EQ(check("{}"), (Complaints{"email should not be empty", "email must be an email"}));
  EXPECT_EQ(check(R"({"email":"nonsense"})"), Complaints{"email must be an email"});
  EXPECT_EQ(check(R"({"email":["a@example.org"]})"), Complaints{"email must be an email"});
  EXPECT_EQ(check(R"({"email":"a@example.org","more":1})"), Complaints());
}

TEST_F(Validation, of_a_profile) {
  const auto check = [this](const std::string& input) { return of_post("/api/user", input); };
  EXPECT_EQ(check("{}"), Complaints());
  EXPECT_EQ(check(R"({"username":null,"nickname":null})"), Complaints());
  EXPECT_EQ(check(R"({"email":"x","username":"abc","nickname":"a"})"),
            (Complaints{"property email should not exist",
                        "username must be longer than or equal to 6 characters",
                        "nickname must be longer than or equal to 2 characters"}));
  EXPECT_EQ(check(R"({"nickname":"123456789012345678901"})"),
            Complaints{"nickname must be shorter than or equal to 20 characters"});
}

TEST_F(Validation, of_a_group) {
  const auto check = [this](const std::string& input) { return of_post("/api/group", input); };
  EXPECT_EQ(check("{}"),
            (Complaints{
                "name should not be empty", "name must be shorter than or equal to 32 characters",
                "name must be longer than or equal to 2 characters", "coverId should not be empty",
                "coverId must be a number conforming to the specified constraints"}));
  EXPECT_EQ(check(R"({"name":"g","coverId":"5","description":"d","extra":1})"),
            (Complaints{"property extra should not exist",
                        "name must be longer than or equal to 2 characters",
                        "coverId must be a number conforming to the specified constraints",
                        "description must be longer than or equal to 2 characters"}));
  EXPECT_EQ(check(R"({"name":"garden","coverId":5,"description":"of friends"})"), Complaints());
  EXPECT_EQ(check(R"({"name":"garden","coverId":5,"description":null})"), Complaints());
}

TEST_F(Validation, of_a_join) {
  const auto check = [this](const std::string& input) { return of_post("/api/group/join", input); };
  EXPECT_EQ(check("{}"), Complaints{"code should not be empty"});
  EXPECT_EQ(check(R"({"code":{"a":1}})"), Complaints{"code must be a string or a number"});
  EXPECT_EQ(check(R"({"code":"abc"})"), Complaints());
}

TEST_F(Validation, of_a_text) {
  const auto check = [this](const std::string& input) {
    return of_post("/api/conversation/group/message/text", input);
  };
  EXPECT_EQ(check("{}"), (Complaints{"groupId should not be empty", "content should not be empty",
                                     "content must be shorter than or equal to 5000 characters"}));
  EXPECT_EQ(check(R"({"groupId":1,"content":""})"), Complaints{"content should not be empty"});
  EXPECT_EQ(check(R"({"groupId":1,"content":")" + std::string(5000, 'x') + R"("})"), Complaints());
  EXPECT_EQ(check(R"({"groupId":1,"content":")" + std::string(5001, 'x') + R"("})"),
            Complaints{"content must be shorter than or equal to 5000 characters"});
  EXPECT_EQ(check(R"({"groupId":1,"content":"x","type":1})"),
            Complaints{"property type should not exist"});
  EXPECT_EQ(check(R"({"groupId":{"groupId":1},"content":"x"})"),
            Complaints{"groupId must be a string or a number"});
}

TEST_F(Validation, of_a_page_of_messages) {
  const auto check = [this](const std::string& input) {
    return complaints("GET", "/api/conversation/group/message/list", input);
  };
  EXPECT_EQ(check("{}"), Complaints{"groupId should not be empty"});
  EXPECT_EQ(check(R"({"groupId":"1","x":"1"})"), Complaints{"property x should not exist"});
  EXPECT_EQ(check(R"({"groupId":"1","cursorId":"9","size":"10"})"), Complaints());
  EXPECT_EQ(
      check(R"({"groupId":["1","2"],"cursorId":{"a":"1"},"size":[]})"),
      (Complaints{"groupId must be a string or a number", "cursorId must be a string or a number",
                  "size must be a string or a number"}));
}

TEST_F(Validation, counts_characters_and_not_bytes) {
  const auto check = [this](const std::string& name) {
    return of_post("/api/group", R"({"coverId":5,"name":")" + name + R"("})");
  };
  const std::string seedling = "\xF0\x9F\x8C\xB1";
  EXPECT_EQ(check(seedling), Complaints{"name must be longer than or equal to 2 characters"});
  EXPECT_EQ(check(seedling + seedling), Complaints());
  std::string many;
  for (int i = 0; i < 32; ++i) many += "\xE9\xAA\x8C";
  EXPECT_EQ(check(many), Complaints());
  EXPECT_EQ(check(many + "x"), Complaints{"name must be shorter than or equal to 32 characters"});
}

TEST_F(Validation, of_a_mail_address) {
  const auto is_fine = [this](const std::string& email) {
    return of_post("/api/auth/sendCode", to_text(JsonObject{{"email", email}})).empty();
  };
  for (const char* good : {"a@b.cd", "first.last@example.org", "a+tag@example.co.uk",
                           "a_b-c@xn--bcher-kva.example", "1@2.com", "a@b-c.de"}) {
    EXPECT_TRUE(is_fine(good)) << good;
  }
  for (const std::string& bad : {std::string("a"),
                                 std::string("a@"),
                                 std::string("@b.cd"),
                                 std::string("a@b"),
                                 std::string("a@b.c"),
                                 std::string("a@.cd"),
                                 std::string("a@b..cd"),
                                 std::string(".a@b.cd"),
                                 std::string("a.@b.cd"),
                                 std::string("a..b@c.de"),
                                 std::string("a b@c.de"),
                                 std::string("a@b c.de"),
                                 std::string("a@b.cd\r\nBcc: x@y.zz"),
                                 std::string("<a@b.cd>"),
                                 std::string("a@b.cd "),
                                 std::string(" a@b.cd"),
                                 std::string("a@-b.cd"),
                                 std::string("a@b-.cd"),
                                 std::string("a@1.2"),
                                 std::string(45, 'a') + "@bb.de"}) {
    EXPECT_FALSE(is_fine(bad)) << bad;
  }
}

TEST_F(Validation, of_a_password) {
  const auto is_fine = [this](const std::string& word) {
    return of_post("/api/auth/login",
                   to_text(JsonObject{
                       {"loginName", "a"}, {"password", word}, {"code", "abcd"}, {"uid", "u"}}))
        .empty();
  };
  for (const char* good : {"aA1!", "aA1@", "aA1#", "aA1$", "aA1%", "aA1^", "aA1&", "aA1*", "aA1;",
                           "aA1'", "aA1,", "aA1.", " a A 1 . "}) {
    EXPECT_TRUE(is_fine(good)) << good;
  }
  for (const char* bad : {"aA1", "aA.", "a1.", "A1.", "aA1?", "aA1-", "", "aA1\xC3\xA9"}) {
    EXPECT_FALSE(is_fine(bad)) << bad;
  }
}

}  // namespace
}  // namespace coterie::tests
