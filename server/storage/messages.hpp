// Rows of "group_message".
// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "storage/driver.hpp"
#include "storage/rows.hpp"

namespace coterie::storage {

// The columns of a message alone under `alias`, as read_message() wants them.
std::string message_columns(std::string_view alias);
Message read_message(RowReader& row);

// Their numbers come from advance_sequence(), in the same transaction. They get ids in their order;
// which, read_messages() tells: where several servers of a cluster give ids out in turns, to count
// on from the first one would be wrong.
void insert_messages(Driver& db, std::span<const Message> messages);
// The numbers (after, last] of a group.
struct SeqRange {
  std::int64_t group_id;
  std::int64_t after;
  std::int64_t last;
};
// Those messages, as find_message() has them, in any order.
void read_messages(Driver& db, std::span<const SeqRange> ranges,
                   const std::function<void(Message)>& use);
// With its author's avatar, its file and its cover.
std::optional<Message> find_message(Driver& db, std::int64_t id);
bool message_is_in_group(Driver& db, std::int64_t message_id, std::int64_t group_id);

// Pages come with files and covers, without authors: one question, and one for every 64 files.
// Newest first: at most `size` messages of the group, those before `cursor_id` when it is given.
std::vector<Message> messages_before(Driver& db, std::int64_t group_id,
                                     std::optional<std::int64_t> cursor_id, std::int64_t size);
// Oldest first: at most `size` messages of the group with numbers in (after, last].
std::vector<Message> messages_between(Driver& db, std::int64_t group_id, std::int64_t after,
                                      std::int64_t last, std::int64_t size);

}  // namespace coterie::storage
