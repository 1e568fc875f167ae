// JSON as people and diffs read it: a line for each member, two spaces for each level.
// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "base/json.hpp"

namespace coterie::api {

std::string indented(const Json& value);

}  // namespace coterie::api
