// Endpoints of conversations: /api/conversation.
// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include "api/rest.hpp"
#include "chat/conversations.hpp"

namespace coterie::api {

std::vector<Endpoint> conversation_endpoints(chat::Conversations& conversations);

// What every way to send has in common.
Field content_field();
Field client_msg_id_field();

}  // namespace coterie::api
