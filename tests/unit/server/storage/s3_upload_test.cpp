// SPDX-License-Identifier: MIT
#include "storage/s3_upload.hpp"

#include <gtest/gtest.h>

#include "base/blocking.hpp"
#include "support/scripted_s3.hpp"
#include "support/temp_folder.hpp"
#include "support/together.hpp"

namespace coterie::tests {
namespace {

using storage::s3_part_bytes;
using storage::S3Upload;
using storage::Spool;
using Lines = std::vector<std::string>;

constexpr std::string_view png_head = "\x89PNG\r\n\x1A\n";
const std::string begun = "<R><UploadId>u1</UploadId></R>";
const std::string begins = "POST image/abc uploads= image/png";
const std::string aborts = "DELETE image/abc uploadId=u1";
const std::string completes = "POST image/abc uploadId=u1 application/xml";

std::string part(int number) {
  return "PUT image/abc partNumber=" + std::to_string(number) + " uploadId=u1";
}

class S3UploadTest : public testing::Test {
 protected:
  std::unique_ptr<S3Upload> begin() {
    return std::make_unique<S3Upload>(s3, *Spool::open(folder.string()), "image/abc");
  }
  // A picture of that many bytes, in pieces as HTTP brings them.
  Result<void> write(S3Upload& upload, std::size_t size) {
    std::string piece(png_head);
    piece.resize(64 * 1024, 'x');
    for (std::size_t left = size; left > 0;) {
      const std::size_t length = std::min(left, piece.size());
      if (auto written = upload.write(std::string_view(piece).substr(0, length)); !written) {
        return written;
      }
      left -= length;
    }
    return {};
  }

  const AllowBlocking blocking;
  const TempFolder folder;
  FakeClock clock;
  ScriptedS3 s3{clock};
};

TEST_F(S3UploadTest, a_small_file_is_put_at_once_with_the_type_of_its_content) {
  s3.say(200);
  const auto upload = begin();
  for (const char byte : png_head) ASSERT_TRUE(upload->write(std::string_view(&byte, 1)));
  EXPECT_EQ(s3.asked, Lines());
  ASSERT_TRUE(upload->commit());
  EXPECT_EQ(s3.asked, Lines{"PUT image/abc image/png"});
  EXPECT_EQ(s3.bodies, Lines{std::string(png_head)});
}

TEST_F(S3UploadTest, a_file_of_exactly_one_part_is_put_at_once) {
  s3.say(200);
  const auto upload = begin();
  ASSERT_TRUE(write(*upload, s3_part_bytes));
  ASSERT_TRUE(upload->commit());
  EXPECT_EQ(s3.asked, Lines{"PUT image/abc image/png"});
  EXPECT_EQ(s3.bodies[0].size(), s3_part_bytes);
}

TEST_F(S3UploadTest, a_larger_file_goes_in_parts_and_is_put_together_in_the_end) {
  s3.say(200, begun);
  s3.say(200, "", "\"first\"");
  s3.say(200, "", "\"second\"");
  s3.say(200, "", "\"third\"");
  s3.say(200, "<CompleteMultipartUploadResult/>");
  {
    const auto upload = begin();
    ASSERT_TRUE(write(*upload, 2 * s3_part_bytes + 1));
    EXPECT_EQ(s3.asked, (Lines{begins, part(1), part(2)}));
    ASSERT_TRUE(upload->commit());
  }
  EXPECT_EQ(s3.asked, (Lines{begins, part(1), part(2), part(3), completes}));
  EXPECT_EQ(s3.bodies[1].size(), s3_part_bytes);
  EXPECT_EQ(s3.bodies[3].size(), 1U);
  EXPECT_TRUE(s3.bodies[1].starts_with(png_head));
  EXPECT_EQ(s3.bodies[1], s3.bodies[2]);  // Our pieces divide a part evenly.
  EXPECT_NE(s3.bodies[4].find("<PartNumber>3</PartNumber><ETag>&quot;third&quot;</ETag>"),
            std::string::npos);
}

TEST_F(S3UploadTest, a_part_that_fails_is_sent_again_with_the_same_bytes) {
  s3.say(200, begun);
  s3.say_nothing();
  s3.say(503, "<Error><Code>SlowDown</Code></Error>");
  s3.say(200, "", "\"first\"");
  s3.say(200, "", "\"second\"");
  s3.say(200);
  const auto upload = begin();
  ASSERT_TRUE(write(*upload, s3_part_bytes + 7));
  ASSERT_TRUE(upload->commit());
  EXPECT_EQ(s3.asked, (Lines{begins, part(1), part(1), part(1), part(2), completes}));
  EXPECT_EQ(s3.bodies[1], s3.bodies[2]);
  EXPECT_EQ(s3.bodies[1], s3.bodies[3]);
  EXPECT_EQ(s3.pauses, 2);
}

TEST_F(S3UploadTest, a_part_is_given_up_after_three_attempts_and_all_with_it) {
  s3.say(200, begun);
  for (int i = 0; i < 3; ++i) s3.say(500);
  s3.say(204);
  {
    const auto upload = begin();
    EXPECT_EQ(code_of(write(*upload, 2 * s3_part_bytes)), "files_unavailable");
    EXPECT_EQ(code_of(upload->write("more")), "files_unavailable");
    EXPECT_EQ(code_of(upload->commit()), "files_unavailable");
  }
  EXPECT_EQ(s3.asked, (Lines{begins, part(1), part(1), part(1), aborts}));
}

TEST_F(S3UploadTest, what_is_given_up_is_aborted_and_never_put) {
  {
    const auto upload = begin();
    ASSERT_TRUE(write(*upload, 1000));
  }
  EXPECT_EQ(s3.asked, Lines());
  s3.say(200, begun);
  s3.say(200, "", "\"first\"");
  s3.say(204);
  {
    const auto upload = begin();
    ASSERT_TRUE(write(*upload, s3_part_bytes + 1));
  }
  EXPECT_EQ(s3.asked, (Lines{begins, part(1), aborts}));
}

TEST_F(S3UploadTest, a_refusal_is_not_tried_again) {
  s3.say(403, "<Error><Code>AccessDenied</Code><Message>No.</Message></Error>");
  const auto upload = begin();
  ASSERT_TRUE(write(*upload, 1000));
  const auto committed = upload->commit();
  EXPECT_EQ(code_of(committed), "files_unavailable");
  EXPECT_NE(committed.error().detail.find("403 AccessDenied: No."), std::string::npos);
  EXPECT_EQ(s3.asked.size(), 1U);
}

// S3 says 200 before it begins to put large files together.
TEST_F(S3UploadTest, an_error_inside_of_a_200_is_an_error) {
  s3.say(200, begun);
  s3.say(200, "", "\"first\"");
  s3.say(200, "", "\"second\"");
  for (int i = 0; i < 3; ++i) s3.say(200, "<Error><Code>InternalError</Code></Error>");
  s3.say(204);
  {
    const auto upload = begin();
    ASSERT_TRUE(write(*upload, s3_part_bytes + 1));
    EXPECT_EQ(code_of(upload->commit()), "files_unavailable");
  }
  EXPECT_EQ(s3.asked.back(), aborts);
}

TEST_F(S3UploadTest, an_answer_that_was_lost_does_not_undo_what_was_put_together) {
  s3.say(200, begun);
  s3.say(200, "", "\"first\"");
  s3.say(200, "", "\"second\"");
  s3.say_nothing();
  s3.say(404, "<Error><Code>NoSuchUpload</Code></Error>");
  s3.say(200);  // But the file is there.
  {
    const auto upload = begin();
    ASSERT_TRUE(write(*upload, s3_part_bytes + 1));
    EXPECT_TRUE(upload->commit());
  }
  EXPECT_EQ(s3.asked.back(), "HEAD image/abc");
}

TEST_F(S3UploadTest, the_spool_has_no_name) {
  const auto upload = begin();
  ASSERT_TRUE(write(*upload, 100'000));
  EXPECT_EQ(files_below(folder.string()), Lines());
}

TEST_F(S3UploadTest, without_a_folder_there_is_no_spool) {
  EXPECT_EQ(code_of(Spool::open(folder / "not-there")), "storage_failed");
}

}  // namespace
}  // namespace coterie::tests
