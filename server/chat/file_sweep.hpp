// The sweep: files that nothing uses go, once they are old enough.
//
// ROWS that are no avatar, no group's cover, and in no message: covers uploaded for groups that
// were never made, avatars that were replaced. Whether a row is still unused is asked again in the
// transaction that removes it, and its foreign keys stand behind that: a file in use never goes.
//
// BYTES without a row, and uploads that were never committed: what a crash leaves. A row is made
// within seconds of its bytes, so what has none after `age` never will. Since they are few, a store
// where most files have no row is another database's: nothing of that is touched.
//
// Safe to run on several nodes at once. Blocks; in pages, so that no query is long.
// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "storage/blob_store.hpp"
#include "storage/database.hpp"

namespace coterie::chat {

class FileSweep {
 public:
  struct Swept {
    std::int64_t rows = 0;   // Removed together with their bytes.
    std::int64_t blobs = 0;  // Had no row.
  };

  // Without an `age` everything stays.
  FileSweep(storage::Database& database, storage::BlobStore& blobs, const Clock& clock,
            std::chrono::hours age)
      : database_(database), blobs_(blobs), clock_(clock), age_(age) {}

  Result<Swept> run();
  // One that runs ends soon, with Error "stopped", and so do all that follow. Any thread.
  void stop() { is_stopping_ = true; }

 private:
  static constexpr std::int64_t page_size = 1000;
  static constexpr std::size_t strays_max = 100;  // In a page, when they are most of it.

  Result<void> sweep_rows(WallTime time, Swept& swept);
  Result<void> remove_row(std::int64_t id, WallTime time, Swept& swept);
  Result<void> sweep_blobs(const std::vector<std::string>& paths, Swept& swept);

  storage::Database& database_;
  storage::BlobStore& blobs_;
  const Clock& clock_;
  const std::chrono::hours age_;
  std::atomic<bool> is_stopping_ = false;
};

}  // namespace coterie::chat
