// SEAM: where the bytes of files rest: in a folder, or in a bucket of S3.
//
// Paths are "<type>/<21 characters>", made by the rules above. Any thread that may block.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

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
  // Makes what is missing and finds out whether it works. Before anything else.
  virtual Result<void> prepare() = 0;
  // Whether it works just now; asked once, without patience.
  virtual Result<void> check() = 0;
  // Whoever waits for something outside of this machine fails soon. From any thread.
  virtual void stop() {}
  virtual Result<std::unique_ptr<BlobWriter>> create(std::string_view path) = 0;
  // Error "file_unknown" when there is none.
  virtual Result<std::unique_ptr<Blob>> open(std::string_view path) = 0;
  virtual Result<void> remove(std::string_view path) = 0;
  // Where anyone may fetch the file for the next 24 hours. Does not block.
  virtual std::string url(std::string_view path) const = 0;
  // The link that url() made at `time`, so that it need not be kept; any other where none is kept.
  virtual std::string url_made_at(std::string_view path, WallTime time) const = 0;
  // What those links begin with that are kept with a file's row, the same for a day. Empty where
  // links are made whenever they are shown.
  virtual std::string kept_links() const = 0;
  // What a program on this machine opens to read the file: a name in the file system, or a URL.
  virtual std::string place(std::string_view path) const = 0;

  // Calls `use` with the paths of files that were last written before `time`, at most `page_size`
  // (which is not 0) at a time and in no order; it may remove them. Ends with the first error, its
  // own or that of `use`.
  using UsePaths = std::function<Result<void>(const std::vector<std::string>& paths)>;
  virtual Result<void> each_older_than(WallTime time, std::size_t page_size,
                                       const UsePaths& use) = 0;
  // Forgets writers that were never committed and have not been written to since `time`: what a
  // crash has left of uploads.
  virtual Result<void> forget_unfinished(WallTime time) = 0;
};

}  // namespace coterie::storage
