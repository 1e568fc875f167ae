// Files: accept an upload piece by piece, check it, store it, link to it.
//
// Nothing is believed that a client claims: the size is counted while it comes, the type is found
// from the content. What is refused or broken off leaves nothing behind.
//
// Beside what the client sent we keep what it saves others: of pictures their size and, of large
// ones, a smaller version; of a video that came without a cover, one of its frames. These are made
// by ffmpeg where it is installed. Without it nothing is smaller, and a video gets a plain cover.
// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "base/result.hpp"
#include "chat/actor.hpp"
#include "chat/file_links.hpp"
#include "chat/model.hpp"
#include "storage/blob_store.hpp"
#include "storage/database.hpp"
#include "storage/ffmpeg.hpp"
#include "storage/image_size.hpp"

namespace coterie::chat {

enum class FileKind { avatar, cover, image, video, video_cover };

class Files;

// A video and the picture that stands for it.
struct Film {
  File video;
  File cover;
};

// One file on its way in: write() the pieces, then finish(). Destroyed before that, it never was.
class Upload {
 public:
  Upload(Files& files, FileKind kind, std::int64_t user_id);

  // The first failure is kept for finish(), which reports it; the pieces behind it are ignored.
  void write(std::string_view piece);
  bool has_failed() const { return failure_.has_value(); }
  // Whether finish() would take it; `claimed_type` is the part's own Content-Type.
  Result<void> check(std::string_view claimed_type) const;
  // The stored file's row, link filled in.
  Result<File> finish(std::string_view claimed_type);
  // Of a video, which is kept with a cover or not at all. `cover` may be null: then one is made.
  Result<Film> finish_film(Upload* cover);
  // What was finished comes to nothing, unless something has begun to use it.
  void take_back();

 private:
  Result<File> rest(std::string_view claimed_type);

  Files& files_;
  const FileKind kind_;
  const std::int64_t user_id_;
  const std::string path_;
  std::unique_ptr<storage::BlobWriter> writer_;
  std::string first_bytes_;
  storage::ImageSizeReader image_size_;
  std::uint64_t size_ = 0;
  std::optional<Error> failure_;
  std::vector<File> kept_;  // What finish() has stored.
};

class Files {
 public:
  // Does a signed link allow to fetch this path now?
  using LinkCheck = std::function<bool(std::string_view path, std::string_view expires,
                                       std::string_view signature)>;

  Files(storage::Database& database, storage::BlobStore& blobs, LinkCheck allows,
        const Clock& clock, Random& random, storage::Ffmpeg& ffmpeg)
      : database_(database),
        blobs_(blobs),
        allows_(std::move(allows)),
        clock_(clock),
        random_(random),
        ffmpeg_(ffmpeg) {}

  std::unique_ptr<Upload> begin(FileKind kind, const Actor& actor) {
    return std::make_unique<Upload>(*this, kind, actor.user_id);
  }

  // The file behind a link. Errors: "link_expired", "file_unknown". Blocks.
  Result<std::unique_ptr<storage::Blob>> open(std::string_view path, std::string_view expires,
                                              std::string_view signature) const {
    if (!allows_(path, expires, signature)) return Error("link_expired");
    return blobs_.open(path);
  }

  // Give what is shown its link, good for a day. Do not block.
  void link(File& file) const { links_.fill(file); }
  void link(std::optional<File>& file) const {
    if (file) link(*file);
  }
  void link(Message& message) const {
    link(message.user.avatar);
    link(message.file);
    link(message.cover);
  }
  FileLinks& links() { return links_; }

 private:
  friend class Upload;

  File row_of(FileKind kind, std::string path, std::int64_t user_id) const;
  Result<void> store(const std::string& path, std::string_view bytes);
  void add_thumbnail(File& file, std::string_view media_type);
  Result<File> make_cover(const File& video, std::string_view media_type);
  Result<void> insert(std::span<File> rows);
  void remove_blobs(const File& file);

  storage::Database& database_;
  storage::BlobStore& blobs_;
  const LinkCheck allows_;
  const Clock& clock_;
  Random& random_;
  storage::Ffmpeg& ffmpeg_;
  mutable FileLinks links_{database_, blobs_, clock_};
};

}  // namespace coterie::chat
