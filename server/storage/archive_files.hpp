// The files of an archive: written and read in pieces, and summed up on the way.
//
// Errors: "archive_failed" with the path and the system's reason; "bad_archive" with path and line.
// SPDX-License-Identifier: MIT
#pragma once

#include <openssl/evp.h>

#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "storage/blob_store.hpp"

namespace coterie::storage {

class Sha256 {
 public:
  Sha256();
  void add(std::string_view piece);
  std::string hex();  // Once, at the end.

 private:
  struct Free {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  };
  std::unique_ptr<EVP_MD_CTX, Free> context_;
};

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using OpenFile = std::unique_ptr<std::FILE, CloseFile>;

// A new file, for nobody but its owner.
class ArchiveWriter {
 public:
  static Result<ArchiveWriter> create(std::string path);

  Result<void> write(std::string_view bytes);
  Result<void> write_line(std::string_view line);
  // Onto the disk; the sum of all that was written.
  Result<std::string> finish();

 private:
  ArchiveWriter(std::string path, OpenFile file) : path_(std::move(path)), file_(std::move(file)) {}

  std::string path_;
  OpenFile file_;
  Sha256 sum_;
};

// Line by line; a line has at most `line_bytes_max` bytes.
class ArchiveReader {
 public:
  // A message of 64 KiB, the most that a seed database can hold, with every byte escaped.
  static constexpr std::size_t line_bytes_max = 512 * 1024;

  static Result<ArchiveReader> open(std::string path);

  // Good until the next call; nullopt at the end.
  Result<std::optional<std::string_view>> next_line();
  std::int64_t line_number() const { return line_number_; }  // Of what next_line() gave.
  std::string sha256() { return sum_.hex(); }                // Once, at the end.

  // "users.jsonl:12: " and what is wrong there.
  Error error(const Error& reason) const;

 private:
  ArchiveReader(std::string path, OpenFile file) : path_(std::move(path)), file_(std::move(file)) {}

  std::string path_;
  OpenFile file_;
  Sha256 sum_;
  std::string buffer_;
  std::size_t begin_ = 0;  // Of what was not given out yet
  std::int64_t line_number_ = 0;
};

struct BlobFacts {
  std::int64_t bytes = 0;
  std::string sha256;
  bool operator==(const BlobFacts&) const = default;
};

// Whole files, piece by piece. save_blob() stores what has these facts, or nothing.
Result<BlobFacts> copy_blob(Blob& blob, const std::string& path);
Result<void> save_blob(const std::string& path, const BlobFacts& facts, BlobStore& blobs,
                       std::string_view name);

// A small file, such as a manifest: at most 1 MiB.
Result<std::string> read_small_file(const std::string& path);

}  // namespace coterie::storage
