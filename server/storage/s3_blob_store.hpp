// BlobStore in a bucket of S3 or of what speaks like it (MinIO, Ceph, Swift, …).
//
// Files keep their paths and get the type that their content shows. Clients fetch them by presigned
// URLs, good for 24 hours; with a public URL those name another host than the one we talk to. All
// that can go wrong with the server is "files_unavailable".
// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "storage/blob_store.hpp"
#include "storage/s3_wire.hpp"

namespace coterie::storage {

class S3BlobStore final : public BlobStore {
 public:
  struct Options {
    S3Place place;
    std::string spool_folder;  // Where uploads wait, without a name.
  };

  S3BlobStore(Options options, std::unique_ptr<S3Wire> wire, const Clock& clock);

  // Makes the bucket when there is none. A server that does not answer is waited for, 30 seconds at
  // most ("files_unavailable"); one that refuses us is not ("bad_setting").
  Result<void> prepare() override;
  Result<void> check() override;

  void stop() override { wire_->stop(); }
  Result<std::unique_ptr<BlobWriter>> create(std::string_view path) override;
  Result<std::unique_ptr<Blob>> open(std::string_view path) override;
  Result<void> remove(std::string_view path) override;
  std::string url(std::string_view path) const override;
  std::string url_made_at(std::string_view path, WallTime time) const override;
  std::string kept_links() const override;
  std::string place(std::string_view path) const override;
  Result<void> each_older_than(WallTime time, std::size_t page_size, const UsePaths& use) override;
  Result<void> forget_unfinished(WallTime time) override;

 private:
  Result<void> open_bucket();
  Result<void> make_bucket();
  Error bad_bucket(std::string_view what, const S3Answer& answer) const;
  Result<void> forget(const std::string& path, const std::string& upload_id, WallTime time);

  const Options options_;
  const std::unique_ptr<S3Wire> wire_;
  const Clock& clock_;
};

}  // namespace coterie::storage
