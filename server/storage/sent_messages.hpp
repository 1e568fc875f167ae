// Rows of "sent_message": which message a client's own name for it, "clientMsgId", has become.
//
// A client that has heard no answer sends again under the same name, and must not be heard twice.
// (userId, clientMsgId) is the key, so two servers cannot both store it. Rows go after some days,
// and with their message.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "storage/driver.hpp"
#include "storage/rows.hpp"

namespace coterie::storage {

// Messages that have ids and names.
void insert_sent(Driver& db, std::span<const Message* const> messages);
// A user, and what he calls a message, as it is stored.
using SentName = std::pair<std::int64_t, std::string>;
std::set<SentName> which_are_sent(Driver& db, std::span<const SentName> names);
// The message, as find_message() has it.
std::optional<Message> find_sent(Driver& db, std::int64_t user_id, std::string_view client_msg_id);
// Forgets what was sent up to a time, some thousand at once; says whether there may be more.
bool forget_sent(Driver& db, WallTime time);

}  // namespace coterie::storage
