// SPDX-License-Identifier: MIT
#include "net/router.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>

namespace coterie::net {
namespace {

Route route(std::string method, std::string pattern) {
  Route made;
  made.method = std::move(method);
  made.pattern = std::move(pattern);
  made.handler = [](Request, Reply) {};
  return made;
}

// The pattern of the route that a request is sent to; "404" for none.
struct Table {
  Router router;
  Request request;

  void add(std::string method, std::string pattern) {
    router.add(route(std::move(method), std::move(pattern)));
  }
  std::string find(std::string method, std::string target) {
    request = Request();
    request.method = std::move(method);
    request.target = std::move(target);
    const Route* found = router.find(request);
    return found->pattern.empty() ? "404" : found->pattern;
  }
};

TEST(Router, finds_by_method_and_path) {
  Table table;
  table.add("GET", "/a/b");
  table.add("POST", "/a/b");
  EXPECT_EQ(table.find("GET", "/a/b"), "/a/b");
  EXPECT_EQ(table.find("POST", "/a/b?x=1"), "/a/b");
  EXPECT_EQ(table.find("PUT", "/a/b"), "404");
  EXPECT_EQ(table.find("GET", "/a"), "404");
  EXPECT_EQ(table.find("GET", "/a/b/c"), "404");
  EXPECT_EQ(table.find("GET", "/a/bc"), "404");
  EXPECT_EQ(table.find("get", "/a/b"), "404");
}

TEST(Router, takes_literals_before_names_before_open_ends_in_whatever_order_they_came) {
  Table table;
  table.add("GET", "/group/*");
  table.add("GET", "/group/:id");
  table.add("GET", "/group/new");
  table.add("GET", "/*");
  EXPECT_EQ(table.find("GET", "/group/new"), "/group/new");
  EXPECT_EQ(table.find("GET", "/group/7"), "/group/:id");
  EXPECT_EQ(table.find("GET", "/group/7/members"), "/group/*");
  EXPECT_EQ(table.find("GET", "/other"), "/*");
  EXPECT_EQ(table.find("GET", "/"), "/*");
}

TEST(Router, takes_the_first_of_equals) {
  Router router;
  router.add(route("GET", "/a"));
  Route second = route("GET", "/a");
  second.body_max = 7;
  router.add(std::move(second));
  Request request;
  request.method = "GET";
  request.target = "/a";
  EXPECT_NE(router.find(request)->body_max, 7u);
}

TEST(Router, ignores_case_and_one_trailing_slash) {
  Table table;
  table.add("GET", "/Api/Group/:id");
  EXPECT_EQ(table.find("GET", "/api/GROUP/Ab"), "/Api/Group/:id");
  EXPECT_EQ(table.request.param("id"), "Ab");
  EXPECT_EQ(table.find("GET", "/api/group/7/"), "/Api/Group/:id");
  EXPECT_EQ(table.request.param("id"), "7");
}

TEST(Router, does_not_ignore_a_second_trailing_slash) {
  Table table;
  table.add("GET", "/a");
  table.add("GET", "/");
  EXPECT_EQ(table.find("GET", "/a/"), "/a");
  EXPECT_EQ(table.find("GET", "/"), "/");
  EXPECT_EQ(table.find("GET", "/a//"), "404");
}

TEST(Router, wants_something_where_a_name_stands) {
  Table table;
  table.add("GET", "/group/:id/members");
  table.add("GET", "/file/:id");
  EXPECT_EQ(table.find("GET", "/group//members"), "404");
  EXPECT_EQ(table.find("GET", "/file/"), "404");
  EXPECT_EQ(table.find("GET", "/file"), "404");
}

TEST(Router, decodes_what_a_pattern_names) {
  Table table;
  table.add("GET", "/user/:id/file/:name");
  EXPECT_EQ(table.find("GET", "/user/a%2Fb/file/%E6%BC%A2+x?name=q"), "/user/:id/file/:name");
  EXPECT_EQ(table.request.param("id"), "a/b");
  EXPECT_EQ(table.request.param("name"), "\xE6\xBC\xA2+x");
}

TEST(Router, leaves_an_escape_that_cannot_be_decoded_to_the_handler) {
  Table table;
  table.add("GET", "/user/:id");
  EXPECT_EQ(table.find("GET", "/user/%zz"), "/user/:id");
  EXPECT_EQ(table.request.param("id"), "%zz");
}

TEST(Router, forgets_what_a_pattern_named_that_did_not_match) {
  Table table;
  table.add("GET", "/:a/x");
  table.add("GET", "/:b/y");
  EXPECT_EQ(table.find("GET", "/1/y"), "/:b/y");
  ASSERT_EQ(table.request.params.size(), 1u);
  EXPECT_EQ(table.request.params[0].first, "b");
}

TEST(Router, compares_a_prefix_with_the_raw_target) {
  Table table;
  Route prefix = route("", "/socket.io/");
  prefix.prefix = true;
  table.router.add(std::move(prefix));
  EXPECT_EQ(table.find("GET", "/socket.io/?EIO=4"), "/socket.io/");
  EXPECT_EQ(table.find("POST", "/socket.io/default/"), "/socket.io/");
  EXPECT_EQ(table.find("DELETE", "/socket.io/"), "/socket.io/");
  EXPECT_EQ(table.find("GET", "/socket.io?EIO=4"), "404");
  EXPECT_EQ(table.find("GET", "/Socket.IO/"), "404");
  EXPECT_EQ(table.find("GET", "/socket%2Eio/"), "404");
}

TEST(Router, sends_head_to_what_answers_get) {
  Table table;
  table.add("GET", "/a");
  table.add("POST", "/b");
  EXPECT_EQ(table.find("HEAD", "/a"), "/a");
  EXPECT_EQ(table.find("HEAD", "/b"), "404");
}

TEST(Router, answers_what_it_does_not_know_in_plain_words) {
  Router router;
  Request request;
  request.method = "GET";
  request.target = "/nothing?here=1";
  const Route* found = router.find(request);
  EXPECT_EQ(found->body_max, Route().body_max);  // What has a body is not found, either.
  std::optional<Response> response;
  found->handler(request, Reply([&response](Response answer) { response = std::move(answer); }));
  EXPECT_EQ(response->status, 404);
  EXPECT_EQ(response->body, "Cannot GET /nothing");
}

TEST(Router, lets_a_fallback_answer_what_it_does_not_know) {
  Table table;
  bool is_called = false;
  table.router.set_fallback([&is_called](Request, Reply) { is_called = true; });
  EXPECT_EQ(table.find("GET", "/x"), "404");
  table.router.find(table.request)->handler(Request(), Reply());
  EXPECT_TRUE(is_called);
}

TEST(Router, closes_the_connection_with_every_refusal) {
  Router router;
  const Response plain = router.refuse(Request(), 431, "too large");
  EXPECT_EQ(plain.status, 431);
  EXPECT_EQ(plain.body, "too large");
  EXPECT_TRUE(plain.close);
  router.set_refusal([](const Request& request, int status, std::string_view reason) {
    return text_response(status, request.method + ":" + std::string(reason));
  });
  Request request;
  request.method = "PUT";
  const Response own = router.refuse(request, 408, "slow");
  EXPECT_EQ(own.body, "PUT:slow");
  EXPECT_TRUE(own.close);
}

TEST(Router, lists_its_routes) {
  Router router;
  std::vector<Route> routes;
  routes.push_back(route("GET", "/:a"));
  routes.push_back(route("GET", "/b"));
  router.add(std::move(routes));
  ASSERT_EQ(router.routes().size(), 2u);
  EXPECT_EQ(router.routes()[0].pattern, "/b");
}

}  // namespace
}  // namespace coterie::net
