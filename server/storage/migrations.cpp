// SPDX-License-Identifier: MIT
#include "storage/migrations.hpp"

#include <fmt/format.h>

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
            "number" INTEGER PRIMARY KEY, "name" TEXT NOT NULL, "runAt" TIMESTAMPTZ(3) NOT NULL))sql"};
}

class SchemaLock {
 public:
  SchemaLock(Driver& db, const Ways& ways) : db_(db), ways_(ways) {
    if (!ways_.lock.empty()) db_.run(ways_.lock);
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

Result<std::vector<std::string>> migrate(Database& database,
                                         const std::vector<Migration>& migrations, WallTime now) {
  using Names = Result<std::vector<std::string>>;
  return database.write([&](Driver& db) -> Names {
    const Ways ways = ways_of(db.dialect());
    const SchemaLock lock(db, ways);
    db.run(ways.table);
    std::int64_t last = 0;
    db.query(R"(SELECT COALESCE(MAX("number"), 0) FROM "migration")",
             [&](RowReader& row) { last = row.int64(); });
    if (last > migrations.back().number) {
      return Error("schema_too_new",
                   fmt::format("the database has migration {}, this program knows up to {}: it was "
                               "written by a newer version",
                               last, migrations.back().number));
    }
    std::vector<std::string> names;
    for (const Migration& migration : migrations) {
      if (migration.number <= last) continue;
      for (const std::string_view statement : migration.statements) db.run(statement);
      if (migration.also) migration.also(db);
      db.run(R"(INSERT INTO "migration" ("number", "name", "runAt") VALUES (?, ?, ?))",
             migration.number, migration.name, now);
      names.emplace_back(fmt::format("{:04}_{}", migration.number, migration.name));
    }
    return names;
  });
}

}  // namespace coterie::storage
