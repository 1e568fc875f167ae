// SPDX-License-Identifier: MIT
#include "chat/files.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "storage/files.hpp"
#include "storage/media_type.hpp"

namespace coterie::chat {

namespace {

std::string_view name_of(FileKind kind) {
  switch (kind) {
    case FileKind::avatar:
      return "avatar";
    case FileKind::cover:
      return "cover";
    case FileKind::image:
      return "image";
  }
  return "";
}

constexpr std::uint64_t mebibyte = 1024 * 1024;

// A file must be smaller than this.
std::uint64_t size_limit(FileKind kind) {
  return (kind == FileKind::image ? 10 : 5) * mebibyte;
}

bool is_picture(std::string_view type) {
  return type == "image/png" || type == "image/jpeg" || type == "image/jpg";
}

}  // namespace

Upload::Upload(Files& files, FileKind kind, std::int64_t user_id)
    : files_(files),
      kind_(kind),
      user_id_(user_id),
      path_(fmt::format("{}/{}", name_of(kind), random_id(files.random_, 21))) {}

void Upload::write(std::string_view piece) {
  if (failure_) return;
  size_ += piece.size();
  if (size_ >= size_limit(kind_)) {
    failure_ = Error("file_too_large",
                     fmt::format("size must less than {}MB", size_limit(kind_) / mebibyte));
    writer_.reset();
    return;
  }
  if (first_bytes_.size() < storage::media_type_bytes) {
    first_bytes_.append(piece.substr(0, storage::media_type_bytes - first_bytes_.size()));
  }
  if (!writer_) {
    auto writer = files_.blobs_.create(path_);
    if (!writer) {
      failure_ = writer.error();
      return;
    }
    writer_ = std::move(*writer);
  }
  if (const auto written = writer_->write(piece); !written) failure_ = written.error();
}

Result<void> Upload::check(std::string_view claimed_type) const {
  if (failure_) return *failure_;
  const bool is_right =
      is_picture(claimed_type) && is_picture(storage::media_type_of(first_bytes_));
  if (!is_right || !writer_) return Error("file_type_wrong");
  return {};
}

Result<File> Upload::finish(std::string_view claimed_type) {
  if (const auto checked = check(claimed_type); !checked) return checked.error();
  if (const auto committed = writer_->commit(); !committed) return committed.error();
  File file;
  file.create_at = file.update_at = files_.clock_.wall();
  file.path = path_;
  file.type = name_of(kind_);
  file.create_by_id = user_id_;
  files_.link(file);
  const auto inserted = files_.database_.write([&](storage::Driver& db) -> Result<void> {
    storage::insert_file(db, file);
    return {};
  });
  if (!inserted) {
    // Without its row nobody would ever find it again.
    if (const auto removed = files_.blobs_.remove(path_); !removed) return removed.error();
    return inserted.error();
  }
  return file;
}

}  // namespace coterie::chat
