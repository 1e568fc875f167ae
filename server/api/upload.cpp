// SPDX-License-Identifier: MIT
#include "api/upload.hpp"

namespace coterie::api {

namespace {

// Of a form's field that we read. What is longer is kept a little longer than a clientMsgId may be,
// so that it is seen to be too long.
constexpr std::size_t field_bytes_max = 4 * chat::Conversations::client_msg_id_max + 1;

}  // namespace

UploadSink::UploadSink(const Rest& rest, chat::Files& files, chat::FileKind kind,
                       const TakeForm& take, net::Request request, net::Reply reply)
    : rest_(rest),
      files_(files),
      kind_(kind),
      take_(take),
      request_(std::move(request)),
      reply_(std::move(reply)) {}

void UploadSink::fail(Error error) {
  if (!failure_) failure_ = std::move(error);
  drop_files();
}

void UploadSink::drop_files() {
  form_.upload.reset();
  form_.cover.reset();
}

void UploadSink::begin() {
  if (has_begun_) return;
  has_begun_ = true;
  auto actor = rest_.authenticate(request_);
  if (!actor) return fail(actor.error());
  form_.actor = std::move(*actor);
  const auto boundary = net::multipart_boundary(request_.fields.get("Content-Type"));
  if (!boundary) return fail(Error("file_required"));
  if (boundary->empty()) return fail(Error("bad_multipart", "Multipart: Boundary not found"));
  parser_ = std::make_unique<net::MultipartParser>(
      *boundary,
      net::MultipartParser::Handlers{[this](const net::PartHead& part) { return on_part(part); },
                                     [this](std::string_view piece) { return on_content(piece); },
                                     [] { return true; }});
}

bool UploadSink::on_part(const net::PartHead& part) {
  part_ = Part::ignored;
  if (part.filename) return on_file(part);
  if (part.name == "groupId") {
    part_ = Part::field;
    field_ = &form_.group_id.emplace();
  } else if (part.name == "clientMsgId") {
    part_ = Part::field;
    field_ = &form_.client_msg_id.emplace();
  }
  return true;
}

bool UploadSink::on_file(const net::PartHead& part) {
  const bool is_film = kind_ == chat::FileKind::video;
  if (!is_film && (part.name != "file" || form_.upload)) {
    fail(Error("unexpected_field"));
    return false;
  }
  if (!form_.upload) {
    part_ = Part::file;
    form_.upload = files_.begin(kind_, form_.actor);
    form_.claimed_type = part.content_type;
  } else if (!form_.cover) {
    part_ = Part::cover;
    form_.cover = files_.begin(chat::FileKind::video_cover, form_.actor);
  }
  return true;
}

bool UploadSink::write_to(chat::Upload& upload, std::string_view piece) {
  upload.write(piece);
  if (!upload.has_failed()) return true;
  fail(upload.check("").error());
  return false;
}

bool UploadSink::on_content(std::string_view piece) {
  if (part_ == Part::file) return write_to(*form_.upload, piece);
  if (part_ == Part::cover) return write_to(*form_.cover, piece);
  if (part_ == Part::field) field_->append(piece.substr(0, field_bytes_max - field_->size()));
  return true;
}

bool UploadSink::write(std::string_view piece) {
  begin();
  if (failure_) return false;
  const auto fed = parser_->feed(piece);
  if (!fed && !failure_) fail(Error("bad_multipart", "Multipart: " + fed.error().detail));
  return !failure_;
}

Result<Answer> UploadSink::result() {
  begin();
  if (failure_) return *failure_;
  if (const auto ended = parser_->finish(); !ended) {
    return Error("bad_multipart", "Multipart: " + ended.error().detail);
  }
  if (!form_.upload) return Error("file_required");
  if (const auto checked = form_.upload->check(form_.claimed_type); !checked) {
    return checked.error();
  }
  if (form_.cover) {
    if (const auto checked = form_.cover->check(""); !checked) return checked.error();
  }
  return take_(form_);
}

void UploadSink::finish() {
  auto answer = result();
  drop_files();
  if (!answer) return reply_(failure(request_, answer.error()));
  reply_(success(request_, std::move(*answer)));
}

}  // namespace coterie::api
