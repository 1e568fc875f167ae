// The way a stored file goes out: by GET and HEAD, a stretch of it or the whole.
//
//   GET /files/<type>/<id>?expires=…&signature=…
//
// A file never changes under its name, so its id is its entity tag, and what a client has stays
// good (RFC 9110 13). One range of bytes is served, for films (14). Headers keep a hostile file
// from being anything but a picture or a film. Bytes are read a piece at a time, when the one
// before has left: a slow reader costs one piece of memory, whatever the size.
// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string_view>

#include "chat/files.hpp"
#include "net/http.hpp"
#include "net/router.hpp"
#include "net/workers.hpp"

namespace coterie::api {

// `workers` read the disk.
net::Route file_route(chat::Files& files, net::Workers& workers);

// Answers with what `blob` holds, as far as the request's conditions and its range want it. `id`
// is its name, the same for the same bytes.
net::Response serve_blob(const net::Request& request, std::shared_ptr<storage::Blob> blob,
                         std::string_view id);

}  // namespace coterie::api
