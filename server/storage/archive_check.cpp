// SPDX-License-Identifier: MIT
#include "storage/archive_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "storage/blob_path.hpp"

namespace coterie::storage {

namespace {

namespace fs = std::filesystem;

const Cell& cell_of(const Table& table, const Record& record, std::string_view column) {
  const auto found = std::ranges::find(table.columns, column, &Column::name);
  return record[static_cast<std::size_t>(found - table.columns.begin())];
}

// A file is there, with its size: what is in it is summed up when it is stored.
Result<void> check_file(const fs::path& folder, const RowFile& file) {
  if (!is_blob_path(file.path)) {
    return Error("bad_archive", fmt::format(R"({}: wanted "<type>/<name>")", file.column));
  }
  std::error_code problem;
  const auto size = fs::file_size(folder / "files" / file.path, problem);
  if (problem) {
    return Error("bad_archive",
                 fmt::format("{}: files/{}: {}", file.column, file.path, problem.message()));
  }
  if (size != static_cast<std::uintmax_t>(file.facts.bytes)) {
    return Error("bad_archive", fmt::format("{}Bytes: {}, but files/{} has {}", file.column,
                                            file.facts.bytes, file.path, size));
  }
  return {};
}

// What check_archive() has counted of one table, against what its manifest says.
Result<void> compare(const Table& table, const Manifest::Lines& found,
                     const Manifest::Lines& wanted) {
  if (found == wanted) return {};
  return Error("bad_archive",
               fmt::format("{}.jsonl: {} rows with the sum {}, but manifest.json "
                           "says {} with {}",
                           table.noun, found.rows, found.sha256, wanted.rows, wanted.sha256));
}

// All rows of a table, and then the sum of the file.
Result<std::string> read_all(const fs::path& folder, const Table& table, const UseRow& use) {
  auto reader = ArchiveReader::open(lines_of(folder, table).string());
  if (!reader) return reader.error();
  for (bool is_head = true;; is_head = false) {
    const auto line = reader->next_line();
    if (!line) return line.error();
    if (!*line && is_head) return reader->error(Error("", "wanted a head"));
    if (!*line) return reader->sha256();
    if (is_head) {
      if (const auto head = check_head(table, **line); !head) return reader->error(head.error());
      continue;
    }
    auto record = parse_line(table, **line);
    if (!record) return reader->error(record.error());
    if (const auto used = use(std::move(*record), *reader); !used) return used.error();
  }
}

}  // namespace

fs::path lines_of(const fs::path& folder, const Table& table) {
  return folder / fmt::format("{}.jsonl", table.noun);
}

std::vector<RowFile> files_of(const Table& table, const Record& record) {
  std::vector<RowFile> files;
  for (std::size_t i = 0; i < table.files.size(); ++i) {
    const auto* path = std::get_if<std::string>(&cell_of(table, record, table.files[i]));
    const auto* bytes = std::get_if<std::int64_t>(&record[table.columns.size() + 2 * i]);
    const auto* sum = std::get_if<std::string>(&record[table.columns.size() + 2 * i + 1]);
    if (path && bytes && sum) files.push_back({table.files[i], *path, {*bytes, *sum}});
  }
  return files;
}

Result<void> read_rows(const fs::path& folder, const Table& table, const UseRow& use) {
  const auto read = read_all(folder, table, use);
  if (!read) return read.error();
  return {};
}

Result<CheckedArchive> check_archive(const fs::path& folder, const Report& report) {
  const fs::path path = folder / "manifest.json";
  std::error_code ignored;
  if (!fs::exists(path, ignored)) {
    return Error("bad_archive", path.string() + ": there is none; the export did not finish");
  }
  const auto text = read_small_file(path.string());
  if (!text) return text.error();
  auto manifest = parse_manifest(*text);
  if (!manifest) return Error("bad_archive", "manifest.json: " + manifest.error().detail);
  for (const Table& table : chat_tables()) {
    Manifest::Lines found;
    std::int64_t last_id = std::numeric_limits<std::int64_t>::min();
    auto sum = read_all(folder, table, [&](const Record& record, const ArchiveReader& reader) {
      const auto id = std::get<std::int64_t>(record.front());
      if (found.rows > 0 && id <= last_id) {
        return Result<void>(
            reader.error(Error("", fmt::format("id: wanted one above {}, not {}", last_id, id))));
      }
      last_id = id;
      ++found.rows;
      for (const RowFile& file : files_of(table, record)) {
        const auto checked = check_file(folder, file);
        if (!checked) return Result<void>(reader.error(checked.error()));
      }
      return Result<void>();
    });
    if (!sum) return sum.error();
    found.sha256 = std::move(*sum);
    const auto same = compare(table, found, manifest->tables.find(table.noun)->second);
    if (!same) return same.error();
    report(fmt::format("{}: {} in order", table.noun, found.rows));
  }
  Sha256 sum;
  sum.add(*text);
  return CheckedArchive{std::move(*manifest), sum.hex()};
}

}  // namespace coterie::storage
