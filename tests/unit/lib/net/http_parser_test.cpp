// SPDX-License-Identifier: MIT
#include "net/http_parser.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace coterie::net {
namespace {

// One request, fed as a connection feeds it: what the parser leaves comes again, with more behind.
struct Parsed {
  int status = 0;  // Of the failure; 0: none.
  bool has_head = false;
  bool is_done = false;
  std::string body;
  std::string rest;  // Not used up.
  Request request;
  bool keep_alive = false;
  bool has_body = false;
  std::optional<std::uint64_t> content_length;
};

void use(HttpParser& parser, Parsed& parsed, std::string& pending) {
  const auto on_body = [&parsed](std::string_view piece) { parsed.body.append(piece); };
  while (parsed.status == 0 && !parsed.is_done) {
    const auto used =
        parsed.has_head ? parser.feed_body(pending, on_body) : parser.feed_head(pending);
    if (!used) {
      parsed.status = used.error().status;
      EXPECT_FALSE(used.error().reason.empty());
      return;
    }
    pending.erase(0, *used);
    const bool had_head = std::exchange(parsed.has_head, parser.has_head());
    if (!had_head && parsed.has_head) {
      parsed.keep_alive = parser.keep_alive();
      parsed.has_body = parser.has_body();
      parsed.content_length = parser.content_length();
      parsed.request = parser.take_request();
    }
    parsed.is_done = parser.is_done();
    if (*used == 0 && had_head == parsed.has_head) return;
  }
}

Parsed parse(std::string_view text, std::size_t piece_size, const HttpLimits& limits = {}) {
  HttpParser parser(limits);
  Parsed parsed;
  std::string pending;
  for (std::size_t at = 0; at < text.size(); at += piece_size) {
    const std::string_view piece = text.substr(at, piece_size);
    pending.append(piece);
    use(parser, parsed, pending);
    if (parsed.status != 0) break;
    if (parsed.is_done) {
      pending.append(text.substr(at + piece.size()));
      break;
    }
  }
  parsed.rest = pending;
  return parsed;
}

// However it arrives, it means the same; but what is malformed may go unnoticed until its end
// comes.
Parsed parse(std::string_view text, const HttpLimits& limits = {}) {
  const Parsed whole = parse(text, text.size(), limits);
  for (const std::size_t size : {1u, 2u, 3u, 7u, 64u}) {
    const Parsed cut = parse(text, size, limits);
    EXPECT_EQ(cut.is_done, whole.is_done) << "in pieces of " << size;
    if (whole.status != 0) {
      EXPECT_TRUE(cut.status == whole.status || cut.status == 0) << "in pieces of " << size;
    } else {
      EXPECT_EQ(cut.status, 0) << "in pieces of " << size;
      EXPECT_EQ(cut.body, whole.body) << "in pieces of " << size;
      EXPECT_EQ(cut.rest, whole.rest) << "in pieces of " << size;
      EXPECT_EQ(cut.request.target, whole.request.target);
    }
  }
  return whole;
}

std::string get(std::string_view fields) {
  return "GET / HTTP/1.1\r\n" + std::string(fields) + "\r\n";
}
std::string post(std::string_view fields, std::string_view body = "") {
  return "POST / HTTP/1.1\r\nHost: a\r\n" + std::string(fields) + "\r\n" + std::string(body);
}

TEST(HttpParser, reads_a_request_without_a_body) {
  const Parsed parsed = parse("GET /a?b=1 HTTP/1.1\r\nHost: a\r\nX-Y:  spaced \t\r\n\r\n");
  EXPECT_EQ(parsed.status, 0);
  EXPECT_TRUE(parsed.is_done);
  EXPECT_FALSE(parsed.has_body);
  EXPECT_TRUE(parsed.keep_alive);
  EXPECT_EQ(parsed.request.method, "GET");
  EXPECT_EQ(parsed.request.target, "/a?b=1");
  EXPECT_EQ(parsed.request.fields.get("x-y"), "spaced");
  EXPECT_EQ(parsed.request.fields.size(), 2u);
}

TEST(HttpParser, reads_methods_it_has_never_heard_of) {
  EXPECT_EQ(parse("BREW / HTTP/1.1\r\nHost: a\r\n\r\n").request.method, "BREW");
}

TEST(HttpParser, reads_a_body_of_known_length) {
  const Parsed parsed = parse(post("Content-Length: 11\r\n", "hello world"));
  EXPECT_TRUE(parsed.is_done);
  EXPECT_TRUE(parsed.has_body);
  EXPECT_EQ(parsed.content_length, 11u);
  EXPECT_EQ(parsed.body, "hello world");
}

TEST(HttpParser, takes_a_length_of_nothing_for_no_body) {
  const Parsed parsed = parse(post("Content-Length: 0\r\n"));
  EXPECT_TRUE(parsed.is_done);
  EXPECT_FALSE(parsed.has_body);
}

TEST(HttpParser, waits_for_the_whole_body) {
  const Parsed parsed = parse(post("Content-Length: 11\r\n", "hello"));
  EXPECT_TRUE(parsed.has_head);
  EXPECT_FALSE(parsed.is_done);
  EXPECT_EQ(parsed.body, "hello");
}

TEST(HttpParser, reads_a_body_in_chunks) {
  const Parsed parsed = parse(
      post("Transfer-Encoding: Chunked\r\n", "5\r\nhello\r\nA;x=\"y\"\r\n worldwide\r\n0\r\n\r\n"));
  EXPECT_EQ(parsed.status, 0);
  EXPECT_TRUE(parsed.is_done);
  EXPECT_TRUE(parsed.has_body);
  EXPECT_EQ(parsed.content_length, std::nullopt);
  EXPECT_EQ(parsed.body, "hello worldwide");
}

TEST(HttpParser, reads_fields_behind_the_last_chunk) {
  const Parsed parsed =
      parse(post("Transfer-Encoding: chunked\r\n", "1\r\nx\r\n0\r\nTrailer: y\r\n\r\nGET"));
  EXPECT_TRUE(parsed.is_done);
  EXPECT_EQ(parsed.body, "x");
  EXPECT_EQ(parsed.rest, "GET");
}

TEST(HttpParser, reads_an_empty_body_in_chunks) {
  const Parsed parsed = parse(post("Transfer-Encoding: chunked\r\n", "0\r\n\r\n"));
  EXPECT_TRUE(parsed.is_done);
  EXPECT_TRUE(parsed.has_body);
  EXPECT_EQ(parsed.body, "");
}

TEST(HttpParser, refuses_malformed_chunks) {
  for (const char* body :
       {"x\r\n\r\n", "-1\r\n\r\n", "5\r\nhelloworld\r\n", "\r\n0\r\n\r\n", "5 hello\r\n",
        "5;\n\r\nhello\r\n", "fffffffffffffffff\r\n", "0x5\r\n\r\n", "05 x\r\nhello\r\n",
        "5\rhello\r\n", "0\r\nContent-Length: 5\r\n\r\n", "0\r\nno colon\r\n\r\n"}) {
    const Parsed parsed = parse(post("Transfer-Encoding: chunked\r\n", body));
    EXPECT_EQ(parsed.status, 400) << body;
  }
  EXPECT_FALSE(parse(post("Transfer-Encoding: chunked\r\n", "5\nhello\n0\n\n")).is_done);
}

// What is not used up must be kept: it may not be as long as the client likes.
TEST(HttpParser, bounds_what_stands_between_chunks) {
  HttpLimits limits;
  limits.head_bytes_max = 1000;
  const std::string head = post("Transfer-Encoding: chunked\r\n");
  EXPECT_NE(parse(head + "1;" + std::string(2000, 'x'), limits).status, 0);
  EXPECT_NE(parse(head + "1" + std::string(2000, '0'), limits).status, 0);
  EXPECT_NE(parse(head + "0\r\nX: " + std::string(2000, 'x'), limits).status, 0);
}

TEST(HttpParser, leaves_what_belongs_to_the_next_request) {
  const std::string next = "GET /next HTTP/1.1\r\n";
  EXPECT_EQ(parse(get("Host: a\r\n") + next).rest, next);
  EXPECT_EQ(parse(post("Content-Length: 2\r\n", "hi") + next).rest, next);
  EXPECT_EQ(parse(post("Transfer-Encoding: chunked\r\n", "2\r\nhi\r\n0\r\n\r\n") + next).rest,
            next);
}

TEST(HttpParser, refuses_a_length_together_with_chunks) {
  EXPECT_EQ(parse(post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n")).status, 400);
  EXPECT_EQ(parse(post("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n")).status, 400);
}

TEST(HttpParser, refuses_two_lengths_that_differ) {
  EXPECT_EQ(parse(post("Content-Length: 5\r\nContent-Length: 6\r\n")).status, 400);
  EXPECT_EQ(parse(post("Content-Length: 5, 6\r\n")).status, 400);
}

TEST(HttpParser, refuses_a_length_that_is_no_number) {
  for (const char* length : {"", "x", "-1", "+1", "1x", "0x1", "1 1", "18446744073709551616"}) {
    EXPECT_EQ(parse(post("Content-Length: " + std::string(length) + "\r\n")).status, 400) << length;
  }
}

TEST(HttpParser, refuses_every_coding_but_chunked) {
  for (const char* coding : {"gzip", "gzip, chunked", "chunked, chunked", "chunked, gzip",
                             "identity", "xchunked", "chunkedx", "\"chunked\""}) {
    const Parsed parsed = parse(post("Transfer-Encoding: " + std::string(coding) + "\r\n"));
    EXPECT_TRUE(parsed.status == 501 || parsed.status == 400) << coding << " " << parsed.status;
  }
  EXPECT_EQ(parse(post("Transfer-Encoding: gzip\r\n")).status, 501);
}

TEST(HttpParser, refuses_bare_line_feeds) {
  EXPECT_EQ(parse("GET / HTTP/1.1\nHost: a\n\n").status, 400);
  EXPECT_EQ(parse("GET / HTTP/1.1\r\nHost: a\n\r\n").status, 400);
  EXPECT_EQ(parse("GET / HTTP/1.1\r\nHost: a\r\nX: y\nContent-Length: 5\r\n\r\n").status, 400);
}

TEST(HttpParser, refuses_a_bare_carriage_return) {
  EXPECT_EQ(parse("GET / HTTP/1.1\r\nHost: a\r\nX: y\rz\r\n\r\n").status, 400);
}

TEST(HttpParser, refuses_malformed_fields) {
  for (const char* field : {"No colon\r\n", ": x\r\n", "A : x\r\n", " A: x\r\n", "A\x01: x\r\n",
                            "A: \x01\r\n", "A(: x\r\n"}) {
    EXPECT_EQ(parse(get(field + std::string("Host: a\r\n"))).status, 400) << field;
  }
  EXPECT_EQ(parse(get(std::string("Host: a\r\nX: \0\r\n", 14))).status, 400);
}

TEST(HttpParser, refuses_malformed_first_lines) {
  for (const char* line :
       {"GET /", "GET", "GET / HTTP/1.1 x", "GET / HTTP/2", "GET / HTTP/1.10", "GET / http/1.1",
        "GET  / HTTP/1.1", "G\x01T / HTTP/1.1", " GET / HTTP/1.1", "GET / HTTP/1.1 ",
        "GET /\x01 HTTP/1.1", "\x16\x03\x01\x02"}) {
    EXPECT_EQ(parse(line + std::string("\r\nHost: a\r\n\r\n")).status, 400) << line;
  }
}

TEST(HttpParser, speaks_http_1_1_and_1_0_only) {
  EXPECT_EQ(parse("GET / HTTP/1.0\r\n\r\n").status, 0);
  EXPECT_EQ(parse("GET / HTTP/0.9\r\nHost: a\r\n\r\n").status, 400);
  EXPECT_EQ(parse("GET / HTTP/1.2\r\nHost: a\r\n\r\n").status, 400);
  EXPECT_EQ(parse("GET / HTTP/2.0\r\nHost: a\r\n\r\n").status, 400);
}

TEST(HttpParser, wants_exactly_one_host) {
  EXPECT_EQ(parse("GET / HTTP/1.1\r\n\r\n").status, 400);
  EXPECT_EQ(parse(get("Host: a\r\nHost: a\r\n")).status, 400);
  EXPECT_EQ(parse(get("Host: a\r\nhOST: b\r\n")).status, 400);
  EXPECT_EQ(parse(get("Host:\r\n")).status, 0);
  EXPECT_EQ(parse("GET / HTTP/1.0\r\n\r\n").status, 0);
  EXPECT_EQ(parse("GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n").status, 400);
}

TEST(HttpParser, wants_a_target_that_begins_with_a_slash) {
  EXPECT_EQ(parse("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n").status, 400);
  EXPECT_EQ(parse("GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n").status, 400);
  EXPECT_EQ(parse("CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n").status, 400);
  EXPECT_EQ(parse("GET //a HTTP/1.1\r\nHost: a\r\n\r\n").status, 0);
}

TEST(HttpParser, counts_fields) {
  const auto with = [](int count) {
    std::string fields = "Host: a\r\n";
    for (int i = 1; i < count; ++i) fields += "X: y\r\n";
    return get(fields);
  };
  EXPECT_EQ(parse(with(128)).status, 0);
  EXPECT_EQ(parse(with(129)).status, 431);
  EXPECT_EQ(parse(with(2000)).status, 431);
}

TEST(HttpParser, bounds_the_size_of_a_head) {
  HttpLimits limits;
  limits.head_bytes_max = 1000;
  const auto with = [](std::size_t size) {
    const std::string head = get("Host: a\r\nX: \r\n");
    return get("Host: a\r\nX: " + std::string(size - head.size(), 'x') + "\r\n");
  };
  EXPECT_EQ(parse(with(900), limits).status, 0);
  EXPECT_EQ(parse(with(1100), limits).status, 431);
  EXPECT_EQ(parse("GET /" + std::string(2000, 'a'), limits).status, 431);
  EXPECT_EQ(parse("GET / HTTP/1.1\r\nHost: " + std::string(2000, 'a'), limits).status, 431);
  EXPECT_EQ(parse(std::string(2000, 'A'), limits).status, 431);
}

TEST(HttpParser, bounds_the_size_of_all_fields_together_however_they_arrive) {
  HttpLimits limits;
  limits.head_bytes_max = 1000;
  std::string fields = "Host: a\r\n";
  for (int i = 0; i < 20; ++i) fields += "X: " + std::string(95, 'x') + "\r\n";
  for (const std::size_t size : {1u, 10u, 100u, 10'000u}) {
    EXPECT_EQ(parse(get(fields), size, limits).status, 431) << "in pieces of " << size;
  }
}

TEST(HttpParser, knows_whether_the_connection_shall_live_on) {
  EXPECT_TRUE(parse(get("Host: a\r\n")).keep_alive);
  EXPECT_FALSE(parse(get("Host: a\r\nConnection: x, Close\r\n")).keep_alive);
  EXPECT_FALSE(parse("GET / HTTP/1.0\r\n\r\n").keep_alive);
  EXPECT_TRUE(parse("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").keep_alive);
}

TEST(HttpParser, throws_a_body_away_when_nobody_wants_it) {
  HttpParser parser{HttpLimits()};
  const std::string head = post("Content-Length: 5\r\n");
  ASSERT_EQ(*parser.feed_head(head), head.size());
  EXPECT_EQ(*parser.feed_body("hello", {}), 5u);
  EXPECT_TRUE(parser.is_done());
  EXPECT_EQ(*parser.feed_body("more", {}), 0u);
}

}  // namespace
}  // namespace coterie::net
