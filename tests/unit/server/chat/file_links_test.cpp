// SPDX-License-Identifier: MIT
#include "chat/file_links.hpp"

#include <gtest/gtest.h>

#include "storage/files.hpp"
#include "storage/s3_blob_store.hpp"
#include "support/house.hpp"
#include "support/scripted_s3.hpp"

namespace coterie::tests {
namespace {

using namespace std::chrono_literals;
using storage::File;

class FileLinksTest : public House {
 protected:
  void SetUp() override {
    House::SetUp();
    const auto alice = add_actor("alice1");
    add_file(alice, chat::FileKind::avatar);  // Takes the first id.
    file.create_at = file.update_at = clock.wall();
    file.path = "image/abc";
    file.type = "image";
    file.thumbnail = "thumbnail/abc";
    file.create_by_id = alice.user_id;
    links.make(file);
    ASSERT_TRUE(database.write([&](storage::Driver& db) -> Result<void> {
      storage::insert_file(db, file);
      return {};
    }));
    links.set_on_renewed([this] { ++renewals; });
  }

  File stored() {
    return *database.read(
        [&](storage::Driver& db) -> Result<File> { return *storage::find_file(db, file.id); });
  }
  File shown() {
    File row = stored();
    links.fill(row);
    return row;
  }

  storage::S3BlobStore bucket{
      {{"http://s3.local", "http://s3.local", "chat", {"k", "s", "us-east-1"}, true}, ""},
      std::make_unique<ScriptedS3>(clock),
      clock};
  chat::FileLinks links{database, bucket, clock};
  File file;
  int renewals = 0;
};

TEST_F(FileLinksTest, a_kept_link_is_the_same_for_a_day_and_so_is_its_thumbnails) {
  EXPECT_TRUE(file.url.starts_with("http://s3.local/chat/image/abc?"));
  for (const auto wait : {0h, 1h, 22h}) {
    clock.advance(wait);
    EXPECT_EQ(shown().url, file.url);
    EXPECT_EQ(shown().thumbnail_url, file.thumbnail_url);
  }
  EXPECT_EQ(renewals, 0);
}

TEST_F(FileLinksTest, an_old_link_is_renewed_at_once_and_its_row_follows) {
  clock.advance(24h);
  const File first = shown();
  EXPECT_NE(first.url, file.url);
  EXPECT_EQ(first.url, bucket.url("image/abc"));
  EXPECT_EQ(first.thumbnail_url, bucket.url("thumbnail/abc"));
  EXPECT_EQ(first.update_at, file.update_at);
  EXPECT_EQ(stored().url, file.url);

  clock.advance(1s);
  EXPECT_EQ(shown().url, first.url);  // Not stored yet, but the same.
  EXPECT_EQ(renewals, 1);
  ASSERT_TRUE(links.store());
  EXPECT_EQ(stored().url, first.url);
  EXPECT_EQ(stored().update_at, clock.wall());
  EXPECT_EQ(shown().url, first.url);
  EXPECT_EQ(renewals, 1);

  clock.advance(24h);
  EXPECT_NE(shown().url, first.url);
  EXPECT_EQ(renewals, 2);
}

TEST_F(FileLinksTest, a_link_to_another_place_is_replaced_whatever_its_age) {
  ASSERT_TRUE(database.write([&](storage::Driver& db) -> Result<void> {
    storage::renew_file_url(db, file.id, "http://old.example/chat/image/abc?x", clock.wall());
    return {};
  }));
  EXPECT_TRUE(shown().url.starts_with("http://s3.local/chat/image/abc?"));
  EXPECT_EQ(renewals, 1);
}

TEST_F(FileLinksTest, nobody_who_is_shown_one_has_less_than_minutes_left) {
  clock.advance(24h - 9min);
  EXPECT_NE(shown().url, file.url);
}

TEST_F(FileLinksTest, storing_nothing_is_fine_and_what_cannot_be_stored_is_renewed_again) {
  EXPECT_TRUE(links.store());
  clock.advance(25h);
  shown();
  ASSERT_TRUE(database.write([&](storage::Driver& db) -> Result<void> {
    db.run(R"(ALTER TABLE "file" RENAME COLUMN "url" TO "link")");
    return {};
  }));
  EXPECT_FALSE(links.store());
  EXPECT_TRUE(links.store());
}

TEST_F(FileLinksTest, a_store_that_keeps_no_links_leaves_rows_alone) {
  chat::FileLinks local(database, blobs, clock);
  File row = stored();
  local.fill(row);
  EXPECT_EQ(row.url, blobs.url("image/abc"));
  EXPECT_EQ(row.thumbnail_url, blobs.url("thumbnail/abc"));
  EXPECT_TRUE(local.store());
  EXPECT_EQ(stored().url, file.url);
}

}  // namespace
}  // namespace coterie::tests
