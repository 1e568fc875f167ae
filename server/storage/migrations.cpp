// SPDX-License-Identifier: MIT
#include "storage/migrations.hpp"

#include <fmt/format.h>

#include <optional>

#include "base/log.hpp"
#include "storage/adoption.hpp"
#include "storage/catalog.hpp"
#include "storage/schemas.hpp"

namespace coterie::storage {

namespace {

// How one process keeps others from migrating meanwhile. SQLite's transaction does that by itself.
// MySQL has none around a CREATE TABLE, so its migrations are made of steps that may be repeated.
struct Ways {
  std::string_view lock;
  std::string_view unlock;
  std::string_view table;
};

Ways ways_of(Dialect dialect) {
  switch (dialect) {
    case Dialect::sqlite:
      return {"", "",
              R"sql(CREATE TABLE IF NOT EXISTS "migration" (
                "number" INTEGER PRIMARY KEY, "name" TEXT NOT NULL, "runAt" INTEGER NOT NULL))sql"};
    case Dialect::mysql:
      return {"SELECT GET_LOCK('coterie_migration', 3600)",
              "SELECT RELEASE_LOCK('coterie_migration')",
              R"sql(CREATE TABLE IF NOT EXISTS "migration" (
                "number" INT PRIMARY KEY, "name" VARCHAR(100) NOT NULL,
                "runAt" DATETIME(6) NOT NULL) DEFAULT CHARSET=utf8mb4)sql"};
    case Dialect::postgres:
      break;
  }
  return {"SELECT pg_advisory_xact_lock(7016732)", "",
          R"sql(CREATE TABLE IF NOT EXISTS "migration" (
            "number" INTEGER PRIMARY KEY, "name" TEXT NOT NULL,
            "runAt" TIMESTAMPTZ(3) NOT NULL))sql"};
}

class SchemaLock {
 public:
  SchemaLock(Driver& db, const Ways& ways) : db_(db), ways_(ways) {
    if (ways_.lock.empty()) return;
    // MySQL answers 0 when somebody else has not let go in all that time, and NULL for a failure;
    // PostgreSQL answers nothing, and waits.
    const auto is_ours = db_.query_one(ways_.lock, [&](RowReader& row) {
      return db_.dialect() != Dialect::mysql || (!row.next_is_null() && row.int64() == 1);
    });
    if (is_ours && *is_ours) return;
    throw DriverFailure(Error("storage_failed", "the lock for migrations was not to be had"));
  }
  ~SchemaLock() {
    try {
      if (!ways_.unlock.empty()) db_.run(ways_.unlock);
    } catch (const DriverFailure&) {
      // The connection has broken, and with it the lock.
    }
  }
  SchemaLock(const SchemaLock&) = delete;
  SchemaLock& operator=(const SchemaLock&) = delete;

 private:
  Driver& db_;
  const Ways& ways_;
};

}  // namespace

const std::vector<Migration>& chat_migrations(Dialect dialect) {
  switch (dialect) {
    case Dialect::sqlite:
      return sqlite_schema();
    case Dialect::mysql:
      return mysql_schema();
    case Dialect::postgres:
      break;
  }
  return postgres_schema();
}

namespace {

using Names = Result<std::vector<std::string>>;

struct Pending {
  std::optional<Adoption> adoption;  // Stands for the first migration.
  std::vector<const Migration*> migrations;
};

Result<Pending> find_pending(Driver& db, const std::vector<Migration>& migrations) {
  std::int64_t last = 0;
  if (has_table(db, "migration")) {
    db.query(R"(SELECT COALESCE(MAX("number"), 0) FROM "migration")",
             [&](RowReader& row) { last = row.int64(); });
  }
  if (last > migrations.back().number) {
    return Error("schema_too_new",
                 fmt::format("the database has migration {}, this program knows up to {}: it was "
                             "written by a newer version",
                             last, migrations.back().number));
  }
  Pending pending;
  if (last == 0 && is_seed_database(db)) {
    auto plan = plan_adoption(db);
    if (!plan) return plan.error();
    pending.adoption = std::move(*plan);
  }
  for (const Migration& migration : migrations) {
    if (migration.number > last) pending.migrations.push_back(&migration);
  }
  return pending;
}

// In the order in which they run; and what an adoption leaves as it is.
std::vector<std::string> names_of(const Pending& pending) {
  std::vector<std::string> names;
  if (pending.adoption) {
    for (const auto& step : pending.adoption->steps) names.push_back("adoption: " + step.what);
    for (const auto& found : pending.adoption->found) names.push_back("adoption found: " + found);
  }
  for (const Migration* migration : pending.migrations) {
    names.push_back(fmt::format("{:04}_{}", migration->number, migration->name));
  }
  return names;
}

void run(Driver& db, const Pending& pending, WallTime now) {
  if (pending.adoption) {
    log::info("adopting a database of another system: this may take minutes");
    for (const auto& step : pending.adoption->steps) {
      log::info("adoption: {}", step.what);
      for (const std::string& statement : step.statements) db.run(statement);
    }
  }
  for (const Migration* migration : pending.migrations) {
    const bool is_adopted = pending.adoption && migration == pending.migrations.front();
    if (!is_adopted) {
      for (const std::string_view statement : migration->statements) db.run(statement);
      if (migration->also) migration->also(db);
    }
    db.run(R"(INSERT INTO "migration" ("number", "name", "runAt") VALUES (?, ?, ?))",
           migration->number, migration->name, now);
  }
}

}  // namespace

Result<std::vector<std::string>> migrate(Database& database,
                                         const std::vector<Migration>& migrations, WallTime now) {
  return database.write([&](Driver& db) -> Names {
    const Ways ways = ways_of(db.dialect());
    const SchemaLock lock(db, ways);
    const auto pending = find_pending(db, migrations);
    if (!pending) return pending.error();
    db.run(ways.table);
    run(db, *pending, now);
    return names_of(*pending);
  });
}

Result<std::vector<std::string>> plan_migration(Database& database,
                                                const std::vector<Migration>& migrations) {
  return database.read([&](Driver& db) -> Names {
    const auto pending = find_pending(db, migrations);
    if (!pending) return pending.error();
    return names_of(*pending);
  });
}

}  // namespace coterie::storage
