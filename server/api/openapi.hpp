// The table of endpoints told as OpenAPI 3.1.
// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include "api/file_routes.hpp"
#include "api/rest.hpp"

namespace coterie::api {

Json openapi(const std::vector<Endpoint>& endpoints, const std::vector<UploadEndpoint>& uploads);

}  // namespace coterie::api
