// What the engines know of their tables, each asked in its own words.
//
// Names are ours, not a user's. Inside of this floor; throws DriverFailure.
// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>

#include "storage/driver.hpp"

namespace coterie::storage {

bool has_table(Driver& db, std::string_view table);

// After rows came with ids of their own: the next one to be given is above all that are there.
void continue_ids(Driver& db, std::string_view table);

}  // namespace coterie::storage
