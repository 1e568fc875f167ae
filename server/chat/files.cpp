// SPDX-License-Identifier: MIT
#include "chat/files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/log.hpp"
#include "storage/files.hpp"
#include "storage/media_type.hpp"
#include "storage/plain_cover.hpp"

namespace coterie::chat {

namespace {

constexpr std::uint64_t mebibyte = 1024 * 1024;
constexpr std::size_t id_size = 21;

// What a file of a kind must be. The wording is the seed system's, and so is that the limit itself
// is too much for a picture, but not for a video and its cover.
struct Rules {
  std::string_view type;  // In its row and its path.
  std::uint64_t bytes_max;
  std::string_view too_large;  // Code.
  std::string_view too_large_detail;
  std::string_view wrong_type;  // Code.
};

constexpr std::array rules{
    Rules{"avatar", 5 * mebibyte - 1, "file_too_large", "size must less than 5MB",
          "file_type_wrong"},
    Rules{"cover", 5 * mebibyte - 1, "file_too_large", "size must less than 5MB",
          "file_type_wrong"},
    Rules{"image", 10 * mebibyte - 1, "file_too_large", "size must less than 10MB",
          "file_type_wrong"},
    Rules{"video", 1024 * mebibyte, "video_too_large", "", "video_type_wrong"},
    Rules{"cover", 5 * mebibyte, "cover_too_large", "", "cover_type_wrong"},
};

const Rules& rules_of(FileKind kind) {
  return rules[static_cast<std::size_t>(kind)];
}

bool is_png_or_jpeg(std::string_view type) {
  return type == "image/png" || type == "image/jpeg" || type == "image/jpg";
}

// The parts of a video's form are judged by their content alone, the others by their word as well.
bool is_right(FileKind kind, std::string_view found, std::string_view claimed) {
  if (kind == FileKind::video) return storage::is_film(found);
  if (kind == FileKind::video_cover) return storage::is_picture(found);
  return is_png_or_jpeg(found) && is_png_or_jpeg(claimed);
}

void set_size(File& file, const std::optional<storage::ImageSize>& size) {
  if (!size) return;
  file.width = size->width;
  file.height = size->height;
}

}  // namespace

Upload::Upload(Files& files, FileKind kind, std::int64_t user_id)
    : files_(files),
      kind_(kind),
      user_id_(user_id),
      path_(fmt::format("{}/{}", rules_of(kind).type, random_id(files.random_, id_size))) {}

void Upload::write(std::string_view piece) {
  if (failure_) return;
  size_ += piece.size();
  const Rules& limits = rules_of(kind_);
  if (size_ > limits.bytes_max) {
    failure_ = Error(limits.too_large, std::string(limits.too_large_detail));
    writer_.reset();
    return;
  }
  if (first_bytes_.size() < storage::media_type_bytes) {
    first_bytes_.append(piece.substr(0, storage::media_type_bytes - first_bytes_.size()));
  }
  if (kind_ != FileKind::video) image_size_.feed(piece);
  if (!writer_) {
    auto writer = files_.blobs_.create(path_);
    if (!writer) {
      failure_ = writer.error();
      return;
    }
    writer_ = std::move(*writer);
  }
  if (const auto written = writer_->write(piece); !written) {
    failure_ = written.error();
    writer_.reset();
  }
}

Result<void> Upload::check(std::string_view claimed_type) const {
  if (failure_) return *failure_;
  if (!writer_ || !is_right(kind_, storage::media_type_of(first_bytes_), claimed_type)) {
    return Error(rules_of(kind_).wrong_type, "");
  }
  return {};
}

// Puts the bytes where they stay; returns the row that they are to have.
Result<File> Upload::rest(std::string_view claimed_type) {
  if (const auto checked = check(claimed_type); !checked) return checked.error();
  if (const auto committed = writer_->commit(); !committed) return committed.error();
  File file = files_.row_of(kind_, path_, user_id_);
  set_size(file, image_size_.size());
  files_.add_thumbnail(file, storage::media_type_of(first_bytes_));
  return file;
}

Result<File> Upload::finish(std::string_view claimed_type) {
  auto file = rest(claimed_type);
  if (!file) return file;
  if (const auto inserted = files_.insert({&*file, 1}); !inserted) return inserted.error();
  kept_ = {*file};
  return file;
}

Result<Film> Upload::finish_film(Upload* cover) {
  if (cover) {
    // Before the video is moved to its place: nothing of the two is kept without the other.
    if (const auto checked = cover->check(""); !checked) return checked.error();
  }
  const auto video = rest("");
  if (!video) return video.error();
  const auto picture =
      cover ? cover->rest("") : files_.make_cover(*video, storage::media_type_of(first_bytes_));
  if (!picture) {
    files_.remove_blobs(*video);
    return picture.error();
  }
  std::array rows{*video, *picture};
  if (const auto inserted = files_.insert(rows); !inserted) return inserted.error();
  kept_.assign(rows.begin(), rows.end());
  return Film{rows[0], rows[1]};
}

void Upload::take_back() {
  for (const File& file : std::exchange(kept_, {})) {
    const auto removed = files_.database_.write([&](storage::Driver& db) -> Result<bool> {
      return storage::remove_unused_file(db, file.id, file.create_at + std::chrono::hours(1));
    });
    // The sweep comes for what stays.
    if (removed && *removed) files_.remove_blobs(file);
  }
}

File Files::row_of(FileKind kind, std::string path, std::int64_t user_id) const {
  File file;
  file.create_at = file.update_at = clock_.wall();
  file.path = std::move(path);
  file.type = rules_of(kind).type;
  file.create_by_id = user_id;
  return file;
}

Result<void> Files::store(const std::string& path, std::string_view bytes) {
  const auto writer = blobs_.create(path);
  if (!writer) return writer.error();
  if (auto written = (*writer)->write(bytes); !written) return written;
  return (*writer)->commit();
}

// Of a picture that is larger than needed and not too large to be looked into. Whoever has none
// shows the picture itself, so a failure here is nobody's business but the log's.
void Files::add_thumbnail(File& file, std::string_view media_type) {
  if (!file.width || !file.height || !ffmpeg_.is_installed()) return;
  const storage::ImageSize size{static_cast<std::uint32_t>(*file.width),
                                static_cast<std::uint32_t>(*file.height)};
  if (std::max(size.width, size.height) <= storage::Ffmpeg::side_max) return;
  if (size.pixels() > storage::Ffmpeg::pixels_max) return;
  const std::string path = "thumbnail/" + file.path.substr(file.path.find('/') + 1);
  const auto made = ffmpeg_.smaller(blobs_.place(file.path), media_type);
  const auto stored = made ? store(path, *made) : Result<void>(made.error());
  if (!stored) return log::debug("no thumbnail of {}: {}", file.path, stored.error().detail);
  file.thumbnail = path;
}

Result<File> Files::make_cover(const File& video, std::string_view media_type) {
  File cover =
      row_of(FileKind::video_cover, "cover/" + random_id(random_, id_size), video.create_by_id);
  const auto frame = ffmpeg_.is_installed() ? ffmpeg_.frame_of(blobs_.place(video.path), media_type)
                                            : Result<std::string>(Error("program_failed"));
  const bool is_picture = frame && storage::image_size(*frame);
  const std::string& picture = is_picture ? *frame : storage::plain_cover();
  if (const auto stored = store(cover.path, picture); !stored) return stored.error();
  set_size(cover, storage::image_size(picture));
  return cover;
}

// All of the rows, or none and no bytes: without its row nobody would ever find a file again.
Result<void> Files::insert(std::span<File> rows) {
  for (File& row : rows) links_.make(row);
  auto inserted = database_.write([&](storage::Driver& db) -> Result<void> {
    for (File& row : rows) storage::insert_file(db, row);
    return {};
  });
  if (!inserted) {
    for (const File& row : rows) remove_blobs(row);
  }
  return inserted;
}

void Files::remove_blobs(const File& file) {
  for (const auto& path : {std::optional(file.path), file.thumbnail}) {
    if (!path) continue;
    if (const auto removed = blobs_.remove(*path); !removed) {
      log::warn("{} could not be removed: {}", *path, removed.error().detail);
    }
  }
}

}  // namespace coterie::chat
