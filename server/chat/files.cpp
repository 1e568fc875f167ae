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

// Kept links are good for a day. A page needs a while to load what it shows.
constexpr auto link_life = std::chrono::hours(24) - std::chrono::minutes(10);
// More links than anyone shows in the moment that storing takes; further ones are stored next time.
constexpr std::size_t renewed_max = 10'000;

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
  file.url = files_.blobs_.url(path_);
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

void Files::link(File& file) const {
  const std::string kept = blobs_.kept_links();
  const bool is_good =
      !kept.empty() && file.url.starts_with(kept) && clock_.wall() - file.update_at < link_life;
  if (is_good) return;
  file.url = blobs_.url(file.path);
  if (kept.empty()) return;
  const bool is_first = renewed_.with([&](auto& renewed) {
    const bool was_empty = renewed.empty();
    if (renewed.size() < renewed_max)
      file.url = renewed.try_emplace(file.id, file.url).first->second;
    return was_empty;
  });
  if (is_first && on_renewed_) on_renewed_();
}

Result<void> Files::store_renewed_links() {
  const auto renewed = renewed_.with([](auto& waiting) { return waiting; });
  if (renewed.empty()) return {};
  auto stored = database_.write([&](storage::Driver& db) -> Result<void> {
    for (const auto& [id, url] : renewed) storage::renew_file_url(db, id, url, clock_.wall());
    return {};
  });
  // Only now, so that whoever reads the old rows meanwhile is shown the same links.
  renewed_.with([&](auto& waiting) {
    for (const auto& [id, url] : renewed) waiting.erase(id);
  });
  return stored;
}

}  // namespace coterie::chat
