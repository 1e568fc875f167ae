// The cover of a film that has none: a dark plate with a play sign, as a PNG.
// SPDX-License-Identifier: MIT
#pragma once

#include <string>

namespace coterie::storage {

// Drawn once, then the same for all.
const std::string& plain_cover();

}  // namespace coterie::storage
