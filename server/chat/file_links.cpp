// SPDX-License-Identifier: MIT
#include "chat/file_links.hpp"

#include "storage/files.hpp"

namespace coterie::chat {

namespace {

// A kept link is good for a day. Whoever is shown one needs a while to load what it leads to.
constexpr auto life = std::chrono::hours(24) - std::chrono::minutes(10);
// More than anyone shows in the moment that storing takes; what is beyond is stored another time.
constexpr std::size_t renewed_max = 10'000;

}  // namespace

bool FileLinks::is_good(const File& file, std::string_view kept) const {
  return file.url.starts_with(kept) && clock_.wall() - file.update_at < life;
}

void FileLinks::make(File& file) const {
  file.url = blobs_.url(file.path);
  if (file.thumbnail) file.thumbnail_url = blobs_.url(*file.thumbnail);
}

void FileLinks::fill(File& file) {
  const std::string kept = blobs_.kept_links();
  if (kept.empty()) return make(file);
  if (is_good(file, kept)) {
    // Rows have no place for this one, so it is made again as it was made with the other.
    if (file.thumbnail) file.thumbnail_url = blobs_.url_made_at(*file.thumbnail, file.update_at);
    return;
  }
  make(file);
  const bool is_first = renewed_.with([&](auto& renewed) {
    const bool was_empty = renewed.empty();
    if (renewed.size() < renewed_max)
      file.url = renewed.try_emplace(file.id, file.url).first->second;
    return was_empty;
  });
  if (is_first && on_renewed_) on_renewed_();
}

Result<void> FileLinks::store() {
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
