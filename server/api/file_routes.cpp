// SPDX-License-Identifier: MIT
#include "api/file_routes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "api/byte_range.hpp"
#include "api/json_shapes.hpp"

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

net::Response serve(const net::Request& request, chat::Files& files) {
  const net::Query query(request.raw_query());
  const std::string path = fmt::format("{}/{}", request.param("type"), request.param("id"));
  auto opened = files.open(path, query.get("expires"), query.get("signature"));
  if (!opened) return failure(request, opened.error());
  const std::shared_ptr<storage::Blob> blob = std::move(*opened);
  const std::string type = blob->media_type();
  // A file never changes under its name.
  const std::string tag = fmt::format("\"{}\"", request.param("id"));
  net::Response response;
  response.fields.add("ETag", tag);
  response.fields.add("Cache-Control", "private, max-age=86400, immutable");
  if (request.fields.get("If-None-Match") == tag) {
    response.status = 304;
    return response;
  }
  RangeAnswer answer{RangeKind::whole, {0, blob->size()}};
  const std::string_view if_range = request.fields.get("If-Range");
  if (if_range.empty() || if_range == tag) {
    answer = read_range(request.fields.get("Range"), blob->size());
  }
  if (answer.kind == RangeKind::unsatisfiable) {
    response.status = 416;
    response.fields.add("Content-Range", fmt::format("bytes */{}", blob->size()));
    return response;
  }
  if (answer.kind == RangeKind::part) {
    response.status = 206;
    response.fields.add("Content-Range",
                        fmt::format("bytes {}-{}/{}", answer.range.first,
                                    answer.range.first + answer.range.length - 1, blob->size()));
  }
  response.fields.add("Content-Type", type);
  response.fields.add("Accept-Ranges", "bytes");
  add_safe_headers(response, type);
  response.source = std::make_unique<BlobSource>(blob, answer.range);
  response.source_size = answer.range.length;
  return response;
}

Result<std::int64_t> group_of(const Form& form) {
  if (!form.group_id) return validation_failed({"groupId should not be empty"});
  if (form.group_id->empty()) return Error("not_in_group");
  const auto id = integer_of(Json(*form.group_id));
  if (!id) return validation_failed({"groupId must be an integer number"});
  return *id;
}

}  // namespace

std::vector<UploadEndpoint> upload_endpoints(chat::Accounts& accounts,
                                             chat::Conversations& conversations) {
  const TakeForm avatar = [&accounts](Form& form) -> Result<Answer> {
    const auto file = form.upload->finish(form.claimed_type);
    if (!file) return file.error();
    if (const auto set = accounts.set_avatar(form.actor, file->id); !set) return set.error();
    return Answer(new_file_json(*file));
  };
  const TakeForm cover = [](Form& form) -> Result<Answer> {
    const auto file = form.upload->finish(form.claimed_type);
    if (!file) return file.error();
    return Answer(new_file_json(*file));
  };
  const TakeForm image = [&conversations](Form& form) -> Result<Answer> {
    const auto group_id = group_of(form);
    if (!group_id) return group_id.error();
    // Before the file is kept: a stranger's picture is not.
    if (const auto checked = conversations.check_member(form.actor, *group_id); !checked) {
      return checked.error();
    }
    const auto file = form.upload->finish(form.claimed_type);
    if (!file) return file.error();
    const auto message = conversations.send_image(form.actor, *group_id, file->id);
    if (!message) return message.error();
    return Answer(new_image_json(*message));
  };
  using chat::FileKind;
  return {
      {"/api/user/avatar",
       {"setAvatar", "Set one's picture", "NewFile", {}},
       FileKind::avatar,
       false,
       avatar},
      {"/api/group/cover",
       {"uploadCover", "Upload a cover for a group to be made", "NewFile", {}},
       FileKind::cover,
       false,
       cover},
      {"/api/conversation/group/message/image",
       {"sendImage",
        "Send a picture to a group",
        "NewFileMessage",
        {"not_in_group"},
        "Everyone in the group, the sender included, then hears the event "
        "`group-message:<groupId>`."},
       FileKind::image,
       true,
       image},
  };
}

net::Route upload_route(const UploadEndpoint& endpoint, const Rest& rest, chat::Files& files) {
  net::Route route;
  route.method = "POST";
  route.pattern = endpoint.path;
  route.sink = [endpoint, &rest, &files](net::Request request,
                                         net::Reply reply) -> std::unique_ptr<net::BodySink> {
    return std::make_unique<UploadSink>(rest, files, endpoint.kind, endpoint.take,
                                        std::move(request), std::move(reply));
  };
  return route;
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
