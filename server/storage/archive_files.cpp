// SPDX-License-Identifier: MIT
#include "storage/archive_files.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <span>

#include "base/blocking.hpp"
#include "base/check.hpp"
#include "base/hex.hpp"

namespace coterie::storage {

namespace {

constexpr std::size_t piece_bytes = 64 * 1024;
constexpr std::size_t small_bytes_max = 1024 * 1024;

Error failure(const std::string& path) {
  return Error("archive_failed", fmt::format("{}: {}", path, std::strerror(errno)));
}

Result<OpenFile> open_to_read(const std::string& path) {
  COTERIE_CHECK(may_block());
  OpenFile file(std::fopen(path.c_str(), "rbe"));
  if (!file) return failure(path);
  return file;
}

// A piece of `file`; empty at its end.
Result<std::string_view> read_piece(std::FILE* file, const std::string& path,
                                    std::span<char> space) {
  const std::size_t count = std::fread(space.data(), 1, space.size(), file);
  if (count == 0 && std::ferror(file)) return failure(path);
  return std::string_view(space.data(), count);
}

}  // namespace

Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
  COTERIE_CHECK(context_ && EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) == 1);
}

void Sha256::add(std::string_view piece) {
  COTERIE_CHECK(EVP_DigestUpdate(context_.get(), piece.data(), piece.size()) == 1);
}

std::string Sha256::hex() {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned size = 0;
  COTERIE_CHECK(EVP_DigestFinal_ex(context_.get(), digest.data(), &size) == 1);
  return to_hex({digest.data(), size});
}

Result<ArchiveWriter> ArchiveWriter::create(std::string path) {
  COTERIE_CHECK(may_block());
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) return failure(path);
  OpenFile file(::fdopen(fd, "wb"));
  COTERIE_CHECK(file);
  return ArchiveWriter(std::move(path), std::move(file));
}

Result<void> ArchiveWriter::write(std::string_view bytes) {
  sum_.add(bytes);
  if (std::fwrite(bytes.data(), 1, bytes.size(), file_.get()) != bytes.size()) {
    return failure(path_);
  }
  return {};
}

Result<void> ArchiveWriter::write_line(std::string_view line) {
  if (auto written = write(line); !written) return written;
  return write("\n");
}

Result<std::string> ArchiveWriter::finish() {
  if (std::fflush(file_.get()) != 0 || ::fsync(::fileno(file_.get())) != 0) return failure(path_);
  return sum_.hex();
}

Result<ArchiveReader> ArchiveReader::open(std::string path) {
  auto file = open_to_read(path);
  if (!file) return file.error();
  return ArchiveReader(std::move(path), std::move(*file));
}

Result<std::optional<std::string_view>> ArchiveReader::next_line() {
  using Line = std::optional<std::string_view>;
  std::size_t searched = begin_;
  ++line_number_;
  for (;;) {
    const std::size_t end = buffer_.find('\n', searched);
    if (end != std::string::npos) {
      const std::string_view line = std::string_view(buffer_).substr(begin_, end - begin_);
      begin_ = end + 1;
      return Line(line);
    }
    buffer_.erase(0, begin_);
    begin_ = 0;
    searched = buffer_.size();
    if (searched > line_bytes_max) {
      return error(Error("", fmt::format("a line of more than {} bytes", line_bytes_max)));
    }
    std::array<char, piece_bytes> space;
    const auto piece = read_piece(file_.get(), path_, space);
    if (!piece) return piece.error();
    if (piece->empty()) break;
    sum_.add(*piece);
    buffer_ += *piece;
  }
  if (!buffer_.empty()) return error(Error("", "the last line is not whole"));
  return Line();
}

Error ArchiveReader::error(const Error& reason) const {
  const std::string name = std::filesystem::path(path_).filename().string();
  return Error("bad_archive", fmt::format("{}:{}: {}", name, line_number_, reason.detail));
}

Result<BlobFacts> copy_blob(Blob& blob, const std::string& path) {
  auto file = ArchiveWriter::create(path);
  if (!file) return file.error();
  BlobFacts facts;
  for (;;) {
    const auto piece = blob.read(static_cast<std::uint64_t>(facts.bytes), piece_bytes);
    if (!piece) return piece.error();
    if (piece->empty()) break;
    if (const auto written = file->write(*piece); !written) return written.error();
    facts.bytes += static_cast<std::int64_t>(piece->size());
  }
  auto sum = file->finish();
  if (!sum) return sum.error();
  facts.sha256 = std::move(*sum);
  return facts;
}

Result<void> save_blob(const std::string& path, const BlobFacts& facts, BlobStore& blobs,
                       std::string_view name) {
  const auto file = open_to_read(path);
  if (!file) return file.error();
  const auto writer = blobs.create(name);
  if (!writer) return writer.error();
  BlobFacts found;
  Sha256 sum;
  std::array<char, piece_bytes> space;
  for (;;) {
    const auto piece = read_piece(file->get(), path, space);
    if (!piece) return piece.error();
    if (piece->empty()) break;
    sum.add(*piece);
    found.bytes += static_cast<std::int64_t>(piece->size());
    if (auto written = (*writer)->write(*piece); !written) return written;
  }
  found.sha256 = sum.hex();
  if (found != facts) {
    return Error("bad_archive",
                 fmt::format("{}: {} bytes with the sum {}, but its row says {} with {}", path,
                             found.bytes, found.sha256, facts.bytes, facts.sha256));
  }
  return (*writer)->commit();
}

Result<std::string> read_small_file(const std::string& path) {
  const auto file = open_to_read(path);
  if (!file) return file.error();
  std::string text(small_bytes_max + 1, '\0');
  const auto piece = read_piece(file->get(), path, text);
  if (!piece) return piece.error();
  if (piece->size() > small_bytes_max) return Error("bad_archive", path + ": too large");
  text.resize(piece->size());
  return text;
}

}  // namespace coterie::storage
