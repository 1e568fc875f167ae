// The chat's nouns as JSON: every shape that leaves the server, in one place, written as text.
//
// Properties come in the order in which the seed system writes them; a freshly made entity has its
// own order there, and so here. What a picture's size and its thumbnail are, where they are known,
// is ours, and comes last, as do the numbers of messages. Mail addresses are shown to their owners
// only.
// SPDX-License-Identifier: MIT
#pragma once

#include <span>

#include "base/json.hpp"
#include "base/json_text.hpp"
#include "base/result.hpp"
#include "chat/accounts.hpp"
#include "chat/conversations.hpp"
#include "chat/groups.hpp"
#include "chat/model.hpp"

namespace coterie::api {

JsonText file_json(const chat::File& file);
JsonText new_file_json(const chat::File& file);

JsonText user_json(const chat::User& user);      // Someone: no address, with avatar.
JsonText own_user_json(const chat::User& user);  // Oneself, with avatar.
JsonText logged_in_json(const chat::Accounts::LoggedIn& logged_in);  // Oneself, without avatar.

JsonText new_group_json(const chat::Group& group);
JsonText group_lists_json(const chat::Groups::Lists& lists);  // With covers, without invite codes.
JsonText group_detail_json(const chat::Groups::Detail& detail);

JsonText message_json(const chat::Message& message);
JsonText messages_json(std::span<const chat::Message> messages);
// `group_id` is echoed as the client sent it: a number or a text.
JsonText new_text_json(const chat::Message& message, const Json& group_id);
JsonText new_image_json(const chat::Message& message);
JsonText new_video_json(const chat::Message& message);

// "isDuplicate" is in what was sent before.
JsonText sent_json(const chat::Sent& sent);
JsonText missed_json(const chat::Conversations::Missed& missed);
// What became of several positions: what was missed behind each, or why it is not told.
JsonText all_missed_json(std::span<const chat::Conversations::Position> positions,
                         std::span<const Result<chat::Conversations::Missed>> all);

JsonText conversations_json(std::span<const chat::Conversation> conversations);  // With groups.
JsonText read_mark_json(const chat::Conversation& conversation);  // Without its group.

}  // namespace coterie::api
