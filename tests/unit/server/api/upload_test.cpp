// SPDX-License-Identifier: MIT
#include "api/upload.hpp"

#include <gtest/gtest.h>

#include <optional>

#include "api/file_download.hpp"
#include "support/endpoints.hpp"

namespace coterie::tests {
namespace {

class Uploads : public Endpoints {
 protected:
  void SetUp() override {
    Endpoints::SetUp();
    alice = add_actor("alice1");
    uploads = api::upload_endpoints(*accounts, conversations);
  }
  static std::string part(const std::string& head, std::string_view content) {
    return "--limit\r\nContent-Disposition: form-data; " + head + "\r\n\r\n" +
           std::string(content) + "\r\n";
  }
  static std::string file_part(std::string_view content, const std::string& type = "image/png",
                               const std::string& name = "file") {
    return part("name=\"" + name + "\"; filename=\"a.png\"\r\nContent-Type: " + type, content);
  }
  static std::string group_part(const std::string& id) { return part("name=\"groupId\"", id); }

  // A body on its way in; `answered` is set when the sink has replied.
  std::unique_ptr<net::BodySink> begin(
      std::string_view path, const chat::Actor& actor,
      const std::string& type = "multipart/form-data; boundary=limit") {
    const auto endpoint = std::ranges::find(uploads, path, &api::UploadEndpoint::path);
    COTERIE_CHECK(endpoint != uploads.end());
    route = api::upload_route(*endpoint, *rest, files);
    net::Request request = as(actor);
    request.method = "POST";
    request.target = path;
    request.fields.add("Content-Type", type);
    answered.reset();
    return route.sink(std::move(request), net::Reply([this](net::Response response) {
                        answered = std::move(response);
                      }));
  }
  std::string send(std::string_view path, const std::string& body,
                   std::size_t piece = std::string::npos) {
    const auto sink = begin(path, alice);
    for (std::size_t at = 0; at < body.size(); at += std::min(piece, body.size())) {
      if (!sink->write(std::string_view(body).substr(at, piece))) break;
    }
    sink->finish();
    EXPECT_TRUE(answered);
    return answered->status == 201 ? std::string() : code_in(*answered);
  }
  bool is_nothing_left() { return stored_files().empty() && count_rows("file") == 0; }

  static constexpr std::string_view avatar = "/api/user/avatar";
  static constexpr std::string_view cover = "/api/group/cover";
  static constexpr std::string_view image = "/api/conversation/group/message/image";
  static constexpr std::string_view video = "/api/conversation/group/message/video";
  static constexpr std::string_view mp4_head{
      "\0\0\0\x18"
      "ftypmp42",
      12};
  const std::string end = "--limit--\r\n";
  chat::Actor alice;
  std::vector<api::UploadEndpoint> uploads;
  net::Route route;
  std::optional<net::Response> answered;
};

TEST_F(Uploads, of_an_avatar_set_it) {
  EXPECT_EQ(send(avatar, file_part(png_head) + end), "");
  EXPECT_EQ(names_of(body_of(*answered).at("data").as_object()),
            "path type url createById id createAt updateAt");
  const auto user = accounts->profile(alice);
  ASSERT_TRUE(user && user->avatar);
  EXPECT_EQ(user->avatar->id, body_of(*answered).at("data").at("id").as_int64());
}

TEST_F(Uploads, may_come_byte_by_byte) {
  EXPECT_EQ(send(cover, file_part(png_head) + end, 1), "");
  EXPECT_EQ(stored_files().size(), 1U);
}

TEST_F(Uploads, of_a_picture_send_it_to_the_group_wherever_the_group_stands) {
  const auto group = add_group(alice, "garden");
  const std::string id = std::to_string(group.id);
  EXPECT_EQ(send(image, file_part(png_head) + group_part(id) + end), "");
  EXPECT_EQ(send(image, group_part(id) + file_part(png_head) + end), "");
  EXPECT_EQ(body_of(*answered).at("data").at("groupId").as_int64(), group.id);
  EXPECT_EQ(announced.with([](const auto& list) { return list.size(); }), 2U);
}

TEST_F(Uploads, of_a_picture_need_a_group_that_one_is_in) {
  EXPECT_EQ(send(image, file_part(png_head) + end), "validation_failed");
  EXPECT_EQ(to_text(body_of(*answered).at("message")), R"(["groupId should not be empty"])");
  EXPECT_EQ(send(image, file_part(png_head) + group_part("x") + end), "validation_failed");
  EXPECT_EQ(send(image, file_part(png_head) + group_part("") + end), "not_in_group");
  EXPECT_EQ(send(image, file_part(png_head) + group_part("4711") + end), "not_in_group");
  EXPECT_TRUE(is_nothing_left());
}

TEST_F(Uploads, of_a_video_keep_it_with_its_cover_whatever_they_are_called) {
  const auto group = add_group(alice, "garden");
  const std::string id = std::to_string(group.id);
  const std::string film = file_part(mp4_head, "text/plain", "a");
  const std::string picture = file_part(png_head, "", "b");
  for (const std::string& form :
       {film + picture + group_part(id), group_part(id) + film + picture,
        film + group_part(id) + picture + file_part("ignored", "image/png", "c")}) {
    const auto before = stored_files().size();
    EXPECT_EQ(send(video, form + end, 7), "");
    EXPECT_EQ(names_of(body_of(*answered).at("data").as_object()),
              "userId groupId type fileId coverId content id createAt updateAt seq");
    EXPECT_EQ(stored_files().size(), before + 2);
  }
}

TEST_F(Uploads, of_a_video_alone_give_it_a_plain_cover) {
  const auto group = add_group(alice, "garden");
  EXPECT_EQ(send(video, file_part(mp4_head) + group_part(std::to_string(group.id)) + end), "");
  const auto messages = conversations.history(alice, {group.id, std::nullopt, 10});
  ASSERT_TRUE(messages && messages->front().cover);
  EXPECT_EQ(messages->front().cover->width, 320);
  EXPECT_EQ(messages->front().file->width, std::nullopt);
}

TEST_F(Uploads, of_a_video_whose_second_part_is_wrong_keep_nothing_of_the_first) {
  const auto group = add_group(alice, "garden");
  const auto before = stored_files();
  const std::string film = file_part(mp4_head) + group_part(std::to_string(group.id));
  EXPECT_EQ(send(video, film + file_part("<svg>") + end), "cover_type_wrong");
  const std::string large = std::string(png_head) + std::string(5 * 1024 * 1024, 'x');
  EXPECT_EQ(send(video, film + file_part(large) + end, 60'000), "cover_too_large");
  EXPECT_EQ(send(video, film + file_part(png_head).substr(0, 100)), "bad_multipart");
  EXPECT_EQ(send(video, file_part(png_head) + film + end), "video_type_wrong");
  EXPECT_EQ(stored_files(), before);
}

TEST_F(Uploads, without_a_file_are_refused) {
  EXPECT_EQ(send(cover, end), "file_required");
  EXPECT_EQ(send(cover, part("name=\"file\"", "not a file") + end), "file_required");
}

TEST_F(Uploads, of_a_file_under_another_name_or_of_two_are_refused) {
  EXPECT_EQ(send(cover, file_part(png_head, "image/png", "picture") + end), "unexpected_field");
  EXPECT_EQ(send(cover, file_part(png_head) + file_part(png_head) + end), "unexpected_field");
  EXPECT_TRUE(is_nothing_left());
}

TEST_F(Uploads, of_what_is_no_picture_are_refused) {
  EXPECT_EQ(send(cover, file_part("<script>", "image/png") + end), "file_type_wrong");
  EXPECT_EQ(send(cover, file_part(png_head, "text/html") + end), "file_type_wrong");
  EXPECT_EQ(send(cover, file_part("") + end), "file_type_wrong");
  EXPECT_TRUE(is_nothing_left());
}

TEST_F(Uploads, that_are_too_large_are_refused_and_leave_nothing) {
  const std::string large = std::string(png_head) + std::string(5 * 1024 * 1024, 'x');
  EXPECT_EQ(send(cover, file_part(large) + end, 60'000), "file_too_large");
  EXPECT_EQ(body_of(*answered).at("message").as_string(), "size must less than 5MB");
  EXPECT_TRUE(is_nothing_left());
}

TEST_F(Uploads, whose_form_is_cut_off_are_refused_and_leave_nothing) {
  const std::string whole = file_part(png_head) + end;
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{5}, whole.size() / 2, whole.size() - end.size() - 3}) {
    EXPECT_EQ(send(cover, whole.substr(0, size)), "bad_multipart") << size;
  }
  EXPECT_TRUE(is_nothing_left());
}

TEST_F(Uploads, that_are_no_form_are_refused) {
  for (const auto& [type, code] :
       {std::pair("application/json", "file_required"), std::pair("image/png", "file_required"),
        std::pair("multipart/form-data", "bad_multipart")}) {
    const auto sink = begin(cover, alice, type);
    EXPECT_FALSE(sink->write("{}"));
    sink->finish();
    ASSERT_TRUE(answered);
    EXPECT_EQ(code_in(*answered), code) << type;
  }
}

TEST_F(Uploads, of_strangers_are_not_even_looked_at) {
  const auto sink = begin(cover, {0, "no such token"});
  EXPECT_FALSE(sink->write(file_part(png_head)));
  EXPECT_TRUE(is_nothing_left());
  sink->finish();
  ASSERT_TRUE(answered);
  EXPECT_EQ(answered->status, 401);
}

TEST_F(Uploads, broken_off_leave_nothing) {
  auto sink = begin(cover, alice);
  EXPECT_TRUE(sink->write(file_part(png_head)));
  EXPECT_EQ(stored_files().size(), 1U);
  sink->abort();
  EXPECT_TRUE(is_nothing_left());
}

class FileRoute : public Uploads {
 protected:
  void SetUp() override {
    Uploads::SetUp();
    const auto upload = files.begin(chat::FileKind::image, alice);
    upload->write(png_head);
    upload->write("0123456789");
    file = *upload->finish("image/png");
  }
  net::Response fetch(const net::Fields& fields, const std::string& url) {
    net::Request request;
    request.method = "GET";
    request.target = url.substr(std::string("http://localhost:3000").size());
    request.fields = fields;
    const std::string path(request.path());
    request.params = {{"type", path.substr(7, path.rfind('/') - 7)},
                      {"id", path.substr(path.rfind('/') + 1)}};
    return answer(api::file_route(files, *workers), std::move(request));
  }
  net::Response fetch(const net::Fields& fields = {}) { return fetch(fields, file.url); }
  // What a client would read.
  static std::string content(const net::Response& response) {
    std::string all;
    while (response.source) {
      const auto piece = response.source->read(7);
      if (!piece || piece->empty()) break;
      all += *piece;
    }
    EXPECT_EQ(all.size(), response.source_size);
    return all;
  }
  static constexpr std::string_view whole = "\x89PNG\r\n\x1A\n0123456789";

  chat::File file;
};

TEST_F(FileRoute, gives_the_file_with_its_type_and_headers_that_keep_it_harmless) {
  const auto response = fetch();
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(content(response), whole);
  EXPECT_EQ(response.fields.get("Content-Type"), "image/png");
  EXPECT_EQ(response.fields.get("X-Content-Type-Options"), "nosniff");
  EXPECT_EQ(response.fields.get("Content-Security-Policy"), "default-src 'none'; sandbox");
  EXPECT_EQ(response.fields.get("Content-Disposition"), "inline");
  EXPECT_EQ(response.fields.get("Accept-Ranges"), "bytes");
}

TEST_F(FileRoute, gives_a_part_of_the_file) {
  const auto response = fetch({{"Range", "bytes=8-11"}});
  EXPECT_EQ(response.status, 206);
  EXPECT_EQ(response.fields.get("Content-Range"), "bytes 8-11/18");
  EXPECT_EQ(content(response), "0123");
  EXPECT_EQ(content(fetch({{"Range", "bytes=-3"}})), "789");
}

TEST_F(FileRoute, has_no_part_behind_the_end) {
  const auto response = fetch({{"Range", "bytes=18-"}});
  EXPECT_EQ(response.status, 416);
  EXPECT_EQ(response.fields.get("Content-Range"), "bytes */18");
}

TEST_F(FileRoute, gives_the_whole_file_when_the_part_was_of_another) {
  EXPECT_EQ(fetch({{"Range", "bytes=0-1"}, {"If-Range", "\"another\""}}).status, 200);
  const std::string tag(fetch().fields.get("ETag"));
  EXPECT_EQ(fetch({{"Range", "bytes=0-1"}, {"If-Range", tag}}).status, 206);
}

TEST_F(FileRoute, does_not_give_again_what_the_client_has) {
  const std::string tag(fetch().fields.get("ETag"));
  const auto response = fetch({{"If-None-Match", tag}});
  EXPECT_EQ(response.status, 304);
  EXPECT_FALSE(response.source);
}

TEST_F(FileRoute, gives_nothing_without_a_good_link) {
  EXPECT_EQ(code_in(fetch({}, file.url.substr(0, file.url.find('?')))), "link_expired");
  EXPECT_EQ(code_in(fetch({}, file.url + "0")), "link_expired");
  EXPECT_EQ(code_in(fetch({}, blobs.url("image/not-there"))), "file_unknown");
  clock.advance(std::chrono::hours(26));
  const auto response = fetch();
  EXPECT_EQ(response.status, 403);
  EXPECT_EQ(code_in(response), "link_expired");
}

}  // namespace
}  // namespace coterie::tests
