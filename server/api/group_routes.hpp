// Endpoints of groups: /api/group.
// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include "api/rest.hpp"
#include "chat/groups.hpp"

namespace coterie::api {

std::vector<Endpoint> group_endpoints(chat::Groups& groups);

}  // namespace coterie::api
