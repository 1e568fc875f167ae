// A file on its way to S3, in constant memory: up to 16 MiB as one PUT, larger ones in parts.
//
// How long a file is shows only at its end, and S3 wants each length beforehand. So what comes is
// spooled to a file without a name until a part of 16 MiB is full; a part that failed is sent again
// from there. Nothing is visible before commit() has told S3 to put the parts together; what is
// given up before that is aborted there, and what a crash leaves is swept
// (BlobStore::forget_unfinished).
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "storage/blob_store.hpp"
#include "storage/s3_wire.hpp"

namespace coterie::storage {

// S3 takes parts of at least 5 MiB, and 10 000 of them: 156 GiB in ours.
inline constexpr std::size_t s3_part_bytes = 16 * 1024 * 1024;

// A file that has no name: gone when it is closed, also by a crash.
class Spool {
 public:
  // Error "storage_failed" or "storage_full", as of the others.
  static Result<std::unique_ptr<Spool>> open(const std::string& folder);
  ~Spool();
  Spool(const Spool&) = delete;
  Spool& operator=(const Spool&) = delete;

  std::uint64_t size() const { return size_; }
  Result<void> append(std::string_view bytes);
  std::size_t read(std::uint64_t offset, char* target, std::size_t size) const;
  void clear() { size_ = 0; }  // The place on the disk is used again.

 private:
  explicit Spool(int fd) : fd_(fd) {}

  const int fd_;
  std::uint64_t size_ = 0;
};

class S3Upload final : public BlobWriter {
 public:
  S3Upload(S3Wire& wire, std::unique_ptr<Spool> spool, std::string path);
  ~S3Upload() override;

  Result<void> write(std::string_view piece) override;
  Result<void> commit() override;

 private:
  Result<void> store(std::string_view piece);
  Result<void> finish();
  Result<void> put_whole();
  Result<void> begin_parts();
  Result<void> send_part();
  Result<void> complete_parts();
  S3Body spooled() const;
  // Remembers the first failure: behind it nothing can succeed.
  Result<void> noted(Result<void> result);

  S3Wire& wire_;
  const std::unique_ptr<Spool> spool_;
  const std::string path_;
  std::string first_bytes_;  // As many as tell the type.
  std::string upload_id_;    // Empty: not in parts (yet, or no longer).
  std::vector<std::string> tags_;
  std::optional<Error> failure_;
};

}  // namespace coterie::storage
