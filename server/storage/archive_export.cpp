// SPDX-License-Identifier: MIT
#include "storage/archive_export.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <limits>
#include <optional>

#include "base/utf8.hpp"
#include "storage/archive_files.hpp"
#include "storage/blob_path.hpp"

namespace coterie::storage {

namespace {

namespace fs = std::filesystem;

constexpr std::int64_t rows_per_query = 500;      // Some drivers hold a whole result in memory.
constexpr std::int64_t rows_per_report = 25'000;  // A line every few seconds.

Result<void> make_folder(const std::string& folder) {
  std::error_code problem;
  fs::create_directories(folder, problem);
  if (!problem && !fs::is_empty(folder, problem) && !problem) {
    return Error("archive_failed", folder + ": is not empty; an export wants a folder of its own");
  }
  if (!problem) fs::permissions(folder, fs::perms::owner_all, problem);
  if (problem) return Error("archive_failed", folder + ": " + problem.message());
  return {};
}

// The rows of a table behind an id: `"SELECT … WHERE "id" > ? ORDER BY "id" LIMIT ?"`.
std::string select_page(const Table& table) {
  std::string columns;
  for (const Column& column : table.columns) {
    columns += fmt::format("{}\"{}\"", columns.empty() ? "" : ", ", column.name);
  }
  return fmt::format(R"(SELECT {} FROM "{}" WHERE "id" > ? ORDER BY "id" LIMIT ?)", columns,
                     table.name);
}

// Text that is no UTF-8 would make a line that is no JSON.
Result<void> check_text(const Table& table, const Record& record) {
  for (std::size_t i = 0; i < record.size(); ++i) {
    const auto* text = std::get_if<std::string>(&record[i]);
    if (text && !is_utf8(*text)) {
      return Error("archive_failed",
                   fmt::format(R"("{}" {}: "{}" is no UTF-8)", table.name,
                               std::get<std::int64_t>(record.front()), table.columns[i].name));
    }
  }
  return {};
}

class Export {
 public:
  Export(BlobStore& blobs, fs::path folder, const Report& report)
      : blobs_(blobs), folder_(std::move(folder)), report_(report) {}

  Result<Manifest> run(Driver& db, WallTime now) {
    manifest_.exported_at = now;
    for (const Table& table : chat_tables()) {
      if (const auto written = write_table(db, table); !written) return written.error();
    }
    auto file = ArchiveWriter::create((folder_ / "manifest.json").string());
    if (!file) return file.error();
    if (const auto written = file->write_line(to_text(manifest_)); !written) {
      return written.error();
    }
    if (const auto finished = file->finish(); !finished) return finished.error();
    return manifest_;
  }

 private:
  Result<void> write_table(Driver& db, const Table& table) {
    auto file = ArchiveWriter::create((folder_ / fmt::format("{}.jsonl", table.noun)).string());
    if (!file) return file.error();
    if (auto written = file->write_line(head_of(table)); !written) return written;
    Manifest::Lines& lines = manifest_.tables[std::string(table.noun)];
    const std::string sql = select_page(table);
    std::int64_t last_id = std::numeric_limits<std::int64_t>::min();
    for (;;) {
      std::vector<Record> page;
      db.query(
          sql, [&](RowReader& row) { page.push_back(read_record(row, table)); }, last_id,
          rows_per_query);
      for (Record& record : page) {
        if (auto written = write_row(*file, table, record); !written) return written;
        if (++lines.rows % rows_per_report == 0) {
          report_(fmt::format("{}: {}", table.noun, lines.rows));
        }
      }
      if (static_cast<std::int64_t>(page.size()) < rows_per_query) break;
      last_id = std::get<std::int64_t>(page.back().front());
    }
    auto sum = file->finish();
    if (!sum) return sum.error();
    lines.sha256 = std::move(*sum);
    report_(fmt::format("{}: {}, all of them", table.noun, lines.rows));
    return {};
  }

  Result<void> write_row(ArchiveWriter& file, const Table& table, Record& record) {
    if (auto checked = check_text(table, record); !checked) return checked;
    for (const std::string_view column : table.files) {
      const auto at = std::ranges::find(table.columns, column, &Column::name);
      const Cell& path = record[static_cast<std::size_t>(at - table.columns.begin())];
      std::optional<BlobFacts> facts;
      if (const auto* named = std::get_if<std::string>(&path)) {
        auto written = write_blob(*named);
        if (!written) return written.error();
        facts = std::move(*written);
      }
      record.push_back(facts ? Cell(facts->bytes) : Cell(nullptr));
      record.push_back(facts ? Cell(facts->sha256) : Cell(nullptr));
    }
    return file.write_line(to_line(table, record));
  }

  // nullopt when the store has no such file: its row is moved all the same.
  Result<std::optional<BlobFacts>> write_blob(const std::string& path) {
    using Facts = std::optional<BlobFacts>;
    const auto blob = is_blob_path(path) ? blobs_.open(path) : Error("file_unknown");
    if (!blob && blob.error().code == "file_unknown") {
      report_(fmt::format("files: {} is not in the store; its row goes without it", path));
      return Facts();
    }
    if (!blob) return blob.error();
    const fs::path target = folder_ / "files" / path;
    std::error_code problem;
    fs::create_directories(target.parent_path(), problem);
    auto facts = copy_blob(**blob, target.string());
    if (!facts) return facts.error();
    ++manifest_.files;
    manifest_.bytes += facts->bytes;
    return Facts(std::move(*facts));
  }

  BlobStore& blobs_;
  const fs::path folder_;
  const Report& report_;
  Manifest manifest_;
};

}  // namespace

Result<Manifest> export_archive(Database& database, BlobStore& blobs, const std::string& folder,
                                WallTime now, const Report& report) {
  if (const auto made = make_folder(folder); !made) return made.error();
  return database.read_snapshot(
      [&](Driver& db) { return Export(blobs, folder, report).run(db, now); });
}

}  // namespace coterie::storage
