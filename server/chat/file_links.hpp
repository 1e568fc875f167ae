// The links of files: made whenever they are shown, or kept in the file's row, where the store says
// so, and then the same for a day, so that browsers need not fetch a picture again.
//
// A row whose link has grown old, or leads to where files no longer are, is shown with a new one at
// once; the row itself follows in the background, many in one transaction.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "base/clock.hpp"
#include "base/guarded.hpp"
#include "base/result.hpp"
#include "chat/model.hpp"
#include "storage/blob_store.hpp"
#include "storage/database.hpp"

namespace coterie::chat {

class FileLinks {
 public:
  FileLinks(storage::Database& database, const storage::BlobStore& blobs, const Clock& clock)
      : database_(database), blobs_(blobs), clock_(clock) {}

  // Called, from any thread, when there is something to store(). Set before the first fill().
  void set_on_renewed(std::function<void()> on_renewed) { on_renewed_ = std::move(on_renewed); }

  // Gives a row that is not stored yet its links. Does not block.
  void make(File& file) const;
  // Gives a row that is shown its links, good for a day. Any thread; does not block.
  void fill(File& file);
  // Writes renewed links into their rows. Blocks.
  Result<void> store();

 private:
  bool is_good(const File& file, std::string_view kept) const;

  storage::Database& database_;  // Fixed after construction
  const storage::BlobStore& blobs_;
  const Clock& clock_;
  std::function<void()> on_renewed_;

  // By the file's id: new links that their rows do not have yet.
  Guarded<std::map<std::int64_t, std::string>> renewed_;
};

}  // namespace coterie::chat
