// Rows of "group_conversation" seen from their user: what is shown in a conversation list.
// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <vector>

#include "storage/driver.hpp"
#include "storage/rows.hpp"

namespace coterie::storage {

// Newest activity first, each with its group and cover, newest message and unread count: one
// question, and one for each read mark or newest message that is not there any more.
std::vector<Conversation> conversations_of_user(Driver& db, std::int64_t user_id);
// One of them; nullopt when it is not this user's.
std::optional<Conversation> find_conversation(Driver& db, std::int64_t id, std::int64_t user_id);
// Moves the read mark, but never backwards.
void advance_read_mark(Driver& db, std::int64_t id, std::int64_t message_id, WallTime now);

}  // namespace coterie::storage
