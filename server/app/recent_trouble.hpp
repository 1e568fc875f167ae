// The last warnings and errors of the log, kept for administrators to look at.
// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include "api/admin_routes.hpp"

namespace coterie::app {

// From now on the log's warnings and errors are remembered, too.
void remember_trouble();
std::vector<api::Trouble> recent_trouble();  // Newest first. Any thread.

}  // namespace coterie::app
