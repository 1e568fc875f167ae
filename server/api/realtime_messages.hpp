// Messages by socket: to send one, and to ask for what was missed.
//
//   send-message {groupId, content, clientMsgId?}          ack: the message as others hear it, and
//                                                          "isDuplicate" when it was sent before
//   sync {groups: [{groupId, afterSeq}, …], limit?}        ack: {groups: [{groupId, lastSeq,
//                                                          hasMore, messages} or {groupId, error}]}
// SPDX-License-Identifier: MIT
#pragma once

#include "api/realtime.hpp"
#include "chat/conversations.hpp"

namespace coterie::api {

void add_message_events(Realtime& realtime, chat::Conversations& conversations);

}  // namespace coterie::api
