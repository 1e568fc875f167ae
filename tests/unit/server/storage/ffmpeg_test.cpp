// SPDX-License-Identifier: MIT
#include "storage/ffmpeg.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <string>

#include "base/blocking.hpp"
#include "storage/image_size.hpp"
#include "storage/media_type.hpp"
#include "storage/plain_cover.hpp"
#include "support/temp_folder.hpp"
#include "support/together.hpp"

namespace coterie::tests {
namespace {

using storage::Ffmpeg;
using storage::image_size;
using storage::ImageSize;

class FfmpegTest : public testing::Test {
 protected:
  // A picture or film of a test pattern, made by the same program.
  std::string make(const std::string& name, const std::string& words) {
    const std::string path = folder / name;
    const std::string command = "ffmpeg -nostdin -v error -f lavfi -i " + words + " " + path;
    EXPECT_EQ(::system(command.c_str()), 0);
    return path;
  }

  const AllowBlocking blocking;
  const TempFolder folder;
  Ffmpeg ffmpeg{"ffmpeg"};
};

TEST_F(FfmpegTest, takes_a_frame_of_a_film_however_short) {
  for (const char* seconds : {"2", "0.2"}) {
    const std::string film = make(std::string("a") + seconds + ".mp4",
                                  std::string("testsrc=size=1280x720:rate=10:duration=") + seconds);
    const auto frame = ffmpeg.frame_of(film, "video/mp4");
    ASSERT_TRUE(frame) << frame.error().detail;
    EXPECT_EQ(storage::media_type_of(*frame), "image/jpeg");
    EXPECT_EQ(image_size(*frame), (ImageSize{640, 360}));
  }
}

TEST_F(FfmpegTest, makes_pictures_smaller_but_never_larger) {
  const std::string large = make("large.png", "testsrc=size=900x1800 -frames:v 1");
  const auto smaller = ffmpeg.smaller(large, "image/png");
  ASSERT_TRUE(smaller) << smaller.error().detail;
  EXPECT_EQ(storage::media_type_of(*smaller), "image/png");
  EXPECT_EQ(image_size(*smaller), (ImageSize{320, 640}));
  const std::string small = make("small.jpg", "testsrc=size=64x48 -frames:v 1");
  EXPECT_EQ(image_size(*ffmpeg.smaller(small, "image/jpeg")), (ImageSize{64, 48}));
}

TEST_F(FfmpegTest, opens_nothing_but_what_the_first_bytes_say) {
  const std::string film = make("a.mp4", "testsrc=size=64x48:rate=10:duration=1");
  write_file(folder / "list.m3u8", "#EXTM3U\n#EXTINF:1,\n" + film + "\n#EXT-X-ENDLIST\n");
  write_file(folder / "list.txt", "ffconcat version 1.0\nfile " + film + "\n");
  for (const char* name : {"list.m3u8", "list.txt"}) {
    for (const char* type : {"video/mp4", "video/webm", "video/mpeg", "image/png"}) {
      EXPECT_EQ(code_of(ffmpeg.frame_of(folder / name, type)), "program_failed") << name << type;
    }
  }
  EXPECT_EQ(code_of(ffmpeg.frame_of(film, "application/octet-stream")), "program_failed");
  EXPECT_EQ(code_of(ffmpeg.frame_of(folder / "nothing", "video/mp4")), "program_failed");
}

TEST_F(FfmpegTest, draws_nothing_of_more_pixels_than_it_may) {
  const std::string huge = make("huge.png", "color=size=8000x7000 -frames:v 1");
  EXPECT_EQ(code_of(ffmpeg.smaller(huge, "image/png")), "program_failed");
}

TEST_F(FfmpegTest, reads_the_plain_cover) {
  write_file(folder / "plain.png", storage::plain_cover());
  const auto same = ffmpeg.smaller(folder / "plain.png", "image/png");
  ASSERT_TRUE(same) << same.error().detail;
  EXPECT_EQ(image_size(*same), (ImageSize{320, 180}));
}

TEST_F(FfmpegTest, that_is_not_installed_makes_nothing) {
  for (const char* name : {"", "/nowhere/ffmpeg", "no-program-has-this-name"}) {
    Ffmpeg none(name);
    EXPECT_FALSE(none.is_installed());
    EXPECT_EQ(code_of(none.frame_of("a.mp4", "video/mp4")), "program_failed");
  }
}

}  // namespace
}  // namespace coterie::tests
