// SEAM: where the bytes of files rest. A folder today; S3 later.
//
// Paths are "<type>/<21 characters>", made by the rules above. Any thread that may block.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/result.hpp"

namespace coterie::storage {

// A file on its way in. Destroyed before commit(), it leaves nothing behind.
class BlobWriter {
 public:
  virtual ~BlobWriter() = default;
  virtual Result<void> write(std::string_view piece) = 0;
  // Makes the file visible under its path, durably.
  virtual Result<void> commit() = 0;
};

// A file that rests.
class Blob {
 public:
  virtual ~Blob() = default;
  virtual std::uint64_t size() const = 0;
  virtual WallTime modified() const = 0;
  virtual std::string media_type() const = 0;
  // At most `size_max` bytes from `offset` on; empty at the end.
  virtual Result<std::string> read(std::uint64_t offset, std::size_t size_max) = 0;
};

class BlobStore {
 public:
  virtual ~BlobStore() = default;
  virtual Result<std::unique_ptr<BlobWriter>> create(std::string_view path) = 0;
  // Error "file_unknown" when there is none.
  virtual Result<std::unique_ptr<Blob>> open(std::string_view path) = 0;
  virtual Result<void> remove(std::string_view path) = 0;
  // Where anyone may fetch the file for the next 24 hours. Does not block.
  virtual std::string url(std::string_view path) const = 0;
};

}  // namespace coterie::storage
