// One file in a form: the request body of the upload endpoints, consumed piece by piece.
//
// The sink runs on workers. It asks who is there with the first piece, so that a stranger's upload
// is not even parsed; it keeps the first thing that is wrong and reports it when the body has
// ended.
// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "api/rest.hpp"
#include "chat/files.hpp"
#include "net/multipart.hpp"

namespace coterie::api {

// What a form of one file "file", and perhaps a field "groupId", has brought.
struct Form {
  chat::Actor actor;
  std::unique_ptr<chat::Upload> upload;  // Null: no file came.
  std::string claimed_type;              // The file's.
  std::optional<std::string> group_id;
};

// Called with a form whose file was checked; stores it and answers.
using TakeForm = std::function<Result<Answer>(Form&)>;

class UploadSink final : public net::BodySink {
 public:
  UploadSink(const Rest& rest, chat::Files& files, chat::FileKind kind, const TakeForm& take,
             net::Request request, net::Reply reply);

  bool write(std::string_view piece) override;
  void finish() override;
  void abort() override { form_.upload.reset(); }

 private:
  // Once, before anything else: who is there, and is it a form at all?
  void begin();
  bool on_part(const net::PartHead& part);
  bool on_content(std::string_view piece);
  void fail(Error error);
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
  enum class Part : std::uint8_t { ignored, file, group_id } part_ = Part::ignored;
};

}  // namespace coterie::api
