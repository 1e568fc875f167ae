// Files: accept an upload piece by piece, check it, store it, link to it.
//
// Nothing is believed that a client claims: the size is counted while it comes, the type is found
// from the content. What is refused or broken off leaves nothing behind.
// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/guarded.hpp"
#include "base/random.hpp"
#include "base/result.hpp"
#include "chat/actor.hpp"
#include "chat/model.hpp"
#include "storage/blob_store.hpp"
#include "storage/database.hpp"

namespace coterie::chat {

enum class FileKind { avatar, cover, image };

class Files;

// One file on its way in: write() the pieces, then finish(). Destroyed before that, it never was.
class Upload {
 public:
  Upload(Files& files, FileKind kind, std::int64_t user_id);

  // The first failure is kept for finish(), which reports it; the pieces behind it are ignored.
  void write(std::string_view piece);
  // Whether finish() would take it; `claimed_type` is the part's own Content-Type.
  Result<void> check(std::string_view claimed_type) const;
  // The stored file's row, link filled in.
  Result<File> finish(std::string_view claimed_type);

 private:
  Files& files_;
  const FileKind kind_;
  const std::int64_t user_id_;
  const std::string path_;
  std::unique_ptr<storage::BlobWriter> writer_;
  std::string first_bytes_;
  std::uint64_t size_ = 0;
  std::optional<Error> failure_;
};

class Files {
 public:
  // Does a signed link allow to fetch this path now?
  using LinkCheck = std::function<bool(std::string_view path, std::string_view expires,
                                       std::string_view signature)>;

  Files(storage::Database& database, storage::BlobStore& blobs, LinkCheck allows,
        const Clock& clock, Random& random)
      : database_(database),
        blobs_(blobs),
        allows_(std::move(allows)),
        clock_(clock),
        random_(random) {}

  std::unique_ptr<Upload> begin(FileKind kind, const Actor& actor) {
    return std::make_unique<Upload>(*this, kind, actor.user_id);
  }

  // The file behind a link. Errors: "link_expired", "file_unknown". Blocks.
  Result<std::unique_ptr<storage::Blob>> open(std::string_view path, std::string_view expires,
                                              std::string_view signature) const {
    if (!allows_(path, expires, signature)) return Error("link_expired");
    return blobs_.open(path);
  }

  // Give what is shown its link, good for a day. Do not block. Where the store's links are kept, a
  // row's own is shown for a day; then a new one, at once, and the row follows.
  void link(File& file) const;
  void link(std::optional<File>& file) const {
    if (file) link(*file);
  }
  void link(Message& message) const {
    link(message.user.avatar);
    link(message.file);
    link(message.cover);
  }

  // Called, from any thread, when there are links for store_renewed_links(). Before the first link().
  void set_on_renewed(std::function<void()> on_renewed) { on_renewed_ = std::move(on_renewed); }
  // Writes renewed links into their rows. Blocks.
  Result<void> store_renewed_links();

 private:
  friend class Upload;

  storage::Database& database_;
  storage::BlobStore& blobs_;
  const LinkCheck allows_;
  const Clock& clock_;
  Random& random_;
  std::function<void()> on_renewed_;
  // By the file's id: new links that their rows do not have yet.
  mutable Guarded<std::map<std::int64_t, std::string>> renewed_;
};

}  // namespace coterie::chat
