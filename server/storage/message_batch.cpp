// SPDX-License-Identifier: MIT
#include "storage/message_batch.hpp"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "base/check.hpp"
#include "storage/messages.hpp"
#include "storage/sent_messages.hpp"
#include "storage/sequence.hpp"

namespace coterie::storage {

namespace {

// PostgreSQL stores no U+0000, but U+FFFD for it.
std::string without_nul(std::string text) {
  constexpr std::string_view replacement = "\xEF\xBF\xBD";
  for (std::size_t at = 0; (at = text.find('\0', at)) != std::string::npos;) {
    text.replace(at, 1, replacement);
  }
  return text;
}

SentName name_of(const Driver& db, const Message& message) {
  const std::string& name = *message.client_msg_id;
  return {message.user_id, db.dialect() == Dialect::postgres ? without_nul(name) : name};
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

// Which of them are to be stored: those without a name, and the first of each name that is not
// stored already.
std::vector<std::size_t> find_new(Driver& db, std::span<const Message* const> messages) {
  std::vector<SentName> names;
  for (const Message* message : messages) {
    if (message->client_msg_id) names.push_back(name_of(db, *message));
  }
  std::set<SentName> taken;
  if (!names.empty()) taken = which_are_sent(db, names);
  std::vector<std::size_t> indexes;
  auto name = names.begin();
  for (std::size_t i = 0; i < messages.size(); ++i) {
    if (!messages[i]->client_msg_id || taken.insert(std::move(*name++)).second) {
      indexes.push_back(i);
    }
  }
  return indexes;
}

// Gives them the next numbers of their groups, in their order; returns which those are.
std::vector<SeqRange> number(Driver& db, std::span<Message> messages) {
  std::map<std::int64_t, std::int64_t> counts;
  for (const Message& message : messages) ++counts[message.group_id];
  std::vector<SeqRange> ranges;
  std::map<std::int64_t, std::int64_t> seqs;
  for (const auto& [group_id, count] : counts) {
    const std::int64_t last = advance_sequence(db, group_id, count);
    ranges.push_back({group_id, last - count, last});
    seqs[group_id] = last - count;
  }
  for (Message& message : messages) message.seq = ++seqs[message.group_id];
  return ranges;
}

// Stores new ones, and makes each what others will see.
void store_new(Driver& db, std::span<Message> messages) {
  const std::vector<SeqRange> ranges = number(db, messages);
  insert_messages(db, messages);
  std::map<std::pair<std::int64_t, std::int64_t>, Message*> by_number;
  for (Message& each : messages) by_number[{each.group_id, each.seq}] = &each;
  std::vector<const Message*> named;
  read_messages(db, ranges, [&](Message stored) {
    const auto found = by_number.find({stored.group_id, stored.seq});
    COTERIE_CHECK(found != by_number.end());
    Message& message = *found->second;
    stored.client_msg_id = std::move(message.client_msg_id);
    message = std::move(stored);
    if (message.client_msg_id) named.push_back(&message);
  });
  if (!named.empty()) insert_sent(db, named);
}

}  // namespace

std::vector<Result<Sent>> store_messages(Driver& db, std::span<const Message* const> messages) {
  const std::vector<std::size_t> indexes = find_new(db, messages);
  std::vector<Message> stored;
  for (const std::size_t i : indexes) stored.push_back(*messages[i]);
  if (!stored.empty()) store_new(db, stored);
  std::vector<Result<Sent>> all;
  all.reserve(messages.size());
  for (std::size_t i = 0, next = 0; i < messages.size(); ++i) {
    if (next < indexes.size() && indexes[next] == i) {
      all.push_back(Sent{std::move(stored[next++])});
    } else {
      all.push_back(find_first(db, *messages[i]));
    }
  }
  return all;
}

}  // namespace coterie::storage
