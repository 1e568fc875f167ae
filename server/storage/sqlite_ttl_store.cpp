// SPDX-License-Identifier: MIT
#include "storage/sqlite_ttl_store.hpp"

#include <vector>

namespace coterie::storage {

namespace {

constexpr std::string_view upsert =
    R"(INSERT INTO "ttl" ("key", "value", "expireAt") VALUES (?, ?, ?)
       ON CONFLICT ("key") DO UPDATE SET "value" = excluded."value",
                                         "expireAt" = excluded."expireAt")";

}  // namespace

std::optional<TtlStore::Entry> SqliteTtlStore::find(Driver& db, std::string_view key) const {
  const WallTime now = clock_.wall();
  return db.query_one(
      R"(SELECT "value", "expireAt" FROM "ttl" WHERE "key" = ? AND "expireAt" > ?)",
      [now](RowReader& row) {
        std::string value = row.text();
        const auto left = std::chrono::ceil<std::chrono::seconds>(row.time() - now);
        return Entry{std::move(value), left};
      },
      key, now);
}

Result<void> SqliteTtlStore::put(std::string_view key, std::string_view value,
                                 std::chrono::seconds ttl) {
  return database_.write([&](Driver& db) -> Result<void> {
    db.run(upsert, key, value, clock_.wall() + ttl);
    return {};
  });
}

Result<std::optional<TtlStore::Entry>> SqliteTtlStore::get(std::string_view key) {
  return database_.read([&](Driver& db) -> Result<std::optional<Entry>> { return find(db, key); });
}

Result<std::optional<TtlStore::Entry>> SqliteTtlStore::take(std::string_view key) {
  return database_.write([&](Driver& db) -> Result<std::optional<Entry>> {
    auto entry = find(db, key);
    db.run(R"(DELETE FROM "ttl" WHERE "key" = ?)", key);
    return entry;
  });
}

Result<void> SqliteTtlStore::remove(std::string_view key) {
  return database_.write([&](Driver& db) -> Result<void> {
    db.run(R"(DELETE FROM "ttl" WHERE "key" = ?)", key);
    return {};
  });
}

Result<TtlStore::Count> SqliteTtlStore::count(std::string_view key, std::chrono::seconds ttl) {
  return database_.write([&](Driver& db) -> Result<Count> {
    const auto entry = find(db, key);
    if (!entry) {
      db.run(upsert, key, "1", clock_.wall() + ttl);
      return Count{1, ttl};
    }
    const std::int64_t value = std::stoll(entry->value) + 1;
    db.run(R"(UPDATE "ttl" SET "value" = ? WHERE "key" = ?)", std::to_string(value), key);
    return Count{value, entry->left};
  });
}

Result<void> SqliteTtlStore::sweep(std::span<const std::string> watched, const OnGone& on_gone) {
  const auto forgotten = database_.write([&](Driver& db) -> Result<void> {
    db.run(R"(DELETE FROM "ttl" WHERE "expireAt" <= ?)", clock_.wall());
    return {};
  });
  if (!forgotten) return forgotten;
  return database_.read([&](Driver& db) -> Result<void> {
    for (const std::string& key : watched) {
      if (!find(db, key)) on_gone(key);
    }
    return {};
  });
}

}  // namespace coterie::storage
