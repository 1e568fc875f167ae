// SPDX-License-Identifier: MIT
#include "storage/s3_blob_store.hpp"

#include <gtest/gtest.h>

#include "base/blocking.hpp"
#include "support/scripted_s3.hpp"
#include "support/temp_folder.hpp"
#include "support/together.hpp"

namespace coterie::tests {
namespace {

using namespace std::chrono_literals;
using storage::S3BlobStore;
using Lines = std::vector<std::string>;

const std::string lists = "GET list-type=2 max-keys=1";

class S3BlobStoreTest : public testing::Test {
 protected:
  S3BlobStoreTest() {
    auto wire = std::make_unique<ScriptedS3>(clock);
    s3 = wire.get();
    store = std::make_unique<S3BlobStore>(
        S3BlobStore::Options{
            {"http://10.0.0.1:9000", "https://files.example.org", "chat", {"k", "s", region}, true},
            folder.string()},
        std::move(wire), clock);
  }

  const AllowBlocking blocking;
  const TempFolder folder;
  FakeClock clock;
  const std::string region = "eu-central-1";
  ScriptedS3* s3 = nullptr;
  std::unique_ptr<S3BlobStore> store;
};

TEST_F(S3BlobStoreTest, a_bucket_that_is_there_is_left_alone) {
  s3->say(200, "<ListBucketResult/>");
  EXPECT_TRUE(store->prepare());
  EXPECT_EQ(s3->asked, Lines{lists});
}

TEST_F(S3BlobStoreTest, a_missing_bucket_is_made_in_its_region) {
  s3->say(404, "<Error><Code>NoSuchBucket</Code></Error>");
  s3->say(200);
  EXPECT_TRUE(store->prepare());
  EXPECT_EQ(s3->asked, (Lines{lists, "PUT"}));
  EXPECT_NE(s3->bodies[1].find("<LocationConstraint>eu-central-1<"), std::string::npos);
}

TEST_F(S3BlobStoreTest, another_server_may_make_the_bucket_first) {
  s3->say(404);
  s3->say(409, "<Error><Code>BucketAlreadyOwnedByYou</Code></Error>");
  EXPECT_TRUE(store->prepare());
}

TEST_F(S3BlobStoreTest, a_refusal_at_the_start_says_which_bucket_and_why) {
  s3->say(403,
          "<Error><Code>SignatureDoesNotMatch</Code><Message>Check your key.</Message></Error>");
  const auto refused = store->prepare();
  EXPECT_EQ(code_of(refused), "bad_setting");
  EXPECT_EQ(refused.error().detail,
            "S3 bucket chat at http://10.0.0.1:9000 cannot be used: 403 SignatureDoesNotMatch "
            "Check your key.");
  s3->say(404);
  s3->say(409, "<Error><Code>BucketAlreadyExists</Code></Error>");
  EXPECT_EQ(code_of(store->prepare()), "bad_setting");
}

TEST_F(S3BlobStoreTest, a_server_that_is_late_is_waited_for) {
  for (int i = 0; i < 9; ++i) s3->say_nothing();
  s3->say(200);
  EXPECT_TRUE(store->prepare());
}

TEST_F(S3BlobStoreTest, a_server_that_does_not_come_is_given_up_after_half_a_minute) {
  const auto begin = clock.now();
  EXPECT_EQ(code_of(store->prepare()), "files_unavailable");
  EXPECT_GE(clock.now() - begin, 30s);
  EXPECT_LT(clock.now() - begin, 35s);
}

TEST_F(S3BlobStoreTest, links_are_presigned_for_a_day_at_the_public_address) {
  EXPECT_EQ(store->kept_links(), "https://files.example.org/chat");
  const std::string url = store->url("image/abc");
  EXPECT_TRUE(url.starts_with("https://files.example.org/chat/image/abc?X-Amz-Algorithm="));
  EXPECT_NE(url.find("&X-Amz-Expires=86400&"), std::string::npos);
  EXPECT_TRUE(store->place("image/abc").starts_with("http://10.0.0.1:9000/chat/image/abc?"));
  EXPECT_EQ(s3->asked, Lines());
}

TEST_F(S3BlobStoreTest, a_file_is_read_through_a_window) {
  s3->say(200);
  s3->answers.back()->size = 3'000'000;
  const auto blob = store->open("image/abc");
  ASSERT_TRUE(blob);
  s3->say(206, std::string(1024 * 1024, 'a'));
  EXPECT_EQ(*(*blob)->read(0, 3), "aaa");
  EXPECT_EQ(*(*blob)->read(1024 * 1024 - 2, 10), "aa");
  s3->say(206, std::string(10, 'z'));
  EXPECT_EQ(*(*blob)->read(2'999'990, 100), std::string(10, 'z'));
  EXPECT_EQ(*(*blob)->read(3'000'000, 100), "");
  EXPECT_EQ(s3->asked,
            (Lines{"HEAD image/abc", "GET image/abc 0-1048575", "GET image/abc 2999990-2999999"}));
}

std::string listed(std::string_view path, std::string_view time) {
  return "<Contents><Key>" + std::string(path) + "</Key><LastModified>" + std::string(time) +
         "</LastModified></Contents>";
}

TEST_F(S3BlobStoreTest, what_is_old_is_listed_page_by_page) {
  const WallTime time = std::chrono::sys_days(std::chrono::year(2026) / 11 / 24);
  s3->say(200, listed("image/old", "2026-11-23T23:59:59.999Z") +
                   listed("image/new", "2026-11-24T00:00:00.000Z") +
                   listed("no file of ours", "2020-01-01T00:00:00.000Z") +
                   listed("image/odd", "yesterday") +
                   "<IsTruncated>true</IsTruncated><NextContinuationToken>a&amp;b"
                   "</NextContinuationToken>");
  s3->say(200,
          listed("cover/older", "2025-11-24T12:00:00.000Z") + "<IsTruncated>false</IsTruncated>");
  Lines found;
  const auto listed_all = store->each_older_than(time, 7, [&](const Lines& paths) -> Result<void> {
    found.insert(found.end(), paths.begin(), paths.end());
    return {};
  });
  EXPECT_TRUE(listed_all);
  EXPECT_EQ(found, (Lines{"image/old", "cover/older"}));
  EXPECT_EQ(s3->asked, (Lines{"GET list-type=2 max-keys=7",
                              "GET list-type=2 max-keys=7 continuation-token=a&b"}));
}

TEST_F(S3BlobStoreTest, unfinished_uploads_are_aborted_unless_a_part_came_lately) {
  const WallTime time = std::chrono::sys_days(std::chrono::year(2026) / 11 / 24);
  const auto upload = [](std::string_view path, std::string_view id, std::string_view begun) {
    return "<Upload><Key>" + std::string(path) + "</Key><UploadId>" + std::string(id) +
           "</UploadId><Initiated>" + std::string(begun) + "</Initiated></Upload>";
  };
  s3->say(200, upload("image/a", "u1", "2026-11-23T00:00:00.000Z") +
                   upload("image/b", "u2", "2026-11-23T00:00:00.000Z") +
                   upload("image/c", "u3", "2026-11-24T00:00:01.000Z") +
                   upload("of others", "u4", "2020-11-24T00:00:01.000Z"));
  s3->say(200, "<Part><LastModified>2026-11-23T01:00:00.000Z</LastModified></Part>");
  s3->say(204);
  s3->say(200, "<Part><LastModified>2026-11-24T01:00:00.000Z</LastModified></Part>");
  EXPECT_TRUE(store->forget_unfinished(time));
  EXPECT_EQ(s3->asked, (Lines{"GET uploads=", "GET image/a uploadId=u1",
                              "DELETE image/a uploadId=u1", "GET image/b uploadId=u2"}));
}

}  // namespace
}  // namespace coterie::tests
