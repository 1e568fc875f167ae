// SPDX-License-Identifier: MIT
#include "net/http.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "net/http_status.hpp"

namespace coterie::net {
namespace {

TEST(Fields, are_found_without_regard_to_case) {
  const Fields fields{{"Content-Type", "text/plain"}, {"x-a", ""}};
  EXPECT_EQ(fields.get("content-TYPE"), "text/plain");
  EXPECT_TRUE(fields.has("X-A"));
  EXPECT_FALSE(fields.has("Content-Typ"));
  EXPECT_EQ(fields.get("Nothing"), "");
}

TEST(Fields, give_the_first_of_a_name_that_comes_twice) {
  Fields fields{{"A", "1"}};
  fields.add("a", "2");
  EXPECT_EQ(fields.get("A"), "1");
  EXPECT_EQ(fields.size(), 2u);
}

TEST(Fields, keep_the_order_in_which_they_were_added) {
  const Fields fields{{"B", "1"}, {"A", "2"}, {"B", "3"}};
  std::string order;
  for (const auto& field : fields) order += field.name + field.value;
  EXPECT_EQ(order, "B1A2B3");
}

TEST(Fields, join_what_was_sent_in_several_of_a_name) {
  const Fields fields{{"Accept", "a, b"}, {"Host", "x"}, {"accept", "c"}, {"ACCEPT", ""}};
  EXPECT_EQ(fields.joined("Accept"), "a, b, c, ");
  EXPECT_EQ(fields.joined("Host"), "x");
  EXPECT_EQ(fields.joined("Cookie"), "");
}

TEST(Fields, have_values_that_can_be_taken_apart) {
  const auto parts = [](std::string_view rest, char separator) {
    std::vector<std::string> result;
    while (!rest.empty()) result.emplace_back(next_part(rest, separator));
    return result;
  };
  using Parts = std::vector<std::string>;
  EXPECT_EQ(parts("a, b;c ,\td\t", ','), (Parts{"a", "b;c", "d"}));
  EXPECT_EQ(parts("a;b=\"x;y\";c", ';'), (Parts{"a", "b=\"x;y\"", "c"}));
  EXPECT_EQ(parts(R"("a\",b",c)", ','), (Parts{R"("a\",b")", "c"}));
  EXPECT_EQ(parts(R"(a,"b,c)", ','), (Parts{"a", R"("b,c)"}));
  EXPECT_EQ(parts(R"("\)", ','), (Parts{R"("\)"}));
  EXPECT_EQ(parts(R"(a\,b)", ','), (Parts{R"(a\)", "b"}));
  EXPECT_EQ(parts(",,", ','), (Parts{"", ""}));
}

TEST(Fields, find_a_word_among_others_in_any_field_of_the_name) {
  const Fields fields{{"Connection", "keep-alive,\t Upgrade "}, {"connection", "x"}};
  EXPECT_TRUE(fields.has_token("Connection", "upgrade"));
  EXPECT_TRUE(fields.has_token("Connection", "KEEP-ALIVE"));
  EXPECT_TRUE(fields.has_token("Connection", "x"));
  EXPECT_FALSE(fields.has_token("Connection", "up"));
  EXPECT_FALSE(fields.has_token("Connection", "keep-alive, Upgrade"));
  EXPECT_FALSE(fields.has_token("Upgrade", "x"));
}

TEST(Query, takes_names_and_values_apart) {
  const Query query("a=1&b=&c&d=x=y&&e=%41%2B");
  EXPECT_EQ(query.get("a"), "1");
  EXPECT_TRUE(query.has("b"));
  EXPECT_EQ(query.get("b"), "");
  EXPECT_TRUE(query.has("c"));
  EXPECT_EQ(query.get("d"), "x=y");
  EXPECT_EQ(query.get("e"), "A+");
  EXPECT_FALSE(query.has(""));
  EXPECT_EQ(query.size(), 5u);
}

TEST(Query, reads_a_plus_as_a_space_in_names_and_values) {
  const Query query("a+b=c+d%2B");
  EXPECT_EQ(query.get("a b"), "c d+");
}

TEST(Query, takes_the_last_value_of_a_name_that_comes_twice) {
  EXPECT_EQ(Query("sid=1&x=2&sid=3").get("sid"), "3");
  EXPECT_EQ(Query("s%69d=1").get("sid"), "1");
}

TEST(Query, leaves_a_malformed_escape_as_it_is) {
  const Query query("a=%&b=%4&c=%zz&d=100%25%");
  EXPECT_EQ(query.get("a"), "%");
  EXPECT_EQ(query.get("b"), "%4");
  EXPECT_EQ(query.get("c"), "%zz");
  EXPECT_EQ(query.get("d"), "100%%");
}

TEST(Query, may_be_empty) {
  EXPECT_EQ(Query("").size(), 0u);
  EXPECT_EQ(Query().get("a"), "");
  EXPECT_EQ(Query("&&&").size(), 0u);
}

TEST(PercentDecode, decodes_every_byte) {
  EXPECT_EQ(percent_decode("a%20b%2Fc%2f"), "a b/c/");
  EXPECT_EQ(percent_decode("%00"), std::string(1, '\0'));
  EXPECT_EQ(percent_decode("%E6%BC%A2"), "\xE6\xBC\xA2");
  EXPECT_EQ(percent_decode(""), "");
}

TEST(PercentDecode, refuses_a_malformed_escape) {
  for (const char* text : {"%", "a%", "%1", "%g0", "%0g", "%%20", "%-1"}) {
    EXPECT_EQ(percent_decode(text), std::nullopt) << text;
  }
}

TEST(PercentDecode, takes_a_plus_for_a_space_only_when_told) {
  EXPECT_EQ(percent_decode("a+b"), "a+b");
  EXPECT_EQ(percent_decode("a+b%2B", true), "a b+");
}

TEST(Request, parts_its_target_at_the_first_question_mark) {
  Request request;
  request.target = "/a%20b?x=1?y";
  EXPECT_EQ(request.path(), "/a%20b");
  EXPECT_EQ(request.raw_query(), "x=1?y");
  request.target = "/a";
  EXPECT_EQ(request.path(), "/a");
  EXPECT_EQ(request.raw_query(), "");
  request.target = "/a?";
  EXPECT_EQ(request.raw_query(), "");
}

TEST(Request, knows_its_params_by_name) {
  Request request;
  request.params = {{"id", "7"}, {"name", "x"}};
  EXPECT_EQ(request.param("name"), "x");
  EXPECT_EQ(request.param("other"), "");
}

// Everything that a Reply has sent.
struct Sent {
  std::vector<Response> responses;
  Reply reply() {
    return Reply([this](Response response) { responses.push_back(std::move(response)); });
  }
};

TEST(Reply, sends_its_answer) {
  Sent sent;
  Reply reply = sent.reply();
  EXPECT_TRUE(reply);
  reply(text_response(201, "made"));
  EXPECT_FALSE(reply);
  ASSERT_EQ(sent.responses.size(), 1u);
  EXPECT_EQ(sent.responses[0].status, 201);
  EXPECT_EQ(sent.responses[0].body, "made");
  EXPECT_EQ(sent.responses[0].fields.get("Content-Type"), "text/plain; charset=utf-8");
}

TEST(Reply, answers_500_when_it_is_dropped) {
  Sent sent;
  {
    const Reply reply = sent.reply();
  }
  ASSERT_EQ(sent.responses.size(), 1u);
  EXPECT_EQ(sent.responses[0].status, 500);
}

TEST(Reply, answers_500_when_another_takes_its_place) {
  Sent sent;
  Reply reply = sent.reply();
  reply = Reply();
  EXPECT_EQ(sent.responses.size(), 1u);
}

TEST(Reply, leaves_nothing_to_answer_where_it_was_moved_from) {
  Sent sent;
  {
    Reply first = sent.reply();
    Reply second = std::move(first);
    EXPECT_FALSE(first);  // NOLINT: that is what is tested
    second(text_response(200, ""));
  }
  EXPECT_EQ(sent.responses.size(), 1u);
}

TEST(Reply, hands_on_what_shall_run_when_the_client_leaves) {
  Task watched;
  Reply reply([](Response) {}, [&watched](Task task) { watched = std::move(task); });
  bool has_left = false;
  reply.on_abort([&has_left] { has_left = true; });
  ASSERT_TRUE(watched);
  watched();
  EXPECT_TRUE(has_left);
  reply(Response());
}

TEST(Reply, carries_fields_that_it_was_given_and_what_it_watches) {
  Response answer;
  bool is_watched = false;
  Reply reply([&answer](Response response) { answer = std::move(response); },
              [&is_watched](Task) { is_watched = true; });
  reply = std::move(reply).with({{"X-One", "1"}}).with({}).with({{"X-Two", "2"}});
  reply.on_abort([] {});
  EXPECT_TRUE(is_watched);
  Response response;
  response.fields.add("X-Own", "0");
  reply(std::move(response));
  EXPECT_EQ(answer.fields.get("X-Own"), "0");
  EXPECT_EQ(answer.fields.get("X-One"), "1");
  EXPECT_EQ(answer.fields.get("X-Two"), "2");
}

TEST(Reply, with_fields_answers_500_when_it_is_dropped_too) {
  int status = 0;
  {
    Reply reply([&status](Response response) { status = response.status; });
    const Reply other = std::move(reply).with({{"X-One", "1"}});
  }
  EXPECT_EQ(status, 500);
}

TEST(Fields, know_tokens_and_values) {
  for (const char* token : {"GET", "X-One", "!#$%&'*+-.^_`|~09azAZ"}) EXPECT_TRUE(is_token(token));
  for (const char* other : {"", "a b", "a:b", "a/b", "a\n", "\x7F", "\xC3\xA4"}) {
    EXPECT_FALSE(is_token(other)) << other;
  }
  for (const char* value : {"", "a b\tc", "\xC3\xA4"}) EXPECT_TRUE(is_field_value(value));
  for (const char* other : {"a\r", "a\n", "\x01", "\x7F"}) EXPECT_FALSE(is_field_value(other));
}

TEST(ReplyDeathTest, must_not_be_used_twice) {
  Reply reply([](Response) {});
  reply(Response());
  EXPECT_DEATH(reply(Response()), "CHECK failed");
}

TEST(HttpStatus, has_a_phrase_for_what_is_sent) {
  for (const int status : {101, 200, 201, 204, 206, 304, 400, 401, 403, 404, 405,
                           408, 409, 413, 416, 417, 429, 431, 500, 501, 503}) {
    EXPECT_FALSE(reason_phrase(status).empty()) << status;
  }
  EXPECT_EQ(reason_phrase(431), "Request Header Fields Too Large");
}

TEST(HttpDate, is_written_as_rfc_9110_wants_it) {
  const auto at = [](std::int64_t seconds) {
    return http_date(WallTime(std::chrono::milliseconds(seconds * 1000 + 999)));
  };
  EXPECT_EQ(at(1795532189), "Tue, 24 Nov 2026 14:56:29 GMT");
  EXPECT_EQ(at(784111777), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(at(784111777), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(at(951782400), "Tue, 29 Feb 2000 00:00:00 GMT");
}

}  // namespace
}  // namespace coterie::net
