// SPDX-License-Identifier: MIT
#include "chat/file_sweep.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include "base/log.hpp"
#include "storage/files.hpp"

namespace coterie::chat {

namespace {

constexpr std::string_view thumbnails = "thumbnail/";
constexpr std::array<std::string_view, 4> types{"avatar/", "cover/", "image/", "video/"};
constexpr std::size_t id_size = 21;

// Did the chat make a file of this path? A bucket may have others in it.
bool is_ours(std::string_view path) {
  const std::size_t slash = std::min(path.find('/'), path.size() - 1);
  const std::string_view type = path.substr(0, slash + 1);
  return path.size() == type.size() + id_size &&
         (type == thumbnails || std::ranges::find(types, type) != types.end());
}

// A thumbnail belongs to the file with its id, whichever type that is of.
bool has_row(storage::Driver& db, const std::string& path) {
  if (!path.starts_with(thumbnails)) return storage::file_path_exists(db, path);
  const std::string_view id = std::string_view(path).substr(thumbnails.size());
  return std::ranges::any_of(types, [&](std::string_view type) {
    return storage::file_path_exists(db, fmt::format("{}{}", type, id));
  });
}

}  // namespace

Result<FileSweep::Swept> FileSweep::run() {
  const WallTime time = clock_.wall() - age_;
  Swept swept;
  if (age_.count() == 0) return swept;
  if (const auto done = sweep_rows(time, swept); !done) return done.error();
  const auto done = blobs_.each_older_than(
      time, page_size,
      [&](const std::vector<std::string>& paths) { return sweep_blobs(paths, swept); });
  if (!done) return done.error();
  if (const auto forgotten = blobs_.forget_unfinished(time); !forgotten) return forgotten.error();
  return swept;
}

Result<void> FileSweep::sweep_rows(WallTime time, Swept& swept) {
  for (std::int64_t after = 0;;) {
    if (is_stopping_) return Error("stopped");
    std::optional<std::int64_t> last;
    const auto unused =
        database_.read([&](storage::Driver& db) -> Result<std::vector<std::int64_t>> {
          last = storage::last_file_of_page(db, after, page_size);
          return last ? storage::unused_files(db, after, *last, time) : std::vector<std::int64_t>();
        });
    if (!unused) return unused.error();
    if (!last) return {};
    for (const std::int64_t id : *unused) {
      if (is_stopping_) return Error("stopped");
      if (auto removed = remove_row(id, time, swept); !removed) return removed;
    }
    after = *last;
  }
}

// The row goes first: bytes without a row are found again, a row without bytes would be a lie.
Result<void> FileSweep::remove_row(std::int64_t id, WallTime time, Swept& swept) {
  std::optional<storage::File> file;
  const auto removed = database_.write([&](storage::Driver& db) -> Result<bool> {
    file = storage::find_file(db, id);
    return storage::remove_unused_file(db, id, time);
  });
  if (!removed) {
    // Somebody has begun to use it just now.
    if (removed.error().code == "foreign_key_violation") return {};
    return removed.error();
  }
  if (!*removed || !file) return {};
  ++swept.rows;
  if (file->thumbnail) {
    if (auto gone = blobs_.remove(*file->thumbnail); !gone) return gone;
  }
  return blobs_.remove(file->path);
}

Result<void> FileSweep::sweep_blobs(const std::vector<std::string>& paths, Swept& swept) {
  if (is_stopping_) return Error("stopped");
  const auto strays = database_.read([&](storage::Driver& db) -> Result<std::vector<std::string>> {
    std::vector<std::string> found;
    for (const std::string& path : paths) {
      if (is_ours(path) && !has_row(db, path)) found.push_back(path);
    }
    return found;
  });
  if (!strays) return strays.error();
  if (strays->size() > strays_max && strays->size() > paths.size() / 2) {
    log::warn("{} of {} stored files, such as {}, are unknown to this database: left alone",
              strays->size(), paths.size(), strays->front());
    return {};
  }
  for (const std::string& path : *strays) {
    if (is_stopping_) return Error("stopped");
    if (auto removed = blobs_.remove(path); !removed) return removed;
    ++swept.blobs;
  }
  return {};
}

}  // namespace coterie::chat
