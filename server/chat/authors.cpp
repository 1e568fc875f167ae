// SPDX-License-Identifier: MIT
#include "chat/authors.hpp"

#include <map>
#include <utility>
#include <vector>

#include "storage/users.hpp"

namespace coterie::chat {

namespace {

constexpr auto remembered_for = std::chrono::seconds(1);
constexpr std::size_t known_max = 4096;

}  // namespace

void Authors::add_to(std::span<Message> messages, storage::Driver& db) {
  std::map<std::int64_t, std::shared_ptr<const User>> authors;
  for (const Message& message : messages) authors[message.user_id];
  const TimePoint now = clock_.now();
  std::vector<std::int64_t> unknown;
  const std::uint64_t changes = memory_.with([&](const Memory& memory) {
    for (auto& [id, author] : authors) {
      const auto found = memory.users.find(id);
      if (found != memory.users.end() && now < found->second.until) {
        author = found->second.user;
      } else {
        unknown.push_back(id);
      }
    }
    return memory.changes;
  });
  if (!unknown.empty()) {
    for (User& user : storage::find_users(db, unknown)) {
      const std::int64_t id = user.id;
      authors[id] = std::make_shared<const User>(std::move(user));
    }
    memory_.with([&](Memory& memory) {
      if (memory.changes != changes) return;
      if (memory.users.size() + unknown.size() > known_max) memory.users.clear();
      for (const std::int64_t id : unknown) {
        if (const auto& author = authors[id]) {
          memory.users.insert_or_assign(id, Known{author, now + remembered_for});
        }
      }
    });
  }
  for (Message& message : messages) {
    if (const auto& author = authors[message.user_id]) message.user = *author;
  }
}

void Authors::forget(std::int64_t user_id) {
  memory_.with([user_id](Memory& memory) {
    memory.users.erase(user_id);
    ++memory.changes;
  });
}

}  // namespace coterie::chat
