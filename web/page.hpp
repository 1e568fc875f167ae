// What the build generates from the page's files: the table behind find().
// SPDX-License-Identifier: MIT
#pragma once

#include <span>

#include "web/embedded.hpp"

namespace coterie::web {

// Sorted by path.
std::span<const Asset> page();

}  // namespace coterie::web
