// Files in a form: the request body of the upload endpoints, consumed piece by piece.
//
// The sink runs on workers. It asks who is there with the first piece, so that a stranger's upload
// is not even parsed; it keeps the first thing that is wrong, wants no more from there on, and
// reports it when the body has ended.
// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "api/rest.hpp"
#include "chat/conversations.hpp"
#include "chat/files.hpp"
#include "net/multipart.hpp"

namespace coterie::api {

// What a form has brought: one file, "file", or a video and perhaps its cover, which are the first
// two files whatever they are called; and perhaps the fields "groupId" and "clientMsgId".
struct Form {
  chat::Actor actor;
  std::unique_ptr<chat::Upload> upload;  // Null: no file came.
  std::string claimed_type;              // The file's.
  std::unique_ptr<chat::Upload> cover;   // Of a video; null: none came.
  std::optional<std::string> group_id;
  std::optional<std::string> client_msg_id;
};

// Called with a form whose file was checked; stores it and answers.
using TakeForm = std::function<Result<Answer>(Form&)>;

class UploadSink final : public net::BodySink {
 public:
  UploadSink(const Rest& rest, chat::Files& files, chat::FileKind kind, const TakeForm& take,
             net::Request request, net::Reply reply);

  bool write(std::string_view piece) override;
  void finish() override;
  void abort() override { drop_files(); }

 private:
  // Once, before anything else: who is there, and is it a form at all?
  void begin();
  bool on_part(const net::PartHead& part);
  bool on_file(const net::PartHead& part);
  bool on_content(std::string_view piece);
  bool write_to(chat::Upload& upload, std::string_view piece);
  void fail(Error error);
  void drop_files();
  Result<Answer> result();

  const Rest& rest_;
  chat::Files& files_;
  const chat::FileKind kind_;
  const TakeForm& take_;
  net::Request request_;
  net::Reply reply_;

  bool has_begun_ = false;
  std::optional<Error> failure_;
  std::unique_ptr<net::MultipartParser> parser_;
  Form form_;
  enum class Part : std::uint8_t { ignored, file, cover, field } part_ = Part::ignored;
  std::string* field_ = nullptr;  // In form_, of Part::field.
};

}  // namespace coterie::api
