// Endpoints of accounts and profiles: /api/auth/*, /api/user.
// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include "api/rest.hpp"
#include "chat/accounts.hpp"

namespace coterie::api {

std::vector<Endpoint> account_endpoints(chat::Accounts& accounts);

}  // namespace coterie::api
