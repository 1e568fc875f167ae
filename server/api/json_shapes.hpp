// The chat's nouns as JSON: every shape that leaves the server, in one place.
//
// Properties come in the order in which the seed system writes them; a freshly made entity has its
// own order there, and so here. What a picture's size and its thumbnail are, where they are known,
// is ours, and comes last, as do the numbers of messages. Mail addresses are shown to their owners
// only.
// SPDX-License-Identifier: MIT
#pragma once

#include "base/json.hpp"
#include "chat/conversations.hpp"
#include "chat/groups.hpp"
#include "chat/model.hpp"

namespace coterie::api {

JsonObject file_json(const chat::File& file);
JsonObject new_file_json(const chat::File& file);

JsonObject user_json(const chat::User& user);            // Someone: no address, with avatar.
JsonObject own_user_json(const chat::User& user);        // Oneself, with avatar.
JsonObject logged_in_user_json(const chat::User& user);  // Oneself, without avatar.

JsonObject new_group_json(const chat::Group& group);
JsonObject group_json(const chat::Group& group);  // With cover, without invite code.
JsonObject group_detail_json(const chat::Groups::Detail& detail);

JsonObject message_json(const chat::Message& message);
// `group_id` is echoed as the client sent it: a number or a text.
JsonObject new_text_json(const chat::Message& message, const Json& group_id);
JsonObject new_image_json(const chat::Message& message);
JsonObject new_video_json(const chat::Message& message);

// "isDuplicate" is in what was sent before.
JsonObject sent_json(const chat::Sent& sent);
JsonObject missed_json(const chat::Conversations::Missed& missed);

JsonObject conversation_json(const chat::Conversation& conversation);  // With its group.
JsonObject read_mark_json(const chat::Conversation& conversation);     // Without.

}  // namespace coterie::api
