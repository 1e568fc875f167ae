// SPDX-License-Identifier: MIT
#include "storage/redis_group_users.hpp"

#include <fmt/format.h>

#include <unordered_map>
#include <vector>

#include "base/log.hpp"
#include "storage/groups.hpp"

namespace coterie::storage {

namespace {

using redis::Command;
using redis::Repeat;

// Memberships read and written at once: neither the database nor memory feels it.
constexpr int page_rows = 5000;
constexpr const char* marker = "coterie:group_users";
constexpr const char* marker_seconds = "86400";

std::string key_of(std::int64_t group_id) {
  return fmt::format("group_users:{}", group_id);
}

// One SADD for each group that occurs.
std::vector<Command> additions(const std::vector<Membership>& page) {
  std::unordered_map<std::int64_t, std::size_t> places;
  std::vector<Command> commands;
  for (const Membership& each : page) {
    const auto [place, is_new] = places.try_emplace(each.group_id, commands.size());
    if (is_new) commands.push_back({"SADD", key_of(each.group_id)});
    commands[place->second].push_back(std::to_string(each.user_id));
  }
  return commands;
}

}  // namespace

// What they have to be: the run of each server, from the lines of its INFO.
Result<std::vector<RedisGroupUsers::Mark>> RedisGroupUsers::marks() {
  const auto shares = redis_.shares(marker);
  if (!shares) return shares.error();
  std::vector<Mark> marks;
  for (const auto& share : *shares) {
    const auto reply = redis_.run_at(share.place, {"INFO", "server"}, Repeat::harmless);
    const auto text = reply ? reply->text() : reply.error();
    if (!text) return text.error();
    constexpr std::string_view name = "\nrun_id:";
    const std::size_t at = text->find(name);
    if (at == std::string::npos) return Error("redis_refused", "INFO server names no run_id");
    const std::size_t begin = at + name.size();
    marks.push_back({share.key, text->substr(begin, text->find_first_of("\r\n", begin) - begin)});
  }
  return marks;
}

Result<bool> RedisGroupUsers::are_set(const std::vector<Mark>& marks) {
  std::vector<Command> commands;
  for (const Mark& mark : marks) commands.push_back({"GET", mark.key});
  const auto replies = redis_.run(commands, Repeat::harmless);
  if (!replies) return replies.error();
  for (std::size_t i = 0; i < marks.size(); ++i) {
    const auto text = (*replies)[i].maybe_text();
    if (!text) return text.error();
    if (*text != marks[i].run_id) return false;
  }
  return true;
}

Result<void> RedisGroupUsers::remember(const std::vector<Mark>& marks) {
  std::vector<Command> commands;
  for (const Mark& mark : marks) {
    commands.push_back({"SET", mark.key, mark.run_id, "EX", marker_seconds});
  }
  const auto done = redis_.run(commands, Repeat::harmless);
  return done ? Result<void>() : done.error();
}

Result<void> RedisGroupUsers::fill() {
  std::lock_guard lock(filling_);
  const TimePoint begin = system_clock().now();
  // Before the first page: what goes missing from here on is noticed by the next check.
  is_missing_ = false;
  const auto wanted = marks();
  const auto count = wanted ? fill_all(*wanted) : wanted.error();
  if (!count) {
    is_missing_ = true;
    return count.error();
  }
  const auto time = std::chrono::ceil<std::chrono::milliseconds>(system_clock().now() - begin);
  log::info("group_users in Redis: {} memberships in {} ms", *count, time.count());
  return {};
}

Result<std::int64_t> RedisGroupUsers::fill_all(const std::vector<Mark>& marks) {
  std::int64_t count = 0;
  for (std::int64_t last = 0;;) {
    const auto page = database_.read([&](Driver& db) -> Result<std::vector<Membership>> {
      return memberships_after(db, last, page_rows);
    });
    if (!page) return page.error();
    if (page->empty()) break;
    const auto added = redis_.run(additions(*page), Repeat::harmless);
    if (!added) return added.error();
    last = page->back().id;
    count += static_cast<std::int64_t>(page->size());
  }
  if (auto remembered = remember(marks); !remembered) return remembered.error();
  return count;
}

void RedisGroupUsers::add(std::int64_t user_id, std::int64_t group_id) {
  const Command sadd{"SADD", key_of(group_id), std::to_string(user_id)};
  if (!redis_.run(sadd, Repeat::harmless)) is_missing_ = true;
}

Result<void> RedisGroupUsers::check() {
  const auto wanted = marks();
  if (!wanted) return wanted.error();
  const auto are_there = are_set(*wanted);
  if (!are_there) return are_there.error();
  if (!is_missing_ && *are_there) return remember(*wanted);  // For another day.
  return fill();
}

}  // namespace coterie::storage
