// SPDX-License-Identifier: MIT
#include "storage/archive_import.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <ranges>
#include <span>

#include "storage/archive_check.hpp"
#include "storage/catalog.hpp"
#include "storage/sequence.hpp"
#include "storage/users.hpp"

namespace coterie::storage {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t rows_per_commit = 1000;
constexpr std::size_t bytes_per_commit = 4 * 1024 * 1024;
constexpr std::size_t rows_per_statement = 100;   // Engines allow 32 thousand values or more.
constexpr std::int64_t rows_per_report = 25'000;  // A line every few seconds.

struct Row {
  Record record;
  std::int64_t line;
};

// INSERT INTO "t" ("a", …) VALUES (?, …), (?, …): as many rows as told.
std::string insert_sql(const Table& table, std::size_t rows) {
  const auto names = table.columns | std::views::transform([](const Column& column) {
                       return fmt::format("\"{}\"", column.name);
                     });
  const std::vector<std::string_view> marks(table.columns.size(), "?");
  const std::vector<std::string> tuples(rows, fmt::format("({})", fmt::join(marks, ", ")));
  return fmt::format(R"(INSERT INTO "{}" ({}) VALUES {})", table.name, fmt::join(names, ", "),
                     fmt::join(tuples, ", "));
}

// A column that refers to a table further down gets its values when that is there.
bool refers_ahead(const Table& table, const Column& column) {
  const auto& tables = chat_tables();
  const auto target = std::ranges::find(tables, column.references, &Table::name);
  return target != tables.end() && target > std::ranges::find(tables, table.name, &Table::name);
}

// An enumeration is bound as one of its texts, which every engine takes.
Value bound_value(const Column& column, const Cell& cell) {
  const auto* number = std::get_if<std::int64_t>(&cell);
  if (!number || column.choices.empty()) return value_of(cell);
  return *std::ranges::find(column.choices, std::to_string(*number));
}

void insert_rows(Driver& db, const Table& table, std::span<const Row> rows) {
  std::vector<bool> is_later;
  for (const Column& column : table.columns) is_later.push_back(refers_ahead(table, column));
  std::vector<Value> values;
  values.reserve(rows.size() * table.columns.size());
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < table.columns.size(); ++i) {
      const Value value = bound_value(table.columns[i], row.record[i]);
      values.push_back(is_later[i] ? Value(nullptr) : value);
    }
  }
  db.execute(insert_sql(table, rows.size()), values, {});
}

// Two statements for each table, kept prepared: of many rows and of one.
void insert_all(Driver& db, const Table& table, std::span<const Row> rows) {
  while (!rows.empty()) {
    const std::size_t count = rows.size() < rows_per_statement ? 1 : rows_per_statement;
    insert_rows(db, table, rows.first(count));
    rows = rows.subspan(count);
  }
}

std::size_t bytes_of(const Record& record) {
  std::size_t bytes = 0;
  for (const Cell& cell : record) {
    if (const auto* text = std::get_if<std::string>(&cell)) bytes += text->size();
  }
  return bytes;
}

bool row_exists(Driver& db, std::string_view table, std::int64_t id) {
  return db
      .query_one(
          fmt::format(R"(SELECT 1 FROM "{}" WHERE "id" = ?)", table),
          [](RowReader& row) { return row.int64(); }, id)
      .has_value();
}

// "groupId: there is no group 7", when that is what is wrong with a row.
std::optional<std::string> find_orphan(Driver& db, const Table& table, const Record& record) {
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    const Column& column = table.columns[i];
    const auto* id = std::get_if<std::int64_t>(&record[i]);
    if (column.references.empty() || !id || refers_ahead(table, column)) continue;
    if (!row_exists(db, column.references, *id)) {
      return fmt::format("{}: there is no {} {}", column.name, column.references, *id);
    }
  }
  return std::nullopt;
}

std::string name_of(const Table& table, std::int64_t line) {
  return fmt::format("{}.jsonl:{}", table.noun, line);
}

// How far a table has come.
struct Progress {
  std::optional<std::int64_t> last_id;  // Of an earlier attempt.
  std::int64_t stored = 0;
  std::int64_t left_out = 0;
};

Progress progress_of(Driver& db, const Table& table) {
  Progress progress;
  db.query(fmt::format(R"(SELECT COUNT(*), MAX("id") FROM "{}")", table.name), [&](RowReader& row) {
    progress.stored = row.int64();
    progress.last_id = row.maybe_int64();
  });
  return progress;
}

class Import {
 public:
  Import(Database& database, BlobStore& blobs, fs::path folder, ImportOptions options,
         const Report& report)
      : database_(database),
        blobs_(blobs),
        folder_(std::move(folder)),
        options_(options),
        report_(report) {}

  Result<Manifest> run() {
    auto checked = check_archive(folder_, report_);
    if (!checked) return checked.error();
    if (const auto claimed = claim(checked->sum); !claimed) return claimed.error();
    for (const Table& table : chat_tables()) {
      const auto rows = checked->manifest.tables.find(table.noun)->second.rows;
      if (const auto done = import_table(table, rows); !done) return done.error();
    }
    if (const auto done = set_avatars(); !done) return done.error();
    if (const auto done = number(); !done) return done.error();
    if (const auto done = finish(); !done) return done.error();
    return std::move(checked->manifest);
  }

 private:
  // Makes the database ours: it is empty, or what is there came out of this archive.
  Result<void> claim(const std::string& sum) {
    return database_.write([&](Driver& db) -> Result<void> {
      if (options_.replace) remove_all(db);
      if (has_table(db, "import")) {
        const auto other = db.query_one(R"(SELECT "archive" FROM "import")",
                                        [](RowReader& row) { return row.text(); });
        if (other == sum) {
          report_("going on where this import was broken off");
          return {};
        }
        if (other && !options_.replace) {
          return Error("import_unfinished",
                       "the import of another archive was broken off here: import that one again, "
                       "or this one with --replace");
        }
        db.run(R"(DELETE FROM "import")");
      } else {
        for (const Table& table : chat_tables()) {
          if (const auto there = progress_of(db, table).stored; there > 0) {
            return Error(
                "not_empty",
                fmt::format("the database is not empty ({}: {}): import into an empty one, "
                            "or replace what is there with --replace",
                            table.noun, there));
          }
        }
        db.run(R"(CREATE TABLE "import" ("archive" CHAR(64) NOT NULL))");
      }
      db.run(R"(INSERT INTO "import" ("archive") VALUES (?))", sum);
      return {};
    });
  }

  void remove_all(Driver& db) {
    db.run(R"(UPDATE "user" SET "avatarId" = NULL)");
    for (const Table& table : chat_tables() | std::views::reverse) {
      const auto there = progress_of(db, table).stored;
      db.run(fmt::format(R"(DELETE FROM "{}")", table.name));
      if (there > 0) report_(fmt::format("{}: {} removed", table.noun, there));
    }
  }

  Result<void> import_table(const Table& table, std::int64_t rows_wanted) {
    const auto before =
        database_.read([&](Driver& db) -> Result<Progress> { return progress_of(db, table); });
    if (!before) return before.error();
    Progress progress = *before;
    std::vector<Row> rows;
    std::size_t bytes = 0;
    std::int64_t seen = 0;
    std::int64_t seen_before = 0;
    const auto read =
        read_rows(folder_, table, [&](Record record, const ArchiveReader& reader) -> Result<void> {
          if (++seen % rows_per_report == 0) {
            report_(fmt::format("{}: {} of {}", table.noun, seen, rows_wanted));
          }
          if (progress.last_id && std::get<std::int64_t>(record.front()) <= *progress.last_id) {
            ++seen_before;
            return {};
          }
          bytes += bytes_of(record);
          rows.push_back({std::move(record), reader.line_number()});
          if (rows.size() < rows_per_commit && bytes < bytes_per_commit) return {};
          bytes = 0;
          return store(table, std::exchange(rows, {}), progress);
        });
    if (!read) return read;
    if (auto stored = store(table, rows, progress); !stored) return stored;
    progress.left_out += seen_before - before->stored;
    return count(table, progress, rows_wanted);
  }

  Result<void> store(const Table& table, const std::vector<Row>& rows, Progress& progress) {
    if (auto saved = save_files(table, rows); !saved) return saved;
    const auto stored = database_.write([&](Driver& db) -> Result<void> {
      insert_all(db, table, rows);
      return {};
    });
    if (stored) {
      progress.stored += static_cast<std::int64_t>(rows.size());
      return {};
    }
    // Again, one by one: that finds the row, and those before it are in.
    for (const Row& row : rows) {
      if (auto done = store_one(table, row, progress); !done) return done;
    }
    return {};
  }

  Result<void> store_one(const Table& table, const Row& row, Progress& progress) {
    const auto stored = database_.write([&](Driver& db) -> Result<void> {
      insert_rows(db, table, std::span(&row, 1));
      return {};
    });
    if (stored) {
      ++progress.stored;
      return {};
    }
    const std::string place = name_of(table, row.line);
    if (stored.error().code != "foreign_key_violation") {
      return Error(stored.error().code, fmt::format("{}: {}", place, stored.error().detail));
    }
    const auto orphan = database_.read([&](Driver& db) -> Result<std::optional<std::string>> {
      return find_orphan(db, table, row.record);
    });
    if (!orphan) return orphan.error();
    const std::string& reason = *orphan ? **orphan : stored.error().detail;
    if (!options_.skip_orphans) {
      return Error("bad_archive",
                   fmt::format("{}: {} (--skip-orphans leaves such rows out)", place, reason));
    }
    ++progress.left_out;
    report_(fmt::format("{}: {}; left out", place, reason));
    return {};
  }

  Result<void> save_files(const Table& table, const std::vector<Row>& rows) {
    for (const Row& row : rows) {
      for (const RowFile& file : files_of(table, row.record)) {
        const auto saved =
            save_blob((folder_ / "files" / file.path).string(), file.facts, blobs_, file.path);
        if (!saved) {
          return Error(saved.error().code,
                       fmt::format("{}: {}", name_of(table, row.line), saved.error().detail));
        }
      }
    }
    return {};
  }

  Result<void> count(const Table& table, const Progress& progress, std::int64_t rows_wanted) {
    const auto there = database_.read(
        [&](Driver& db) -> Result<std::int64_t> { return progress_of(db, table).stored; });
    if (!there) return there.error();
    if (*there != progress.stored || *there + progress.left_out != rows_wanted) {
      return Error(
          "import_failed",
          fmt::format("{}: {} stored and {} left out of {}, but {} are there: did "
                      "something else write into this database?",
                      table.noun, progress.stored, progress.left_out, rows_wanted, *there));
    }
    report_(
        fmt::format("{}: {} stored{}", table.noun, *there,
                    progress.left_out > 0 ? fmt::format(", {} left out", progress.left_out) : ""));
    return {};
  }

  Result<void> set_avatars() {
    const Table& users = chat_tables().front();
    const auto at = static_cast<std::size_t>(
        std::ranges::find(users.columns, "avatarId", &Column::name) - users.columns.begin());
    std::vector<Row> rows;
    const auto flush = [&]() -> Result<void> {
      auto done = database_.write([&](Driver& db) -> Result<void> {
        for (const Row& row : rows) {
          if (auto set = set_avatar_of(db, row, at); !set) return set;
        }
        return {};
      });
      rows.clear();
      return done;
    };
    const auto read =
        read_rows(folder_, users, [&](Record record, const ArchiveReader& reader) -> Result<void> {
          if (!std::holds_alternative<std::int64_t>(record[at])) return {};
          rows.push_back({std::move(record), reader.line_number()});
          return rows.size() < rows_per_commit ? Result<void>() : flush();
        });
    if (!read) return read;
    return flush();
  }

  Result<void> set_avatar_of(Driver& db, const Row& row, std::size_t at) {
    const auto file_id = std::get<std::int64_t>(row.record[at]);
    if (row_exists(db, "file", file_id)) {
      set_avatar(db, std::get<std::int64_t>(row.record[0]), file_id,
                 std::get<WallTime>(row.record[2]));
      return {};
    }
    const std::string reason =
        fmt::format("users.jsonl:{}: avatarId: there is no file {}", row.line, file_id);
    if (!options_.skip_orphans) return Error("bad_archive", reason);
    report_(reason + "; the user goes without");
    return {};
  }

  // Archives of before there was a sequence have none.
  Result<void> number() {
    const auto numbered = number_messages(database_, [&](std::int64_t count) {
      report_(fmt::format("messages: {} numbered", count));
    });
    if (!numbered) return numbered.error();
    return {};
  }

  Result<void> finish() {
    return database_.write([&](Driver& db) -> Result<void> {
      for (const Table& table : chat_tables()) continue_ids(db, table.name);
      db.run(R"(DROP TABLE "import")");
      return {};
    });
  }

  Database& database_;
  BlobStore& blobs_;
  const fs::path folder_;
  const ImportOptions options_;
  const Report& report_;
};

}  // namespace

Result<Manifest> import_archive(Database& database, BlobStore& blobs, const std::string& folder,
                                ImportOptions options, const Report& report) {
  return Import(database, blobs, folder, options, report).run();
}

Result<void> check_no_import(Database& database) {
  return database.read([](Driver& db) -> Result<void> {
    if (!has_table(db, "import")) return {};
    return Error("import_unfinished",
                 "an import into this database was broken off: repeat it, or import another "
                 "archive with --replace");
  });
}

}  // namespace coterie::storage
