// SPDX-License-Identifier: MIT
#include "engineio/handshake.hpp"

#include <gtest/gtest.h>

#include <string>

namespace coterie::engineio {
namespace {

Handshake handshake() {
  net::Request request;
  request.remote = "::1";
  request.target = "/socket.io/?EIO=4&token=a%20b";
  request.fields = {{"Host", "example.org:3000"}, {"X-Long", "1"}, {"X", "2"}, {"x", "3"}};
  return Handshake(request, WallTime(std::chrono::milliseconds(5)));
}

TEST(Handshake, knows_the_request_that_opened_the_session) {
  EXPECT_EQ(handshake().address(), "::1");
  EXPECT_EQ(handshake().url(), "/socket.io/?EIO=4&token=a%20b");
  EXPECT_EQ(handshake().query().get("token"), "a b");
  EXPECT_EQ(handshake().issued(), WallTime(std::chrono::milliseconds(5)));
}

TEST(Handshake, knows_whether_it_came_over_tls) {
  net::Request request;
  request.remote = "127.0.0.1";
  request.target = "/socket.io/";
  EXPECT_FALSE(Handshake(request, WallTime()).secure());
  request.is_secure = true;
  EXPECT_TRUE(Handshake(request, WallTime()).secure());
  EXPECT_EQ(Handshake(request, WallTime()).address(), "127.0.0.1");
  EXPECT_EQ(Handshake(request, WallTime()).url(), "/socket.io/");
}

TEST(Handshake, finds_headers_without_regard_to_case) {
  EXPECT_EQ(handshake().header("HOST"), "example.org:3000");
  EXPECT_EQ(handshake().header("x"), "2");
  EXPECT_EQ(handshake().header("x-long"), "1");
  EXPECT_EQ(handshake().header("x-lon"), "");
  EXPECT_EQ(handshake().header("Nothing"), "");
}

TEST(Handshake, lists_headers_in_their_order) {
  std::string all;
  for (const auto& field : handshake().headers()) all += field.name + "=" + field.value + ";";
  EXPECT_EQ(all, "Host=example.org:3000;X-Long=1;X=2;x=3;");
}

TEST(Handshake, may_know_nothing) {
  const Handshake nothing;
  EXPECT_EQ(nothing.address(), "");
  EXPECT_FALSE(nothing.secure());
  EXPECT_EQ(nothing.url(), "");
  EXPECT_EQ(nothing.header("a"), "");
  EXPECT_EQ(nothing.query().size(), 0u);
  EXPECT_EQ(nothing.headers().size(), 0u);
}

TEST(Handshake, has_an_empty_query_when_the_url_has_none) {
  net::Request request;
  request.target = "/";
  EXPECT_EQ(Handshake(request, WallTime()).query().size(), 0u);
}

}  // namespace
}  // namespace coterie::engineio
