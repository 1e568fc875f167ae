// SPDX-License-Identifier: MIT
#include "api/rest.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <future>
#include <vector>

#include "api/realtime.hpp"
#include "base/guarded.hpp"
#include "support/endpoints.hpp"

namespace coterie::tests {
namespace {

using namespace std::chrono_literals;

net::Request request_of(const std::string& method, const std::string& target) {
  net::Request request;
  request.method = method;
  request.target = target;
  return request;
}

TEST(BearerToken, is_what_stands_behind_the_word) {
  EXPECT_EQ(api::bearer_token("Bearer abc.def.ghi"), "abc.def.ghi");
  EXPECT_EQ(api::bearer_token("Basic x, Bearer abc"), "abc");
  for (const char* none :
       {"", "abc", "bearer abc", "Bearer", "Bearer ", "Basic abc", "Bearerabc"}) {
    EXPECT_EQ(api::bearer_token(none), "") << none;
  }
}

TEST(HandshakeToken, is_the_header_as_it_is_or_else_what_came_with_connect) {
  const Json auth = JsonObject{{"token", "from auth"}};
  EXPECT_EQ(api::handshake_token("abc", auth), "abc");
  EXPECT_EQ(api::handshake_token("Bearer abc", auth), "Bearer abc");  // Which is no token.
  EXPECT_EQ(api::handshake_token("", auth), "from auth");
  EXPECT_EQ(api::handshake_token("", JsonObject{{"token", "Bearer abc"}}), "abc");
}

TEST(HandshakeToken, is_empty_when_nothing_usable_came) {
  for (const Json& auth : {Json(), Json("token"), Json(7), Json(JsonArray{"token"}),
                           Json(JsonObject{{"token", 7}}), Json(JsonObject{{"token", nullptr}}),
                           Json(JsonObject{{"token", JsonObject()}}), Json(JsonObject())}) {
    EXPECT_EQ(api::handshake_token("", auth), "") << to_text(auth);
  }
}

TEST(Success, is_200_for_a_get_and_201_for_a_post) {
  const auto read = api::success(request_of("GET", "/api/x"), JsonArray{1});
  EXPECT_EQ(read.status, 200);
  EXPECT_EQ(read.body, R"({"status":0,"data":[1],"message":"success"})");
  EXPECT_EQ(read.fields.get("Content-Type"), "application/json; charset=utf-8");
  const auto made = api::success(request_of("POST", "/api/x"), api::Answer());
  EXPECT_EQ(made.status, 201);
  EXPECT_EQ(made.body, R"({"status":0,"message":"success"})");
}

TEST(Success, has_a_weak_tag_that_depends_on_the_body) {
  const auto request = request_of("GET", "/api/x");
  const std::string tag(api::success(request, JsonArray{1}).fields.get("ETag"));
  EXPECT_TRUE(tag.starts_with("W/\"") && tag.ends_with("\"")) << tag;
  EXPECT_EQ(api::success(request, JsonArray{1}).fields.get("ETag"), tag);
  EXPECT_NE(api::success(request, JsonArray{2}).fields.get("ETag"), tag);
}

TEST(Success, that_the_client_has_already_is_304_without_a_body) {
  auto request = request_of("GET", "/api/x");
  const std::string tag(api::success(request, JsonArray{1}).fields.get("ETag"));
  request.fields.add("If-None-Match", tag);
  const auto same = api::success(request, JsonArray{1});
  EXPECT_EQ(same.status, 304);
  EXPECT_EQ(same.body, "");
  EXPECT_EQ(same.fields.get("ETag"), tag);
  EXPECT_EQ(api::success(request, JsonArray{2}).status, 200);
  request.method = "POST";
  EXPECT_EQ(api::success(request, JsonArray{1}).status, 201);
}

TEST(Failure, of_a_rule_has_its_words_and_its_code) {
  const auto response =
      api::failure(request_of("GET", "/api/group/join/x?y=1"), Error("invite_code_invalid"));
  EXPECT_EQ(response.status, 406);
  const JsonObject body = body_of(response);
  EXPECT_EQ(names_of(body), "status timestamp path message code");
  EXPECT_EQ(body.at("status").as_int64(), 406);
  EXPECT_EQ(body.at("path").as_string(), "/api/group/join/x?y=1");
  EXPECT_EQ(body.at("message").as_string(), "invite code invalid");
  EXPECT_EQ(body.at("code").as_string(), "invite_code_invalid");
  EXPECT_EQ(body.at("timestamp").as_string().size(), 24U);
  EXPECT_EQ(body.at("timestamp").as_string().back(), 'Z');
}

TEST(Failure, of_validation_has_an_array_and_says_bad_request) {
  const auto response = api::failure(request_of("POST", "/api/group"),
                                     api::validation_failed({"first \"quoted\"", "second"}));
  EXPECT_EQ(response.status, 400);
  const JsonObject body = body_of(response);
  EXPECT_EQ(names_of(body), "status timestamp path message error statusCode code");
  EXPECT_EQ(to_text(body.at("message")), R"(["first \"quoted\"","second"])");
  EXPECT_EQ(body.at("error").as_string(), "Bad Request");
  EXPECT_EQ(body.at("statusCode").as_int64(), 400);
  EXPECT_EQ(body.at("code").as_string(), "validation_failed");
}

TEST(Failure, of_what_is_not_there_says_not_found) {
  const JsonObject body =
      body_of(api::failure(request_of("GET", "/api/group/7"), Error("group_unknown")));
  EXPECT_EQ(names_of(body), "status timestamp path message error statusCode code");
  EXPECT_EQ(body.at("error").as_string(), "Not Found");
  EXPECT_EQ(body.at("statusCode").as_int64(), 404);
  EXPECT_EQ(body.at("message").as_string(), "group is not exists");
}

TEST(Failure, of_too_many_attempts_says_when_to_come_back) {
  const auto response =
      api::failure(request_of("POST", "/api/auth/login"), Error("too_many_attempts", "17"));
  EXPECT_EQ(response.status, 429);
  EXPECT_EQ(response.fields.get("Retry-After"), "17");
}

TEST(Failure, of_a_server_that_is_busy_says_to_try_again) {
  for (const char* code : {"busy", "storage_busy", "storage_full", "storage_failed"}) {
    const auto response =
        api::failure(request_of("GET", "/api/user"), Error(code, "a path on the server"));
    EXPECT_EQ(response.status, 503) << code;
    EXPECT_TRUE(response.fields.has("Retry-After")) << code;
    EXPECT_EQ(response.body.find("a path on the server"), std::string::npos) << code;
  }
}

TEST(Failure, that_nobody_knows_is_500_and_tells_nothing) {
  const auto response =
      api::failure(request_of("GET", "/api/user"), Error("unheard_of", "SELECT secret"));
  EXPECT_EQ(response.status, 500);
  EXPECT_EQ(body_of(response).at("message").as_string(), "Internal server error");
  EXPECT_EQ(response.body.find("SELECT"), std::string::npos);
}

TEST(Failure, is_never_304) {
  auto request = request_of("GET", "/api/user");
  request.fields.add("If-None-Match", "*");
  EXPECT_EQ(api::failure(request, Error("unauthorized")).status, 401);
}

class RestTest : public Endpoints {};

TEST_F(RestTest, a_body_is_looked_at_before_who_asks_and_that_before_the_input) {
  net::Request stranger;
  stranger.fields.add("Content-Type", "application/json");
  stranger.body = "{";
  EXPECT_EQ(code_in(call("POST", "/api/group", stranger)), "bad_body");
  stranger.body = "{}";
  EXPECT_EQ(code_in(call("POST", "/api/group", stranger)), "unauthorized");
  EXPECT_EQ(code_in(post(add_actor("alice1"), "/api/group", "{}")), "validation_failed");
}

TEST_F(RestTest, everything_but_the_doors_needs_a_log_in) {
  for (const auto& each : endpoints) {
    const bool is_door = each.path.starts_with("/api/auth/") && each.path != "/api/auth/logout";
    EXPECT_EQ(each.access == api::Access::open, is_door) << each.path;
    if (is_door) continue;
    const auto response = call(each.method, each.path, net::Request());
    EXPECT_EQ(response.status, 401) << each.path;
    EXPECT_EQ(code_in(response), "unauthorized") << each.path;
  }
}

TEST_F(RestTest, an_endpoint_may_answer_later_and_what_nobody_answers_is_answered_500) {
  Guarded<std::vector<api::Respond>> waiting;
  const net::Route route =
      rest->route({"GET",
                   "/api/later",
                   {"later", "", "", {}},
                   api::Access::open,
                   {{}, true},
                   [&](api::Call&, const api::Respond& respond) {
                     waiting.with([&](auto& list) { list.push_back(respond); });
                   }});
  std::vector<std::promise<net::Response>> answers(2);
  for (auto& each : answers) {
    route.handler(request_of("GET", "/api/later"), net::Reply([&each](net::Response response) {
                    each.set_value(std::move(response));
                  }));
  }
  workers->stop();  // Both were taken on, and no worker is kept by them.
  waiting.with([](auto& list) {
    ASSERT_EQ(list.size(), 2U);
    list[0](api::Answer(JsonObject{{"late", true}}));
    list.clear();
  });
  std::vector<int> statuses;
  for (auto& each : answers) statuses.push_back(each.get_future().get().status);
  std::ranges::sort(statuses);  // Which of them a worker has taken first, chance decides.
  EXPECT_EQ(statuses, (std::vector<int>{200, 500}));
}

TEST_F(RestTest, an_account_is_made_logged_in_and_logged_out) {
  const chat::Actor nobody;
  EXPECT_EQ(post(nobody, "/api/auth/sendCode", R"({"email":"alice@example.org"})").status, 201);
  const auto registered = post(nobody, "/api/auth/register",
                               to_text(JsonObject{{"username", "alice1"},
                                                  {"email", "alice@example.org"},
                                                  {"password", password},
                                                  {"code", mail.codes["alice@example.org"]}}));
  EXPECT_EQ(registered.status, 201) << registered.body;

  const auto picture = get(nobody, "/api/auth/catpcha", "?uid=one");
  EXPECT_EQ(picture.status, 200);
  EXPECT_TRUE(picture.body.starts_with("<svg"));
  EXPECT_EQ(picture.fields.get("Cache-Control"), "no-store");
  const std::string text = (*ttl.get("login-code:one"))->value;
  const auto logged_in =
      post(nobody, "/api/auth/login",
           to_text(JsonObject{
               {"loginName", "alice1"}, {"password", password}, {"code", text}, {"uid", "one"}}));
  ASSERT_EQ(logged_in.status, 201) << logged_in.body;
  const JsonObject data = body_of(logged_in).at("data").as_object();
  EXPECT_EQ(names_of(data), "user token");
  EXPECT_EQ(data.at("user").at("email").as_string(), "alice@example.org");

  const chat::Actor alice{0, std::string(data.at("token").as_string())};
  EXPECT_EQ(get(alice, "/api/user").status, 200);
  EXPECT_EQ(get(alice, "/api/auth/logout").status, 200);
  EXPECT_EQ(get(alice, "/api/user").status, 401);
}

TEST_F(RestTest, a_log_in_that_guesses_too_often_is_told_to_wait) {
  add_user("alice1");
  for (int i = 0; i < 10; ++i) EXPECT_EQ(code_of(log_in("alice1", "Wrong.99")), "password_wrong");
  clock.advance(5min);
  const auto refused =
      post({}, "/api/auth/login",
           R"({"loginName":"alice1","password":"Secret.1","code":"abcd","uid":1})");
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(refused.fields.get("Retry-After"), "600");
}

TEST_F(RestTest, a_profile_can_lose_its_nickname_but_not_its_name) {
  const auto alice = add_actor("alice1");
  EXPECT_EQ(post(alice, "/api/user", R"({"nickname":null,"username":null})").status, 201);
  const JsonObject user = body_of(get(alice, "/api/user")).at("data").as_object();
  EXPECT_TRUE(user.at("nickname").is_null());
  EXPECT_EQ(user.at("username").as_string(), "alice1");
}

TEST_F(RestTest, a_group_is_made_joined_and_looked_into) {
  const auto alice = add_actor("alice1");
  const auto bobby = add_actor("bobby1");
  const auto cover = add_file(alice, chat::FileKind::cover);
  const std::string wanted = to_text(JsonObject{{"name", "garden"}, {"coverId", cover.id}});
  const auto made = post(alice, "/api/group", wanted);
  ASSERT_EQ(made.status, 201) << made.body;
  const JsonObject group = body_of(made).at("data").as_object();

  const auto again = post(alice, "/api/group", wanted);
  EXPECT_EQ(again.status, 400);
  EXPECT_EQ(to_text(body_of(again).at("message")),
            R"(["coverId is already the cover of a group"])");
  EXPECT_EQ(code_in(post(alice, "/api/group", R"({"name":"garden","coverId":1.5})")),
            "cover_unknown");

  net::Request by_link = as(bobby);
  by_link.params = {{"code", std::string(group.at("inviteCode").as_string())}};
  EXPECT_EQ(call("GET", "/api/group/join/:code", by_link).status, 200);
  EXPECT_EQ(code_in(post(bobby, "/api/group/join",
                         to_text(JsonObject{{"code", group.at("inviteCode")}}))),
            "already_in_group");

  net::Request detail = as(bobby);
  detail.params = {{"id", to_text(group.at("id"))}};
  const JsonObject seen = body_of(call("GET", "/api/group/:id", detail)).at("data").as_object();
  EXPECT_EQ(seen.at("users").as_array().size(), 2U);
  EXPECT_FALSE(seen.contains("inviteCode"));
  detail.params = {{"id", "seven"}};
  EXPECT_EQ(to_text(body_of(call("GET", "/api/group/:id", detail)).at("message")),
            R"(["id must be an integer number"])");

  const JsonObject lists = body_of(get(bobby, "/api/group/list")).at("data").as_object();
  EXPECT_EQ(names_of(lists), "owner member");
  EXPECT_EQ(lists.at("owner").as_array().size(), 0U);
  EXPECT_EQ(lists.at("member").as_array().size(), 1U);
}

TEST_F(RestTest, a_page_of_messages_is_asked_for_in_texts) {
  const auto alice = add_actor("alice1");
  const auto group = add_group(alice, "garden");
  const std::string id = std::to_string(group.id);
  for (const char* text : {"one", "two", "three"}) {
    const auto sent = post(alice, "/api/conversation/group/message/text",
                           to_text(JsonObject{{"groupId", id}, {"content", text}}));
    ASSERT_EQ(sent.status, 201) << sent.body;
    EXPECT_EQ(body_of(sent).at("data").at("groupId").as_string(), id);
  }
  const auto page = [&](const std::string& query) {
    return get(alice, "/api/conversation/group/message/list", query);
  };
  const auto count = [&](const std::string& query) {
    return body_of(page(query)).at("data").as_array().size();
  };
  EXPECT_EQ(count("?groupId=" + id), 3U);
  EXPECT_EQ(count("?groupId=" + id + "&size=2"), 2U);
  EXPECT_EQ(count("?groupId=" + id + "&size=0"), 3U);
  EXPECT_EQ(count("?groupId=" + id + "&size="), 3U);
  EXPECT_EQ(count("?groupId=" + id + "&cursorId=2"), 1U);
  EXPECT_EQ(count("?groupId=" + id + "&cursorId=x"), 0U);
  for (const char* size : {"-1", "x", "1.5", "99999999999999999999"}) {
    const auto refused = page("?groupId=" + id + "&size=" + size);
    EXPECT_EQ(refused.status, 400) << size;
    EXPECT_EQ(to_text(body_of(refused).at("message")),
              R"(["size must be an integer number not less than 0"])");
  }
  EXPECT_EQ(code_in(page("?groupId=x")), "not_in_group");
  EXPECT_EQ(code_in(page("?groupId[groupId]=1")), "validation_failed");
  EXPECT_EQ(code_in(page("?groupId=1&groupId=2")), "validation_failed");
}

TEST_F(RestTest, a_list_of_conversations_that_has_not_changed_is_not_sent_again) {
  const auto alice = add_actor("alice1");
  add_group(alice, "garden");
  const auto first = get(alice, "/api/conversation/list");
  ASSERT_EQ(first.status, 200);
  net::Request again = as(alice);
  again.fields.add("If-None-Match", std::string(first.fields.get("ETag")));
  EXPECT_EQ(call("GET", "/api/conversation/list", again).status, 304);
}

TEST_F(RestTest, a_server_with_no_worker_to_spare_says_so) {
  workers->stop();
  const auto response = get({}, "/api/user");
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(code_in(response), "busy");
}

}  // namespace
}  // namespace coterie::tests
