// SPDX-License-Identifier: MIT
#include "storage/s3_signature.hpp"

#include <gtest/gtest.h>

#include "storage/s3_wire.hpp"

namespace coterie::tests {
namespace {

using namespace std::chrono_literals;
using storage::percent_encode;
using storage::presign;
using storage::S3Key;
using storage::S3Place;

WallTime at(int year, unsigned month, unsigned day, std::chrono::seconds time = 0s) {
  return std::chrono::sys_days(std::chrono::year_month_day(
             std::chrono::year(year), std::chrono::month(month), std::chrono::day(day))) +
         time;
}

// The example of Amazon's "Authenticating Requests: Using Query Parameters".
TEST(S3Signature, is_that_of_the_published_example) {
  const S3Key key{"AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "us-east-1"};
  EXPECT_EQ(presign({"GET", "examplebucket.s3.amazonaws.com", "/test.txt", {}, {}}, key,
                    at(2013, 5, 24), 24h),
            "/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F"
            "20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires="
            "86400&X-Amz-SignedHeaders=host&X-Amz-Signature="
            "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404");
}

// Computed with Python's hmac and hashlib from the rules alone.
TEST(S3Signature, covers_queries_headers_and_what_must_be_encoded) {
  const S3Key key{"chat:s3", "secret+of/a=test", "eu-central-1"};
  EXPECT_EQ(presign({"PUT",
                     "127.0.0.1:9000",
                     "/pictures/image/a b~ü",
                     {{"uploadId", "a+b/c="}, {"partNumber", "7"}},
                     {{"content-type", "image/png"}}},
                    key, at(2026, 11, 24, 14h + 56min + 29s), 900s),
            "/pictures/image/a%20b~%C3%BC?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential="
            "chat%3As3%2F20261124%2Feu-central-1%2Fs3%2Faws4_request&X-Amz-Date=20261124T145629Z"
            "&X-Amz-Expires=900&X-Amz-SignedHeaders=content-type%3Bhost&partNumber=7&uploadId="
            "a%2Bb%2Fc%3D&X-Amz-Signature="
            "7aa67295d6424af7e1f8aea7a806a146a4f4082c6c8aa2850f8e05f972706e0e");
}

TEST(S3Signature, differs_with_everything_that_is_signed) {
  const S3Key key{"key", "secret", "us-east-1"};
  const auto now = at(2026, 11, 24);
  const std::string usual = presign({"GET", "host", "/b/k", {}, {}}, key, now, 1h);
  const auto signature = [](const std::string& url) { return url.substr(url.size() - 64); };
  for (const std::string& other : {
           presign({"PUT", "host", "/b/k", {}, {}}, key, now, 1h),
           presign({"GET", "host:1", "/b/k", {}, {}}, key, now, 1h),
           presign({"GET", "host", "/b/l", {}, {}}, key, now, 1h),
           presign({"GET", "host", "/b/k", {{"a", ""}}, {}}, key, now, 1h),
           presign({"GET", "host", "/b/k", {}, {{"a", "b"}}}, key, now, 1h),
           presign({"GET", "host", "/b/k", {}, {}}, {"key", "secreT", "us-east-1"}, now, 1h),
           presign({"GET", "host", "/b/k", {}, {}}, {"kez", "secret", "us-east-1"}, now, 1h),
           presign({"GET", "host", "/b/k", {}, {}}, {"key", "secret", "us-east-2"}, now, 1h),
           presign({"GET", "host", "/b/k", {}, {}}, key, now + 1s, 1h),
           presign({"GET", "host", "/b/k", {}, {}}, key, now, 2h),
       }) {
    EXPECT_NE(signature(other), signature(usual)) << other;
  }
}

TEST(S3Signature, percents_stand_for_all_but_the_unreserved) {
  EXPECT_EQ(percent_encode("azAZ09-_.~"), "azAZ09-_.~");
  EXPECT_EQ(percent_encode("a/b c+d%"), "a%2Fb%20c%2Bd%25");
  EXPECT_EQ(percent_encode("a/b c", true), "a/b%20c");
  EXPECT_EQ(percent_encode(std::string_view("\0\xFF", 2)), "%00%FF");
}

TEST(S3Signature, the_bucket_is_in_the_path_or_in_front_of_the_host) {
  S3Place place{"http://10.0.0.1:9000", "https://files.example.org", "chat", {"k", "s", "r"}, true};
  const auto address = [&](std::string_view base, std::string_view path) {
    const std::string url = s3_url(place, base, "GET", path, {}, {}, at(2026, 1, 1), 1h);
    return url.substr(0, url.find('?'));
  };
  EXPECT_EQ(address(place.endpoint, "image/a"), "http://10.0.0.1:9000/chat/image/a");
  EXPECT_EQ(address(place.public_url, "image/a"), "https://files.example.org/chat/image/a");
  EXPECT_EQ(address(place.endpoint, ""), "http://10.0.0.1:9000/chat");
  place.has_path_style = false;
  EXPECT_EQ(address(place.public_url, "image/a"), "https://chat.files.example.org/image/a");
  EXPECT_EQ(address(place.public_url, ""), "https://chat.files.example.org/");
}

}  // namespace
}  // namespace coterie::tests
