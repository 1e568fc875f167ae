// SPDX-License-Identifier: MIT
#include "storage/message_batch.hpp"

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "storage/messages.hpp"
#include "storage/sent_messages.hpp"
#include "storage/sequence.hpp"

namespace coterie::storage {

namespace {

Sent store_one(Driver& db, Message message) {
  insert_message(db, message);
  if (message.client_msg_id) insert_sent(db, message);
  Sent sent{*find_message(db, message.id)};
  sent.message.client_msg_id = std::move(message.client_msg_id);
  return sent;
}

// PostgreSQL stores no U+0000, but U+FFFD for it.
std::string without_nul(std::string text) {
  constexpr std::string_view replacement = "\xEF\xBF\xBD";
  for (std::size_t at = 0; (at = text.find('\0', at)) != std::string::npos;) {
    text.replace(at, 1, replacement);
  }
  return text;
}

bool says_the_same(const Message& one, const Message& other) {
  return one.content == other.content ||
         (one.content && other.content && without_nul(*one.content) == without_nul(*other.content));
}

// Files are not compared: whoever sends a picture again has uploaded it again.
Result<Sent> find_first(Driver& db, const Message& again) {
  auto stored = find_sent(db, again.user_id, *again.client_msg_id);
  // Forgotten since we have looked: to be stored after all.
  if (!stored) throw DriverFailure(Error("storage_busy", "a message was forgotten meanwhile"));
  if (stored->group_id != again.group_id || stored->type != again.type ||
      !says_the_same(*stored, again)) {
    return Error("client_msg_id_taken");
  }
  stored->client_msg_id = again.client_msg_id;
  return Sent{std::move(*stored), true};
}

}  // namespace

std::vector<Result<Sent>> store_messages(Driver& db, std::span<const Message* const> messages) {
  std::set<std::pair<std::int64_t, std::string_view>> names;
  std::vector<bool> is_new;
  std::map<std::int64_t, std::int64_t> seqs;  // First how many a group gets, then the last given.
  for (const Message* message : messages) {
    const auto& name = message->client_msg_id;
    is_new.push_back(!name || (names.emplace(message->user_id, *name).second &&
                               !is_sent(db, message->user_id, *name)));
    if (is_new.back()) ++seqs[message->group_id];
  }
  for (auto& [group_id, seq] : seqs) seq = advance_sequence(db, group_id, seq) - seq;
  std::vector<Result<Sent>> all;
  all.reserve(messages.size());
  for (std::size_t i = 0; i < messages.size(); ++i) {
    if (!is_new[i]) {
      all.push_back(find_first(db, *messages[i]));
      continue;
    }
    Message message = *messages[i];
    message.seq = ++seqs[message.group_id];
    all.push_back(store_one(db, std::move(message)));
  }
  return all;
}

}  // namespace coterie::storage
