// Endpoints of conversations: /api/conversation.
// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include "api/rest.hpp"
#include "chat/conversations.hpp"

namespace coterie::api {

std::vector<Endpoint> conversation_endpoints(chat::Conversations& conversations);

}  // namespace coterie::api
