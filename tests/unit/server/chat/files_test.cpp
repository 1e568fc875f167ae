// SPDX-License-Identifier: MIT
#include "chat/files.hpp"

#include <gtest/gtest.h>

#include "net/http.hpp"
#include "support/house.hpp"

namespace coterie::tests {
namespace {

using chat::FileKind;

constexpr std::size_t mebibyte = 1024 * 1024;

class FilesTest : public House {
 protected:
  void SetUp() override {
    House::SetUp();
    alice = add_actor("alice1");
  }
  // A picture of `size` bytes, handed in in pieces; how that ends.
  std::string upload(FileKind kind, std::size_t size) {
    const auto incoming = files.begin(kind, alice);
    std::string picture(size, 'x');
    picture.replace(0, png_head.size(), png_head);
    constexpr std::size_t piece = 200'000;
    for (std::size_t at = 0; at < size; at += piece) {
      incoming->write(std::string_view(picture).substr(at, piece));
    }
    return code_of(incoming->finish("image/png"));
  }
  std::string upload(std::string_view bytes, std::string_view claimed_type) {
    const auto incoming = files.begin(FileKind::image, alice);
    incoming->write(bytes);
    return code_of(incoming->finish(claimed_type));
  }
  bool is_nothing_left() { return stored_files().empty() && count_rows("file") == 0; }

  chat::Actor alice;
};

TEST_F(FilesTest, an_upload_becomes_a_row_and_a_file_with_a_link) {
  const auto incoming = files.begin(FileKind::avatar, alice);
  incoming->write(png_head);
  incoming->write("the rest");
  const auto file = incoming->finish("image/png");
  ASSERT_TRUE(file) << file.error().code;
  EXPECT_TRUE(file->path.starts_with("avatar/"));
  EXPECT_EQ(file->path.size(), 7U + 21U);
  EXPECT_EQ(file->type, "avatar");
  EXPECT_EQ(file->create_by_id, alice.user_id);
  EXPECT_EQ(file->create_at, clock.wall());
  EXPECT_EQ(file->url, blobs.url(file->path));
  EXPECT_EQ(stored_files(), std::vector{file->path});
  EXPECT_EQ(count_rows("file"), 1);
  EXPECT_EQ(read_file(folder / "files/" + file->path), std::string(png_head) + "the rest");
}

TEST_F(FilesTest, a_picture_exactly_at_the_limit_is_refused_and_one_byte_less_is_fine) {
  for (const auto& [kind, limit] :
       {std::pair(FileKind::avatar, 5 * mebibyte), std::pair(FileKind::cover, 5 * mebibyte),
        std::pair(FileKind::image, 10 * mebibyte)}) {
    const auto before = stored_files().size();
    EXPECT_EQ(upload(kind, limit), "file_too_large");
    EXPECT_EQ(stored_files().size(), before);
    EXPECT_EQ(upload(kind, limit - 1), "");
    EXPECT_EQ(stored_files().size(), before + 1);
  }
}

TEST_F(FilesTest, a_refusal_for_the_size_names_the_limit) {
  for (const auto& [kind, words] : {std::pair(FileKind::avatar, "size must less than 5MB"),
                                    std::pair(FileKind::image, "size must less than 10MB")}) {
    const auto incoming = files.begin(kind, alice);
    incoming->write(std::string(10 * mebibyte, 'x'));
    const auto file = incoming->finish("image/png");
    ASSERT_FALSE(file);
    EXPECT_EQ(file.error().detail, words);
  }
}

TEST_F(FilesTest, what_is_too_large_leaves_nothing_as_soon_as_it_is_known) {
  const auto incoming = files.begin(FileKind::avatar, alice);
  incoming->write(png_head);
  incoming->write(std::string(5 * mebibyte, 'x'));
  EXPECT_TRUE(is_nothing_left());
  incoming->write("and more");
  EXPECT_EQ(code_of(incoming->check("image/png")), "file_too_large");
  EXPECT_TRUE(is_nothing_left());
}

TEST_F(FilesTest, pictures_are_png_or_jpeg_by_content_and_by_claim) {
  EXPECT_EQ(upload(png_head, "image/png"), "");
  EXPECT_EQ(upload(jpeg_head, "image/jpeg"), "");
  EXPECT_EQ(upload(jpeg_head, "image/jpg"), "");
}

TEST_F(FilesTest, what_is_no_picture_leaves_nothing_whatever_is_claimed) {
  for (const char* claimed : {"image/png", "image/jpeg", "text/html", "video/mp4", ""}) {
    for (const std::string_view bytes :
         {std::string_view("<script>alert(1)</script>"), std::string_view("GIF89a......"),
          std::string_view("\x89PNG"), std::string_view("%PDF-1.7"), std::string_view("x")}) {
      EXPECT_EQ(upload(bytes, claimed), "file_type_wrong") << claimed << " " << bytes;
    }
  }
  EXPECT_TRUE(is_nothing_left());
}

TEST_F(FilesTest, what_is_not_claimed_to_be_a_picture_is_none) {
  for (const char* claimed : {"", "text/plain", "image/gif", "image/svg+xml", "ximage/png",
                              "image/pngx", "application/octet-stream"}) {
    EXPECT_EQ(upload(png_head, claimed), "file_type_wrong") << claimed;
  }
  EXPECT_TRUE(is_nothing_left());
}

TEST_F(FilesTest, an_empty_file_is_refused) {
  EXPECT_EQ(upload("", "image/png"), "file_type_wrong");
  const auto incoming = files.begin(FileKind::image, alice);
  EXPECT_EQ(code_of(incoming->finish("image/png")), "file_type_wrong");
  EXPECT_TRUE(is_nothing_left());
}

TEST_F(FilesTest, the_type_is_found_when_the_first_bytes_come_one_by_one) {
  const auto incoming = files.begin(FileKind::image, alice);
  for (const char byte : png_head) incoming->write(std::string_view(&byte, 1));
  EXPECT_EQ(code_of(incoming->finish("image/png")), "");
}

TEST_F(FilesTest, an_upload_broken_off_leaves_neither_file_nor_row) {
  {
    const auto incoming = files.begin(FileKind::image, alice);
    incoming->write(png_head);
    EXPECT_EQ(stored_files().size(), 1U);  // Half-written, under no name of its own.
  }
  EXPECT_TRUE(is_nothing_left());
}

TEST_F(FilesTest, a_row_that_cannot_be_stored_takes_its_file_with_it) {
  const auto incoming = files.begin(FileKind::image, {4711, "a user who is gone"});
  incoming->write(png_head);
  EXPECT_EQ(code_of(incoming->finish("image/png")), "foreign_key_violation");
  EXPECT_TRUE(is_nothing_left());
}

TEST_F(FilesTest, a_video_may_have_a_gibibyte_and_its_cover_five_mebibytes) {
  const auto video = files.begin(FileKind::video, alice);
  const std::string head(
      "\0\0\0\x18"
      "ftypmp42",
      12);
  video->write(head);
  EXPECT_EQ(code_of(video->check("")), "");
  const auto cover = files.begin(FileKind::video_cover, alice);
  cover->write(png_head);
  cover->write(std::string(5 * mebibyte - png_head.size(), 'x'));
  EXPECT_EQ(code_of(cover->check("")), "");
  cover->write("x");
  EXPECT_EQ(code_of(cover->check("")), "cover_too_large");
  EXPECT_EQ(code_of(video->finish_film(cover.get())), "cover_too_large");
}

TEST_F(FilesTest, what_is_taken_back_is_gone_but_not_what_is_in_use) {
  const auto upload = files.begin(FileKind::avatar, alice);
  upload->write(png_head);
  const auto file = upload->finish("image/png");
  ASSERT_TRUE(file);
  ASSERT_TRUE(accounts->set_avatar(alice, file->id));
  upload->take_back();
  EXPECT_EQ(stored_files(), std::vector{file->path});
  const auto other = files.begin(FileKind::avatar, alice);
  other->write(png_head);
  ASSERT_TRUE(other->finish("image/png"));
  other->take_back();
  EXPECT_EQ(stored_files(), std::vector{file->path});
  EXPECT_EQ(count_rows("file"), 1);
}

TEST_F(FilesTest, a_file_is_opened_with_its_link_only) {
  const auto file = add_file(alice, FileKind::image);
  const net::Query query(std::string_view(file.url).substr(file.url.find('?') + 1));
  const std::string expires(query.get("expires"));
  const std::string signature(query.get("signature"));
  EXPECT_EQ(code_of(files.open(file.path, expires, signature)), "");
  EXPECT_EQ(code_of(files.open(file.path, expires, "")), "link_expired");
  EXPECT_EQ(code_of(files.open("image/other", expires, signature)), "link_expired");
  clock.advance(std::chrono::hours(26));
  EXPECT_EQ(code_of(files.open(file.path, expires, signature)), "link_expired");
}

}  // namespace
}  // namespace coterie::tests
