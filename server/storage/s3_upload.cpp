// SPDX-License-Identifier: MIT
#include "storage/s3_upload.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/blocking.hpp"
#include "base/check.hpp"
#include "base/log.hpp"
#include "storage/media_type.hpp"
#include "storage/s3_xml.hpp"

namespace coterie::storage {

namespace {

Error spool_failure() {
  const bool is_full = errno == ENOSPC || errno == EDQUOT || errno == EFBIG;
  return Error(is_full ? "storage_full" : "storage_failed",
               fmt::format("the spool of an upload: {}", std::strerror(errno)));
}

}  // namespace

Result<std::unique_ptr<Spool>> Spool::open(const std::string& folder) {
  COTERIE_CHECK(may_block());
  int fd = ::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (fd < 0) {  // Not every file system can do that.
    std::string name = folder + "/upload-XXXXXX";
    fd = ::mkostemp(name.data(), O_CLOEXEC);
    if (fd < 0) return spool_failure();
    ::unlink(name.c_str());
  }
  return std::unique_ptr<Spool>(new Spool(fd));
}

Spool::~Spool() {
  ::close(fd_);
}

Result<void> Spool::append(std::string_view bytes) {
  COTERIE_CHECK(may_block());
  while (!bytes.empty()) {
    const ssize_t count = ::pwrite(fd_, bytes.data(), bytes.size(), static_cast<off_t>(size_));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return spool_failure();
    bytes.remove_prefix(static_cast<std::size_t>(count));
    size_ += static_cast<std::uint64_t>(count);
  }
  return {};
}

std::size_t Spool::read(std::uint64_t offset, char* target, std::size_t size) const {
  const ssize_t count = ::pread(fd_, target, size, static_cast<off_t>(offset));
  return static_cast<std::size_t>(std::max<ssize_t>(count, 0));
}

S3Upload::S3Upload(S3Wire& wire, std::unique_ptr<Spool> spool, std::string path)
    : wire_(wire), spool_(std::move(spool)), path_(std::move(path)) {}

S3Upload::~S3Upload() {
  // On a loop, where a server that stops drops its uploads, nobody can wait: they are swept.
  if (upload_id_.empty() || !may_block()) return;
  const S3Question abort{.method = "DELETE", .path = path_, .query = {{"uploadId", upload_id_}}};
  const auto aborted = ask(wire_, abort);
  const bool is_gone = aborted && (aborted->status == 204 || aborted->status == 404);
  if (!is_gone) log::warn("S3: the parts of {} are left to the sweep", path_);
}

Result<void> S3Upload::noted(Result<void> result) {
  if (!result) failure_ = result.error();
  return result;
}

Result<void> S3Upload::write(std::string_view piece) {
  COTERIE_CHECK(may_block());
  return failure_ ? *failure_ : noted(store(piece));
}

Result<void> S3Upload::commit() {
  COTERIE_CHECK(may_block());
  return failure_ ? *failure_ : noted(finish());
}

Result<void> S3Upload::store(std::string_view piece) {
  if (first_bytes_.size() < media_type_bytes) {
    first_bytes_.append(piece.substr(0, media_type_bytes - first_bytes_.size()));
  }
  while (!piece.empty()) {
    // A full part waits for the byte behind it: only then is the file too large for one PUT.
    if (spool_->size() == s3_part_bytes) {
      if (const auto sent = send_part(); !sent) return sent;
    }
    const std::size_t room = s3_part_bytes - spool_->size();
    if (const auto kept = spool_->append(piece.substr(0, room)); !kept) return kept;
    piece.remove_prefix(std::min(room, piece.size()));
  }
  return {};
}

Result<void> S3Upload::finish() {
  if (upload_id_.empty()) return put_whole();
  if (const auto sent = send_part(); !sent) return sent;
  return complete_parts();
}

S3Body S3Upload::spooled() const {
  return {spool_->size(), [this](std::uint64_t offset, char* target, std::size_t size) {
            return spool_->read(offset, target, size);
          }};
}

Result<void> S3Upload::put_whole() {
  const S3Question put{.method = "PUT",
                       .path = path_,
                       .media_type = std::string(media_type_of(first_bytes_)),
                       .body = spooled()};
  const auto answer = ask(wire_, put);
  if (!answer) return answer.error();
  if (answer->status != 200) return refusal(put, *answer);
  return {};
}

Result<void> S3Upload::begin_parts() {
  const S3Question begin{.method = "POST",
                         .path = path_,
                         .query = {{"uploads", ""}},
                         .media_type = std::string(media_type_of(first_bytes_))};
  const auto answer = ask(wire_, begin);
  if (!answer) return answer.error();
  upload_id_ = xml_text(answer->body, "UploadId");
  if (answer->status != 200 || upload_id_.empty()) return refusal(begin, *answer);
  return {};
}

Result<void> S3Upload::send_part() {
  if (upload_id_.empty()) {
    if (const auto begun = begin_parts(); !begun) return begun;
  }
  const S3Question put{
      .method = "PUT",
      .path = path_,
      .query = {{"partNumber", std::to_string(tags_.size() + 1)}, {"uploadId", upload_id_}},
      .body = spooled()};
  const auto answer = ask(wire_, put);
  if (!answer) return answer.error();
  if (answer->status != 200 || answer->entity_tag.empty()) return refusal(put, *answer);
  tags_.push_back(answer->entity_tag);
  spool_->clear();
  return {};
}

Result<void> S3Upload::complete_parts() {
  const S3Question complete{.method = "POST",
                            .path = path_,
                            .query = {{"uploadId", upload_id_}},
                            .media_type = "application/xml",
                            .body = text_body(xml_of_parts(tags_))};
  const auto answer = ask(wire_, complete);
  if (!answer) return answer.error();
  if (answer->status == 404) {
    // Where an answer was lost, the second attempt finds no parts, but the file.
    const auto whole = ask(wire_, {.method = "HEAD", .path = path_});
    if (!whole) return whole.error();
    if (whole->status != 200) return refusal(complete, *answer);
  } else if (answer->status != 200) {
    return refusal(complete, *answer);
  }
  upload_id_.clear();
  return {};
}

}  // namespace coterie::storage
