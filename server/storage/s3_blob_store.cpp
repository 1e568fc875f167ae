// SPDX-License-Identifier: MIT
#include "storage/s3_blob_store.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <iomanip>
#include <sstream>

#include "base/blocking.hpp"
#include "base/check.hpp"
#include "base/log.hpp"
#include "storage/blob_path.hpp"
#include "storage/s3_upload.hpp"
#include "storage/s3_xml.hpp"

namespace coterie::storage {

namespace {

constexpr auto url_life = std::chrono::hours(24);
constexpr auto place_life = std::chrono::minutes(15);  // It is seen in lists of processes.
constexpr auto start_pause = std::chrono::seconds(3);
constexpr auto start_patience = std::chrono::seconds(30);
constexpr std::size_t page_size_max = 1000;  // S3 lists no more at once.
constexpr int pages_max = 1'000'000;         // A server that never ends is none.
constexpr std::uint64_t window_bytes = 1024 * 1024;

// "2026-11-24T14:56:29.286Z". What is no time is now: nothing is swept for a misunderstanding.
WallTime time_of(const std::string& text) {
  std::istringstream stream(text);
  std::tm parts{};
  stream >> std::get_time(&parts, "%Y-%m-%dT%H:%M:%S");
  if (!stream) return WallTime::max();
  return WallTime(std::chrono::seconds(::timegm(&parts)));
}

// Asks for a list rather than for the head of the bucket: a refused HEAD has no body to say why.
S3Question first_of_bucket() {
  return {.method = "GET", .query = {{"list-type", "2"}, {"max-keys", "1"}}};
}

// A file that is read through a window, so that small steps do not ask for each.
class S3Blob final : public Blob {
 public:
  S3Blob(S3Wire& wire, std::string path, S3Answer facts)
      : wire_(wire), path_(std::move(path)), facts_(std::move(facts)) {}

  std::uint64_t size() const override { return facts_.size; }
  WallTime modified() const override { return facts_.modified; }
  std::string media_type() const override { return facts_.media_type; }

  Result<std::string> read(std::uint64_t offset, std::size_t size_max) override {
    COTERIE_CHECK(may_block());
    if (offset >= facts_.size || size_max == 0) return std::string();
    if (offset < window_at_ || offset >= window_at_ + window_.size()) {
      if (const auto fetched = fetch(offset); !fetched) return fetched.error();
    }
    return window_.substr(offset - window_at_, size_max);
  }

 private:
  Result<void> fetch(std::uint64_t offset) {
    const std::uint64_t length = std::min(window_bytes, facts_.size - offset);
    const S3Question get{.method = "GET",
                         .path = path_,
                         .range = fmt::format("{}-{}", offset, offset + length - 1),
                         .answer_bytes_max = window_bytes};
    auto answer = ask(wire_, get);
    if (!answer) return answer.error();
    if (answer->status == 404) return Error("file_unknown");
    if (answer->status != 206 || answer->body.size() != length) return refusal(get, *answer);
    window_ = std::move(answer->body);
    window_at_ = offset;
    return {};
  }

  S3Wire& wire_;
  const std::string path_;
  const S3Answer facts_;
  std::string window_;
  std::uint64_t window_at_ = 0;
};

}  // namespace

S3BlobStore::S3BlobStore(Options options, std::unique_ptr<S3Wire> wire, const Clock& clock)
    : options_(std::move(options)), wire_(std::move(wire)), clock_(clock) {}

Result<void> S3BlobStore::prepare() {
  COTERIE_CHECK(may_block());
  const TimePoint deadline = clock_.now() + start_patience;
  for (bool is_first = true;; is_first = false) {
    auto opened = open_bucket();
    // What a server refuses it will refuse again; only silence is waited out.
    if (opened || opened.error().code != "files_unavailable") return opened;
    if (clock_.now() >= deadline) return opened;
    if (is_first) {
      log::warn("S3 at {} does not answer; waiting {} s for it", options_.place.endpoint,
                start_patience.count());
    }
    wire_->pause(start_pause);
  }
}

Result<void> S3BlobStore::check() {
  COTERIE_CHECK(may_block());
  const auto answer = wire_->exchange(first_of_bucket());
  if (!answer) return answer.error();
  if (answer->status != 200) return bad_bucket("cannot be used", *answer);
  return {};
}

Result<void> S3BlobStore::open_bucket() {
  const auto answer = ask(*wire_, first_of_bucket());
  if (!answer) return answer.error();
  if (answer->status == 200) return {};
  if (answer->status == 404) return make_bucket();
  return bad_bucket("cannot be used", *answer);
}

Result<void> S3BlobStore::make_bucket() {
  const std::string& region = options_.place.key.region;
  S3Question put{.method = "PUT"};
  if (region != "us-east-1") put.body = text_body(xml_of_location(region));
  const auto made = ask(*wire_, put);
  if (!made) return made.error();
  // Another server may have been faster.
  const bool is_there = xml_text(made->body, "Code") == "BucketAlreadyOwnedByYou";
  if (made->status != 200 && !is_there) {
    return bad_bucket("is not there and cannot be made", *made);
  }
  log::info("S3: made the bucket {}", options_.place.bucket);
  return {};
}

Error S3BlobStore::bad_bucket(std::string_view what, const S3Answer& answer) const {
  return Error("bad_setting",
               fmt::format("S3 bucket {} at {} {}: {} {} {}", options_.place.bucket,
                           options_.place.endpoint, what, answer.status,
                           xml_text(answer.body, "Code"), xml_text(answer.body, "Message")));
}

Result<std::unique_ptr<BlobWriter>> S3BlobStore::create(std::string_view path) {
  COTERIE_CHECK(may_block() && is_blob_path(path));
  auto spool = Spool::open(options_.spool_folder);
  if (!spool) return spool.error();
  return std::unique_ptr<BlobWriter>(
      std::make_unique<S3Upload>(*wire_, std::move(*spool), std::string(path)));
}

Result<std::unique_ptr<Blob>> S3BlobStore::open(std::string_view path) {
  COTERIE_CHECK(may_block());
  if (!is_blob_path(path)) return Error("file_unknown");
  const S3Question head{.method = "HEAD", .path = std::string(path)};
  auto answer = ask(*wire_, head);
  if (!answer) return answer.error();
  if (answer->status == 404) return Error("file_unknown");
  if (answer->status != 200) return refusal(head, *answer);
  return std::unique_ptr<Blob>(
      std::make_unique<S3Blob>(*wire_, std::string(path), std::move(*answer)));
}

Result<void> S3BlobStore::remove(std::string_view path) {
  COTERIE_CHECK(may_block() && is_blob_path(path));
  const S3Question question{.method = "DELETE", .path = std::string(path)};
  const auto answer = ask(*wire_, question);
  if (!answer) return answer.error();
  if (answer->status != 204 && answer->status != 200 && answer->status != 404) {
    return refusal(question, *answer);
  }
  return {};
}

std::string S3BlobStore::url(std::string_view path) const {
  return url_made_at(path, clock_.wall());
}

std::string S3BlobStore::url_made_at(std::string_view path, WallTime time) const {
  return s3_url(options_.place, options_.place.public_url, "GET", path, {}, {}, time, url_life);
}

std::string S3BlobStore::kept_links() const {
  const std::string address = url("");
  return address.substr(0, address.find('?'));
}

std::string S3BlobStore::place(std::string_view path) const {
  return s3_url(options_.place, options_.place.endpoint, "GET", path, {}, {}, clock_.wall(),
                place_life);
}

Result<void> S3BlobStore::each_older_than(WallTime time, std::size_t page_size,
                                          const UsePaths& use) {
  COTERIE_CHECK(may_block() && page_size > 0);
  S3Question list{.method = "GET"};
  const std::string keys_max = std::to_string(std::min(page_size, page_size_max));
  std::string next;
  for (int page = 0; page < pages_max; ++page) {
    list.query = {{"list-type", "2"}, {"max-keys", keys_max}};
    if (!next.empty()) list.query.emplace_back("continuation-token", next);
    const auto answer = ask(*wire_, list);
    if (!answer) return answer.error();
    if (answer->status != 200) return refusal(list, *answer);
    std::vector<std::string> paths;
    for (const std::string_view file : xml_elements(answer->body, "Contents")) {
      std::string path = xml_text(file, "Key");
      if (is_blob_path(path) && time_of(xml_text(file, "LastModified")) < time) {
        paths.push_back(std::move(path));
      }
    }
    if (!paths.empty()) {
      if (auto used = use(paths); !used) return used;
    }
    next = xml_text(answer->body, "NextContinuationToken");
    if (xml_text(answer->body, "IsTruncated") != "true" || next.empty()) return {};
  }
  return Error("files_unavailable", "S3 lists files without an end");
}

Result<void> S3BlobStore::forget_unfinished(WallTime time) {
  COTERIE_CHECK(may_block());
  S3Question list{.method = "GET"};
  std::string key;
  std::string id;
  for (int page = 0; page < pages_max; ++page) {
    list.query = {{"uploads", ""}};
    if (!key.empty()) {
      list.query.emplace_back("key-marker", key);
      list.query.emplace_back("upload-id-marker", id);
    }
    const auto answer = ask(*wire_, list);
    if (!answer) return answer.error();
    if (answer->status != 200) return refusal(list, *answer);
    for (const std::string_view upload : xml_elements(answer->body, "Upload")) {
      const std::string path = xml_text(upload, "Key");
      if (!is_blob_path(path) || time_of(xml_text(upload, "Initiated")) >= time) continue;
      if (auto done = forget(path, xml_text(upload, "UploadId"), time); !done) return done;
    }
    key = xml_text(answer->body, "NextKeyMarker");
    id = xml_text(answer->body, "NextUploadIdMarker");
    if (xml_text(answer->body, "IsTruncated") != "true" || key.empty()) return {};
  }
  return Error("files_unavailable", "S3 lists uploads without an end");
}

// Of an upload that began long ago the last part may be a recent one.
Result<void> S3BlobStore::forget(const std::string& path, const std::string& upload_id,
                                 WallTime time) {
  const NamedTexts query{{"uploadId", upload_id}};
  const S3Question list{.method = "GET", .path = path, .query = query};
  const auto parts = ask(*wire_, list);
  if (!parts) return parts.error();
  if (parts->status == 404) return {};  // It has ended meanwhile.
  if (parts->status != 200) return refusal(list, *parts);
  for (const std::string_view part : xml_elements(parts->body, "Part")) {
    if (time_of(xml_text(part, "LastModified")) >= time) return {};
  }
  const S3Question abort{.method = "DELETE", .path = path, .query = query};
  const auto aborted = ask(*wire_, abort);
  if (!aborted) return aborted.error();
  if (aborted->status != 204 && aborted->status != 404) return refusal(abort, *aborted);
  return {};
}

}  // namespace coterie::storage
