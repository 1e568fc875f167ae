// SPDX-License-Identifier: MIT
#include "api/file_download.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "api/byte_range.hpp"
#include "api/rest.hpp"
#include "net/http_status.hpp"

namespace coterie::api {

namespace {

// Reads a stretch of a stored file.
class BlobSource final : public net::BodySource {
 public:
  BlobSource(std::shared_ptr<storage::Blob> blob, ByteRange range)
      : blob_(std::move(blob)), next_(range.first), left_(range.length) {}

  Result<std::string> read(std::size_t size_max) override {
    auto bytes =
        blob_->read(next_, static_cast<std::size_t>(std::min<std::uint64_t>(left_, size_max)));
    if (bytes) {
      next_ += bytes->size();
      left_ -= bytes->size();
    }
    return bytes;
  }

 private:
  const std::shared_ptr<storage::Blob> blob_;
  std::uint64_t next_;
  std::uint64_t left_;
};

void add_safe_headers(net::Response& response, std::string_view type) {
  response.fields.add("X-Content-Type-Options", "nosniff");
  response.fields.add("Content-Security-Policy", "default-src 'none'; sandbox");
  response.fields.add("Cross-Origin-Resource-Policy", "same-site");
  const bool is_shown = type.starts_with("image/") || type.starts_with("video/");
  response.fields.add("Content-Disposition", is_shown ? "inline" : "attachment");
}

// What tells a client's copy from another.
struct Version {
  std::string tag;
  std::string modified;
};

// Is the client's copy still good (RFC 9110 13.2.2)? Tags come first and are compared weakly; a
// date, which has only seconds, counts when it is the very one we have sent.
bool has_copy(const net::Request& request, const Version& version) {
  if (!request.fields.has("If-None-Match")) {
    return request.fields.get("If-Modified-Since") == version.modified;
  }
  const std::string list = request.fields.joined("If-None-Match");
  std::string_view rest = list;
  while (!rest.empty()) {
    std::string_view tag = net::next_part(rest, ',');
    if (tag.starts_with("W/")) tag.remove_prefix(2);
    if (tag == "*" || tag == version.tag) return true;
  }
  return false;
}

// A range is of that version which If-Range names, or else not wanted (13.1.5).
RangeAnswer wanted_range(const net::Request& request, const Version& version, std::uint64_t size) {
  const std::string_view if_range = request.fields.get("If-Range");
  const bool is_of_ours =
      if_range.empty() || if_range == version.tag || if_range == version.modified;
  if (request.method != "GET" || !is_of_ours) return {RangeKind::whole, {0, size}};
  return read_range(request.fields.get("Range"), size);
}

net::Response serve(const net::Request& request, chat::Files& files) {
  const net::Query query(request.raw_query());
  const std::string path = fmt::format("{}/{}", request.param("type"), request.param("id"));
  auto opened = files.open(path, query.get("expires"), query.get("signature"));
  if (!opened) return failure(request, opened.error());
  return serve_blob(request, std::move(*opened), request.param("id"));
}

}  // namespace

net::Response serve_blob(const net::Request& request, std::shared_ptr<storage::Blob> blob,
                         std::string_view id) {
  const std::uint64_t size = blob->size();
  const std::string type = blob->media_type();
  const Version version{fmt::format("\"{}\"", id), net::http_date(blob->modified())};
  net::Response response;
  response.fields.add("ETag", version.tag);
  response.fields.add("Last-Modified", version.modified);
  response.fields.add("Cache-Control", "private, max-age=86400, immutable");
  response.fields.add("Accept-Ranges", "bytes");
  add_safe_headers(response, type);
  if (has_copy(request, version)) {
    response.status = 304;
    return response;
  }
  const RangeAnswer answer = wanted_range(request, version, size);
  if (answer.kind == RangeKind::unsatisfiable) {
    response.status = 416;
    response.fields.add("Content-Range", fmt::format("bytes */{}", size));
    return response;
  }
  response.fields.add("Content-Type", type);
  if (answer.kind == RangeKind::part) {
    response.status = 206;
    const std::uint64_t last = answer.range.first + answer.range.length - 1;
    response.fields.add("Content-Range",
                        fmt::format("bytes {}-{}/{}", answer.range.first, last, size));
  }
  response.source = std::make_unique<BlobSource>(std::move(blob), answer.range);
  response.source_size = answer.range.length;
  return response;
}

net::Route file_route(chat::Files& files, net::Workers& workers) {
  net::Route route;
  route.method = "GET";
  route.pattern = "/files/:type/:id";
  route.handler = [&files, &workers](net::Request request, net::Reply reply) {
    struct Pair {
      net::Request request;
      net::Reply reply;
    };
    auto pair = std::make_shared<Pair>(Pair{std::move(request), std::move(reply)});
    if (!workers.run([&files, pair] { pair->reply(serve(pair->request, files)); })) {
      pair->reply(failure(pair->request, Error("busy")));
    }
  };
  return route;
}

}  // namespace coterie::api
