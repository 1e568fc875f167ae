// The table of endpoints told as OpenAPI 3.1.
//
// What a row does is read from the row: its path, its input, who may call it. What it answers and
// which rules it may run into is told there, too (Told); tests compare it with real answers.
// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "api/file_routes.hpp"
#include "api/rest.hpp"

namespace coterie::api {

Json openapi(const std::vector<Endpoint>& endpoints, const std::vector<UploadEndpoint>& uploads);

// GET `pattern` answers the document, made once.
net::Route document_route(std::string_view pattern, std::string text);

}  // namespace coterie::api
