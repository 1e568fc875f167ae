// Endpoints for operators: what there is, who is connected, what went wrong. Administrators only.
// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "api/nodes.hpp"
#include "api/rest.hpp"
#include "base/clock.hpp"
#include "chat/admin.hpp"

namespace coterie::api {

// A line of the log that somebody should have seen.
struct Trouble {
  WallTime time;
  std::string level;  // "warning", "error" or "critical".
  std::string text;
};

struct AdminParts {
  chat::Admin& admin;
  Nodes& nodes;
  std::function<std::vector<Trouble>()> trouble;  // Newest first.
};

std::vector<Endpoint> admin_endpoints(const AdminParts& parts);

}  // namespace coterie::api
