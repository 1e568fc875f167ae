// The nouns of the chat. They are the rows as stored; the rules add nothing to their shape.
// SPDX-License-Identifier: MIT
#pragma once

#include "storage/message_batch.hpp"
#include "storage/rows.hpp"

namespace coterie::chat {

using storage::Conversation;
using storage::File;
using storage::Group;
using storage::Message;
using storage::MessageType;
using storage::Role;
using storage::Sent;
using storage::User;

}  // namespace coterie::chat
