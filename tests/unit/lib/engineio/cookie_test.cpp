// SPDX-License-Identifier: MIT
#include "engineio/cookie.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

namespace coterie::engineio {
namespace {

TEST(Cookie, is_written_as_the_reference_writes_it) {
  EXPECT_EQ(set_cookie({}, "abc"), "io=abc; Path=/; HttpOnly; SameSite=Lax");
  const Cookie full{.name = "sid",
                    .path = "/chat",
                    .http_only = true,
                    .same_site = SameSite::strict,
                    .secure = true,
                    .max_age = std::chrono::seconds(0),
                    .domain = ".example.org"};
  EXPECT_EQ(set_cookie(full, "abc"),
            "sid=abc; Max-Age=0; Domain=.example.org; Path=/chat; HttpOnly; Secure; "
            "SameSite=Strict");
}

TEST(Cookie, leaves_out_what_it_is_not_given) {
  const Cookie bare{.path = "", .http_only = false, .same_site = SameSite::none};
  EXPECT_EQ(set_cookie(bare, "abc"), "io=abc; SameSite=None");
}

// The option that check() names; empty: it is content.
std::string objection(const Cookie& cookie) {
  try {
    check(cookie);
    return "";
  } catch (const std::invalid_argument& error) {
    const std::string text = error.what();
    return text.substr(0, text.find(' '));
  }
}

TEST(Cookie, refuses_names_that_could_add_attributes) {
  for (const char* name : {"io", "__Host-io", "a!#$%&'*+-.^_`|~z"}) {
    EXPECT_EQ(objection({.name = name}), "") << name;
  }
  for (const char* name : {"", "a b", "a=b", "a;b", "a,b", "a\"b", "a\nb", "\xC3\xA4"}) {
    EXPECT_EQ(objection({.name = name}), "cookie.name") << name;
  }
}

TEST(Cookie, refuses_paths_that_could_add_attributes) {
  for (const char* path : {"", "/", "/a b", "/a=b", "/~me"}) {
    EXPECT_EQ(objection({.path = path}), "") << path;
  }
  for (const char* path : {"/;Domain=evil", "/\r\nX: y", "/\t", "/\x7F", "/\xC3\xA4"}) {
    EXPECT_EQ(objection({.path = path}), "cookie.path") << path;
  }
}

TEST(Cookie, refuses_what_is_no_domain) {
  const std::string longest(63, 'a');
  for (const std::string& domain :
       {std::string(""), std::string("localhost"), std::string(".example.org"),
        std::string("a-b.c1"), std::string("127.0.0.1"), longest}) {
    EXPECT_EQ(objection({.domain = domain}), "") << domain;
  }
  for (const std::string& domain :
       {std::string("."), std::string("a..b"), std::string("a."), std::string("-a.b"),
        std::string("a-.b"), std::string("a b"), std::string("a;Secure"), std::string("a\nb"),
        std::string("a_b"), longest + "a"}) {
    EXPECT_EQ(objection({.domain = domain}), "cookie.domain") << domain;
  }
}

}  // namespace
}  // namespace coterie::engineio
