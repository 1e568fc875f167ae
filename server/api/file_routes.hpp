// Endpoints that take files: avatars, covers, images, videos.
// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>
#include <vector>

#include "api/rest.hpp"
#include "api/upload.hpp"
#include "chat/accounts.hpp"
#include "chat/conversations.hpp"
#include "chat/files.hpp"

namespace coterie::api {

// An endpoint whose body is a form with a file.
struct UploadEndpoint {
  std::string_view path;
  Told told;
  chat::FileKind kind;
  bool wants_group;  // The form has a field "groupId".
  TakeForm take;
};

std::vector<UploadEndpoint> upload_endpoints(chat::Accounts& accounts,
                                             chat::Conversations& conversations);
net::Route upload_route(const UploadEndpoint& endpoint, const Rest& rest, chat::Files& files);

}  // namespace coterie::api
