// SPDX-License-Identifier: MIT
#include "storage/ffmpeg.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>
#include <initializer_list>
#include <utility>

#include "storage/child_process.hpp"

namespace coterie::storage {

namespace {

using std::chrono::steady_clock;

// ffmpeg's name for what a media type is written in.
constexpr std::array<std::pair<std::string_view, std::string_view>, 14> formats{{
    {"image/png", "png_pipe"},
    {"image/jpeg", "jpeg_pipe"},
    {"image/gif", "gif"},
    {"image/webp", "webp_pipe"},
    {"video/mp4", "mov"},
    {"video/quicktime", "mov"},
    {"video/3gpp", "mov"},
    {"video/webm", "matroska"},
    {"video/x-matroska", "matroska"},
    {"video/ogg", "ogg"},
    {"video/x-msvideo", "avi"},
    {"video/mpeg", "mpeg"},
    {"video/x-flv", "flv"},
    {"video/x-ms-wmv", "asf"},
}};

std::string_view format_of(std::string_view media_type) {
  const auto* const found =
      std::ranges::find(formats, media_type, &decltype(formats)::value_type::first);
  return found == formats.end() ? std::string_view() : found->second;
}

// Gives a turn back.
class Turn {
 public:
  template <class Semaphore, class Duration>
  Turn(Semaphore& turns, Duration wait_max)
      : give_back_([&turns] { turns.release(); }), is_ours_(turns.try_acquire_for(wait_max)) {}
  ~Turn() {
    if (is_ours_) give_back_();
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;
  explicit operator bool() const { return is_ours_; }

 private:
  std::function<void()> give_back_;
  const bool is_ours_;
};

}  // namespace

Ffmpeg::Ffmpeg(std::string_view program) : program_(find_program(program)) {}

Result<std::string> Ffmpeg::frame_of(const std::string& place, std::string_view media_type) {
  const auto deadline = steady_clock::now() + time_max;
  const std::string_view format = format_of(media_type);
  // The first frame of many films is black; films shorter than a second have no later one.
  auto frame = run(place, format, "mjpeg", "1", deadline);
  return frame && !frame->empty() ? frame : run(place, format, "mjpeg", "0", deadline);
}

Result<std::string> Ffmpeg::smaller(const std::string& place, std::string_view media_type) {
  const std::string_view encoder = media_type == "image/jpeg" ? "mjpeg" : "png";
  return run(place, format_of(media_type), encoder, "0", steady_clock::now() + time_max);
}

Result<std::string> Ffmpeg::run(const std::string& place, std::string_view format,
                                std::string_view encoder, std::string_view seek,
                                steady_clock::time_point deadline) {
  if (!program_) return Error("program_failed", "ffmpeg is not installed");
  if (format.empty()) return Error("program_failed", "this is nothing to make a picture of");
  const Turn turn(turns_, wait_max);
  if (!turn) return Error("program_failed", "ffmpeg is busy");
  const bool is_url = place.starts_with("http://") || place.starts_with("https://");
  const std::string most = std::to_string(pixels_max);
  const std::string scale = fmt::format(
      "scale=w='min({0},iw)':h='min({0},ih)':force_original_aspect_ratio=decrease", side_max);
  std::vector<std::string> words{*program_, "-nostdin", "-loglevel", "quiet"};
  const auto add = [&words](std::initializer_list<std::string_view> more) {
    words.insert(words.end(), more.begin(), more.end());
  };
  add({"-protocol_whitelist", is_url ? "http,https,tls,tcp" : "file,pipe"});
  add({"-threads", "1", "-max_pixels", most, "-f", format});
  if (seek != "0") add({"-ss", seek});
  add({"-i", is_url ? place : "file:" + place});
  add({"-map", "0:v:0", "-frames:v", "1", "-filter_threads", "1", "-vf", scale});
  add({"-map_metadata", "-1", "-threads", "1", "-c:v", encoder});
  if (encoder == "mjpeg") add({"-pix_fmt", "yuvj420p", "-q:v", "4"});
  add({"-f", "image2pipe", "pipe:1"});
  ChildLimits limits;
  limits.is_over = &is_stopping_;
  limits.time =
      std::chrono::duration_cast<std::chrono::milliseconds>(deadline - steady_clock::now());
  return run_child(words, limits);
}

}  // namespace coterie::storage
