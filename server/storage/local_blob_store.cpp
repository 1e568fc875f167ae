// SPDX-License-Identifier: MIT
#include "storage/local_blob_store.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <optional>
#include <utility>

#include "base/blocking.hpp"
#include "base/check.hpp"
#include "base/hex.hpp"
#include "base/random.hpp"
#include "storage/blob_path.hpp"
#include "storage/media_type.hpp"

namespace coterie::storage {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view uploads = "uploads";  // Where files are while they are written.
constexpr auto url_life = std::chrono::hours(24);

Error failure(std::string_view what) {
  const bool is_full = errno == ENOSPC || errno == EDQUOT || errno == EFBIG;
  return Error(is_full ? "storage_full" : "storage_failed",
               fmt::format("{}: {}", what, std::strerror(errno)));
}

// When a regular file was last written; nullopt for what is none, or has gone meanwhile.
std::optional<WallTime> last_written(const fs::path& file) {
  struct stat facts{};
  if (::lstat(file.c_str(), &facts) != 0 || !S_ISREG(facts.st_mode)) return std::nullopt;
  return WallTime(std::chrono::seconds(facts.st_mtim.tv_sec));
}

// The names in a folder, one after another; a folder that is not there has none.
Result<void> each_name(const fs::path& folder,
                       const std::function<Result<void>(const std::string&)>& use) {
  std::error_code problem;
  fs::directory_iterator entry(folder, problem);
  while (!problem && entry != fs::directory_iterator()) {
    if (auto used = use(entry->path().filename().string()); !used) return used;
    entry.increment(problem);
  }
  if (problem && problem != std::errc::no_such_file_or_directory) {
    return Error("storage_failed", folder.string() + ": " + problem.message());
  }
  return {};
}

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

class LocalBlobWriter final : public BlobWriter {
 public:
  LocalBlobWriter(int fd, std::string temporary, std::string final)
      : fd_(fd), temporary_(std::move(temporary)), final_(std::move(final)) {}
  ~LocalBlobWriter() override {
    if (!is_committed_) ::unlink(temporary_.c_str());
  }

  Result<void> write(std::string_view piece) override {
    COTERIE_CHECK(may_block());
    while (!piece.empty()) {
      const ssize_t count = ::write(fd_.get(), piece.data(), piece.size());
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return failure(temporary_);
      piece.remove_prefix(static_cast<std::size_t>(count));
    }
    return {};
  }

  Result<void> commit() override {
    COTERIE_CHECK(may_block());
    if (::fsync(fd_.get()) != 0) return failure(temporary_);
    if (::rename(temporary_.c_str(), final_.c_str()) != 0) return failure(final_);
    is_committed_ = true;
    // The name is on the disk when its folder is.
    const Descriptor folder(
        ::open(fs::path(final_).parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (folder.get() < 0 || ::fsync(folder.get()) != 0) return failure(final_);
    return {};
  }

 private:
  const Descriptor fd_;
  const std::string temporary_;
  const std::string final_;
  bool is_committed_ = false;
};

class LocalBlob final : public Blob {
 public:
  LocalBlob(int fd, const struct stat& facts) : fd_(fd), facts_(facts) {}

  std::uint64_t size() const override { return static_cast<std::uint64_t>(facts_.st_size); }
  WallTime modified() const override {
    return WallTime(std::chrono::seconds(facts_.st_mtim.tv_sec));
  }
  std::string media_type() const override {
    std::array<char, media_type_bytes> first;
    const ssize_t count = ::pread(fd_.get(), first.data(), first.size(), 0);
    return std::string(
        media_type_of({first.data(), static_cast<std::size_t>(std::max<ssize_t>(count, 0))}));
  }
  Result<std::string> read(std::uint64_t offset, std::size_t size_max) override {
    COTERIE_CHECK(may_block());
    std::string bytes(size_max, '\0');
    const ssize_t count =
        ::pread(fd_.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (count < 0) return failure("reading a file");
    bytes.resize(static_cast<std::size_t>(count));
    return bytes;
  }

 private:
  const Descriptor fd_;
  const struct stat facts_;
};

}  // namespace

LocalBlobStore::LocalBlobStore(Options options, const Clock& clock)
    : options_(std::move(options)), clock_(clock) {}

Result<void> LocalBlobStore::prepare() {
  COTERIE_CHECK(may_block());
  std::error_code problem;
  const fs::path half_written = fs::path(options_.folder) / uploads;
  if (!options_.is_shared) fs::remove_all(half_written, problem);
  fs::create_directories(half_written, problem);
  if (problem) {
    return Error("storage_failed", half_written.string() + ": " + problem.message());
  }
  if (options_.is_shared) return forget_unfinished(clock_.wall() - std::chrono::hours(24));
  return {};
}

Result<void> LocalBlobStore::check() {
  COTERIE_CHECK(may_block());
  const std::string folder = (fs::path(options_.folder) / uploads).string();
  if (::access(folder.c_str(), W_OK | X_OK) != 0) return failure(folder);
  return {};
}

Result<std::unique_ptr<BlobWriter>> LocalBlobStore::create(std::string_view path) {
  COTERIE_CHECK(may_block() && is_blob_path(path));
  const fs::path final = fs::path(options_.folder) / path;
  const fs::path temporary = fs::path(options_.folder) / uploads / random_id(system_random(), 21);
  std::error_code problem;
  fs::create_directories(final.parent_path(), problem);
  const int fd = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
  if (fd < 0) return failure(temporary.string());
  return std::unique_ptr<BlobWriter>(
      std::make_unique<LocalBlobWriter>(fd, temporary.string(), final.string()));
}

Result<std::unique_ptr<Blob>> LocalBlobStore::open(std::string_view path) {
  COTERIE_CHECK(may_block());
  if (!is_blob_path(path)) return Error("file_unknown");
  const fs::path file = fs::path(options_.folder) / path;
  const int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0) return errno == ENOENT ? Error("file_unknown") : failure(file.string());
  struct stat facts{};
  if (::fstat(fd, &facts) != 0) {
    ::close(fd);
    return failure(file.string());
  }
  return std::unique_ptr<Blob>(std::make_unique<LocalBlob>(fd, facts));
}

Result<void> LocalBlobStore::remove(std::string_view path) {
  COTERIE_CHECK(may_block() && is_blob_path(path));
  const fs::path file = fs::path(options_.folder) / path;
  if (::unlink(file.c_str()) != 0 && errno != ENOENT) return failure(file.string());
  return {};
}

Result<void> LocalBlobStore::each_older_than(WallTime time, std::size_t page_size,
                                             const UsePaths& use) {
  COTERIE_CHECK(may_block() && page_size > 0);
  const fs::path top(options_.folder);
  std::vector<std::string> page;
  const auto done = each_name(top, [&](const std::string& type) {
    if (type == uploads || !fs::is_directory(fs::symlink_status(top / type))) return Result<void>();
    return each_name(top / type, [&](const std::string& name) -> Result<void> {
      std::string path = type + "/" + name;
      const auto written = last_written(top / path);
      if (!written || *written >= time || !is_blob_path(path)) return {};
      page.push_back(std::move(path));
      return page.size() < page_size ? Result<void>() : use(std::exchange(page, {}));
    });
  });
  if (!done || page.empty()) return done;
  return use(page);
}

Result<void> LocalBlobStore::forget_unfinished(WallTime time) {
  COTERIE_CHECK(may_block());
  const fs::path folder = fs::path(options_.folder) / uploads;
  return each_name(folder, [&](const std::string& name) -> Result<void> {
    const auto written = last_written(folder / name);
    if (!written || *written >= time) return {};
    const fs::path file = folder / name;
    return ::unlink(file.c_str()) == 0 || errno == ENOENT ? Result<void>() : failure(file.string());
  });
}

std::string LocalBlobStore::place(std::string_view path) const {
  COTERIE_CHECK(is_blob_path(path));
  return (fs::path(options_.folder) / path).string();
}

std::string LocalBlobStore::sign(std::string_view path, std::string_view expires) const {
  const std::string message = fmt::format("file\n{}\n{}", path, expires);
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned size = 0;
  HMAC(EVP_sha256(), options_.secret.data(), static_cast<int>(options_.secret.size()),
       reinterpret_cast<const unsigned char*>(message.data()), message.size(), digest.data(),
       &size);
  return to_hex({digest.data(), size});
}

std::string LocalBlobStore::url(std::string_view path) const {
  const auto hour = std::chrono::ceil<std::chrono::hours>(clock_.wall());
  const auto until = std::chrono::floor<std::chrono::seconds>(hour + url_life);
  const std::string expires = std::to_string(until.time_since_epoch().count());
  return fmt::format("{}/files/{}?expires={}&signature={}", options_.public_url, path, expires,
                     sign(path, expires));
}

bool LocalBlobStore::allows(std::string_view path, std::string_view expires,
                            std::string_view signature) const {
  std::int64_t until = 0;
  const auto [end, problem] =
      std::from_chars(expires.data(), expires.data() + expires.size(), until);
  if (problem != std::errc() || end != expires.data() + expires.size()) return false;
  const auto now = std::chrono::floor<std::chrono::seconds>(clock_.wall());
  if (now.time_since_epoch().count() > until) return false;
  const std::string wanted = sign(path, expires);
  return wanted.size() == signature.size() &&
         CRYPTO_memcmp(wanted.data(), signature.data(), wanted.size()) == 0;
}

}  // namespace coterie::storage
