// BlobStore in a folder: the embedded default. Files are served by this server, at signed URLs.
//
//   <public url>/files/<path>?expires=<unix seconds>&signature=<hex HMAC-SHA256 of path and time>
//
// A file is written under a temporary name, flushed, and renamed: it is there whole or not at all.
// URLs are the same for an hour, so that caches work, and good for 24 to 25 hours.
// SPDX-License-Identifier: MIT
#pragma once

#include "storage/blob_store.hpp"

namespace coterie::storage {

class LocalBlobStore final : public BlobStore {
 public:
  struct Options {
    std::string folder;
    std::string public_url;  // "http://localhost:3000": without a slash at its end.
    std::string secret;      // Signs URLs.
    bool is_shared = false;  // Other servers may be writing into the folder just now.
  };

  LocalBlobStore(Options options, const Clock& clock);

  // For a port that is known only when it is bound. Before the first url().
  void set_public_url(std::string url) { options_.public_url = std::move(url); }

  // Makes the folder and forgets what a crash has left half-written (in a shared one, a day ago: no
  // upload takes as long). Before anything else.
  Result<void> prepare() override;
  Result<void> check() override;

  Result<std::unique_ptr<BlobWriter>> create(std::string_view path) override;
  Result<std::unique_ptr<Blob>> open(std::string_view path) override;
  Result<void> remove(std::string_view path) override;
  std::string url(std::string_view path) const override;
  std::string url_made_at(std::string_view path, WallTime) const override { return url(path); }
  std::string kept_links() const override { return {}; }
  std::string place(std::string_view path) const override;
  Result<void> each_older_than(WallTime time, std::size_t page_size, const UsePaths& use) override;
  Result<void> forget_unfinished(WallTime time) override;

  // Does this signature allow to fetch `path` now?
  bool allows(std::string_view path, std::string_view expires, std::string_view signature) const;

 private:
  std::string sign(std::string_view path, std::string_view expires) const;

  Options options_;  // Fixed before the first use
  const Clock& clock_;
};

}  // namespace coterie::storage
