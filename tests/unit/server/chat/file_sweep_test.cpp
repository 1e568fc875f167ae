// SPDX-License-Identifier: MIT
#include "chat/file_sweep.hpp"

#include <gtest/gtest.h>

#include "storage/files.hpp"
#include "support/house.hpp"

namespace coterie::tests {
namespace {

using namespace std::chrono_literals;
using chat::FileKind;

class FileSweepTest : public House {
 protected:
  void SetUp() override {
    House::SetUp();
    alice = add_actor("alice1");
  }
  // What the sweep has removed, rows and blobs, when everything is `age` old.
  std::pair<std::int64_t, std::int64_t> sweep(std::chrono::hours age) {
    for (const std::string& path : stored_files()) {
      set_written(folder / ("files/" + path), clock.wall());
    }
    clock.advance(age);
    const auto swept = file_sweep.run();
    EXPECT_TRUE(swept) << swept.error().detail;
    return {swept->rows, swept->blobs};
  }
  std::string stray(const std::string& path) {
    auto writer = blobs.create(path);
    EXPECT_TRUE(writer && (*writer)->write("bytes") && (*writer)->commit());
    return path;
  }

  chat::Actor alice;
  chat::FileSweep file_sweep{database, blobs, clock, 24h};
  using Removed = std::pair<std::int64_t, std::int64_t>;
};

TEST_F(FileSweepTest, removes_a_cover_that_no_group_has_once_it_is_old) {
  const auto cover = add_file(alice, FileKind::cover);
  EXPECT_EQ(sweep(24h), Removed(0, 0));
  EXPECT_EQ(sweep(1h), Removed(1, 0));
  EXPECT_TRUE(stored_files().empty());
  EXPECT_EQ(count_rows("file"), 0);
}

TEST_F(FileSweepTest, leaves_what_is_in_use_however_old) {
  const auto group = add_group(alice, "garden");
  ASSERT_TRUE(accounts->set_avatar(alice, add_file(alice, FileKind::avatar).id));
  ASSERT_TRUE(conversations.send_image(alice, group.id, add_file(alice, FileKind::image).id));
  ASSERT_TRUE(conversations.send_video(alice, group.id, add_file(alice, FileKind::image).id,
                                       add_file(alice, FileKind::cover).id));
  EXPECT_EQ(sweep(1000h), Removed(0, 0));
  EXPECT_EQ(stored_files().size(), 5U);
}

TEST_F(FileSweepTest, removes_an_avatar_that_was_replaced) {
  ASSERT_TRUE(accounts->set_avatar(alice, add_file(alice, FileKind::avatar).id));
  const auto second = add_file(alice, FileKind::avatar);
  ASSERT_TRUE(accounts->set_avatar(alice, second.id));
  EXPECT_EQ(sweep(25h), Removed(1, 0));
  EXPECT_EQ(stored_files(), std::vector{second.path});
}

TEST_F(FileSweepTest, goes_through_any_number_of_rows) {
  constexpr int count = 2500;  // Two pages and a half.
  const auto filled = database.write([&](storage::Driver& db) -> Result<void> {
    for (int i = 0; i < count; ++i) {
      chat::File file;
      file.create_at = file.update_at = clock.wall();
      file.path = "cover/row" + std::to_string(i);
      file.type = "cover";
      file.create_by_id = alice.user_id;
      storage::insert_file(db, file);
    }
    return {};
  });
  ASSERT_TRUE(filled);
  EXPECT_EQ(sweep(25h), Removed(count, 0));
  EXPECT_EQ(count_rows("file"), 0);
}

TEST_F(FileSweepTest, removes_bytes_without_a_row_but_nothing_that_is_not_ours) {
  const std::string id(21, 'a');
  for (const char* type : {"avatar/", "cover/", "image/", "video/", "thumbnail/"}) stray(type + id);
  const std::vector others{stray("backup/" + id), stray("image/short")};
  EXPECT_EQ(sweep(23h), Removed(0, 0));
  EXPECT_EQ(sweep(25h), Removed(0, 5));
  EXPECT_EQ(stored_files(), others);
}

TEST_F(FileSweepTest, keeps_a_thumbnail_as_long_as_its_picture) {
  const auto group = add_group(alice, "garden");
  const auto image = add_file(alice, FileKind::image);
  ASSERT_TRUE(conversations.send_image(alice, group.id, image.id));
  const auto kept = stray("thumbnail/" + image.path.substr(image.path.find('/') + 1));
  EXPECT_EQ(sweep(25h), Removed(0, 0));
  EXPECT_TRUE(blobs.open(kept));
}

TEST_F(FileSweepTest, touches_nothing_of_a_store_that_belongs_to_another_database) {
  for (int i = 100; i < 201; ++i) stray("image/" + std::string(18, 'a') + std::to_string(i));
  EXPECT_EQ(sweep(25h), Removed(0, 0));
  EXPECT_EQ(stored_files().size(), 101U);
}

}  // namespace
}  // namespace coterie::tests
