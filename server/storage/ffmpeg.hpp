// Small pictures out of films and of large pictures, made by ffmpeg where it is installed.
//
// ffmpeg reads what strangers have sent, so it is held tight: a child process with limits
// (child_process.hpp), no protocol but the one the file is reached by, and the format that we have
// found in the file's first bytes, so that no playlist can name other files (CVE-2016-1897).
// Pictures of more pixels than `pixels_max` are not decoded.
//
// Any thread that may block; `at_once` of them have a child, others wait `wait_max` for their turn
// and then go without: what needs no picture is never held up for long.
// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <semaphore>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace coterie::storage {

class Ffmpeg {
 public:
  static constexpr std::uint64_t pixels_max = 50'000'000;
  static constexpr unsigned side_max = 640;  // Of what is made, in pixels.

  // `program` is a name on PATH, a path, or empty: none.
  explicit Ffmpeg(std::string_view program);

  // What runs ends soon, without a picture, and nothing begins any more. Any thread.
  void stop() { is_stopping_ = true; }
  bool is_installed() const { return program_.has_value(); }

  // A moment of a film as a JPEG. `place` is a file's name or a URL (BlobStore::place).
  Result<std::string> frame_of(const std::string& place, std::string_view media_type);
  // A picture made smaller: a PNG of a PNG, GIF or WebP, for those can be transparent, else a JPEG.
  Result<std::string> smaller(const std::string& place, std::string_view media_type);

 private:
  static constexpr int at_once = 4;
  static constexpr auto wait_max = std::chrono::seconds(1);
  static constexpr auto time_max = std::chrono::seconds(10);  // For all that one call does.

  Result<std::string> run(const std::string& place, std::string_view format,
                          std::string_view encoder, std::string_view seek,
                          std::chrono::steady_clock::time_point deadline);

  const std::optional<std::string> program_;
  std::counting_semaphore<at_once> turns_{at_once};
  std::atomic<bool> is_stopping_ = false;
};

}  // namespace coterie::storage
