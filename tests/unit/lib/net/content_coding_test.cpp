// SPDX-License-Identifier: MIT
#include "net/content_coding.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace coterie::net {
namespace {

TEST(ContentCoding, is_the_one_that_the_request_wants_most) {
  using enum ContentCoding;
  const std::vector<std::pair<std::string, ContentCoding>> cases{
      {"", identity},
      {"gzip", gzip},
      {"x-gzip", gzip},
      {"GZip", gzip},
      {"deflate", deflate},
      {"br", identity},
      {"gzip, deflate", gzip},
      {"deflate, gzip", gzip},
      {"gzip, deflate, br, zstd", gzip},
      {"gzip;q=0", identity},
      {"gzip;q=0.000", identity},
      {"gzip;q=0, deflate", deflate},
      {"gzip;q=0.5, deflate;q=0.8", deflate},
      {"gzip ; q=0.5 , deflate ; Q=0.501", deflate},
      {"gzip;q=1.000, deflate;q=0.999", gzip},
      {"*", gzip},
      {"*;q=0", identity},
      {"gzip;q=0, *", deflate},
      {"gzip;q=0, deflate;q=0, *", identity},
      {"deflate;q=0.1, *;q=0", deflate},
      {"identity", identity},
      {"identity, gzip", gzip},
      {"identity;q=1, gzip;q=0.5", identity},
      {"identity;q=0.5, gzip;q=0.5", gzip},
      {"identity;q=0", identity},
      // What is malformed is passed over, and nothing else with it.
      {"gzip;q=2", identity},
      {"gzip;q=1.001", identity},
      {"gzip;q=0.1234", identity},
      {"gzip;q=-1", identity},
      {"gzip;q=x, deflate", deflate},
      {"gzip;q=", identity},
      {"gzip;q", identity},
      {"gzip;level=9", identity},
      {"gzip;q=1;q=1", identity},
      {"gzip=1", identity},
      {"gzip deflate", identity},
      {",,gzip,", gzip},
      {";q=1, deflate", deflate},
      {"\"gzip\", deflate", deflate},
      {"constructor, __proto__", identity},
      {std::string(16'000, ','), identity},
  };
  for (const auto& [accepted, coding] : cases) {
    EXPECT_EQ(preferred_coding({{"Accept-Encoding", accepted}}), coding) << accepted;
  }
}

TEST(ContentCoding, is_none_for_a_request_that_names_none) {
  EXPECT_EQ(preferred_coding({}), ContentCoding::identity);
  EXPECT_EQ(preferred_coding({{"Accept", "gzip"}}), ContentCoding::identity);
}

TEST(ContentCoding, is_chosen_from_several_fields) {
  EXPECT_EQ(preferred_coding({{"accept-encoding", "br"}, {"Accept-Encoding", "deflate"}}),
            ContentCoding::deflate);
}

Response encoded(std::string body, ContentCoding coding) {
  Response response = text_response(200, std::move(body));
  encode_body(response, coding);
  EXPECT_EQ(response.fields.get("Vary"), "Accept-Encoding");
  return response;
}

TEST(ContentCoding, is_told_in_the_fields) {
  const std::string body(2000, 'x');
  const Response gzip = encoded(body, ContentCoding::gzip);
  EXPECT_EQ(gzip.fields.get("Content-Encoding"), "gzip");
  EXPECT_EQ(gzip.body.substr(0, 3), "\x1F\x8B\x08");
  EXPECT_LT(gzip.body.size(), 100u);
  const Response deflate = encoded(body, ContentCoding::deflate);
  EXPECT_EQ(deflate.fields.get("Content-Encoding"), "deflate");
  EXPECT_EQ(deflate.body.front(), '\x78');
  EXPECT_LT(deflate.body.size(), 100u);
}

TEST(ContentCoding, leaves_a_body_that_would_get_no_shorter) {
  for (const auto coding : {ContentCoding::gzip, ContentCoding::deflate, ContentCoding::identity}) {
    const Response response = encoded("short", coding);
    EXPECT_EQ(response.body, "short");
    EXPECT_FALSE(response.fields.has("Content-Encoding"));
  }
  EXPECT_EQ(encoded(std::string(2000, 'x'), ContentCoding::identity).body.size(), 2000u);
}

// `text` as gzip or deflate, as an answer of ours would be.
std::string coded(const std::string& text, ContentCoding coding) {
  Response response;
  response.body = text;
  encode_body(response, coding);
  EXPECT_TRUE(response.fields.has("Content-Encoding"));
  return response.body;
}

std::string decoded(std::string_view body, std::size_t bytes_max = 1 << 20) {
  const auto plain = decode_body(body, bytes_max);
  return plain ? *plain : std::string(plain.error().code);
}

TEST(DecodeBody, takes_either_coding) {
  const std::string text = std::string(5000, 'x') + "end";
  for (const auto coding : {ContentCoding::gzip, ContentCoding::deflate}) {
    EXPECT_EQ(decoded(coded(text, coding)), text);
  }
}

TEST(DecodeBody, has_a_bound_that_may_be_reached_but_not_passed) {
  for (const std::size_t size : {1023U, 1024U, 1025U, 4096U, 5000U}) {
    const std::string body = coded(std::string(size, 'x'), ContentCoding::gzip);
    EXPECT_EQ(decoded(body, size).size(), size);
    EXPECT_EQ(decoded(body, size - 1), "too_big");
  }
  EXPECT_EQ(decoded(coded(std::string(1 << 20, 'x'), ContentCoding::gzip), 1000), "too_big");
}

TEST(DecodeBody, refuses_what_is_broken_off_goes_on_or_is_none) {
  const std::string whole = coded(std::string(5000, 'x'), ContentCoding::gzip);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_EQ(decoded(whole.substr(0, size)), "bad_data") << size;
  }
  EXPECT_EQ(decoded(whole + "x"), "bad_data");
  EXPECT_EQ(decoded("not gzip at all"), "bad_data");
  std::string altered = whole;
  altered[altered.size() - 6] ^= 1;  // Its checksum.
  EXPECT_EQ(decoded(altered), "bad_data");
}

}  // namespace
}  // namespace coterie::net
