// A whole chat in a folder, as JSON Lines and files: to keep, and to move between databases.
//
//   archive  = DIR/manifest.json  DIR/<noun>.jsonl for each table  DIR/files/<path> for each file
//   noun     = "users" / "files" / "groups" / "conversations" / "messages"
//   <noun>.jsonl = head LF *( row LF )
//   head     = {"format":"coterie","version":1,"table":<name of the table>}
//   row      = an object of the table's columns, under their own names and in their order; the
//              rows of a file in the order of their ids
//   value    = null / integer / text / time
//   time     = "2026-11-24T14:56:29.286Z"
//
// A row of files.jsonl ends with "pathBytes" and "pathSha256" (hexadecimal) of DIR/files/<path>,
// and the same of its thumbnail, which lies there, too; they are null where there is no such file.
// The manifest is written last, so an archive without one is not finished:
//
//   {"format":"coterie","version":1,"exportedAt":time,
//    "tables":{"users":{"rows":12,"sha256":"…"},…},"files":{"count":7,"bytes":123456}}
//
// Two exports of the same rows differ in "exportedAt" alone. Log-ins are not part of an archive;
// password hashes are, so it is for its owner's eyes only.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "storage/driver.hpp"
#include "storage/tables.hpp"

namespace coterie::storage {

inline constexpr int archive_version = 1;

// Told to a person, line by line, while a long move goes on.
using Report = std::function<void(const std::string& line)>;

// The values of a row, in the order of the table's columns and then its files' facts.
using Cell = std::variant<std::nullptr_t, std::int64_t, std::string, WallTime>;
using Record = std::vector<Cell>;

Record read_record(RowReader& row, const Table& table);  // Without the facts.
Value value_of(const Cell& cell);

// The lines of a table; none ends with LF. Errors: "bad_archive", which names the field and what
// was wanted.
std::string head_of(const Table& table);
Result<void> check_head(const Table& table, std::string_view line);
std::string to_line(const Table& table, const Record& record);
Result<Record> parse_line(const Table& table, std::string_view line);

struct Manifest {
  struct Lines {
    std::int64_t rows = 0;
    std::string sha256;
    bool operator==(const Lines&) const = default;
  };

  WallTime exported_at;
  std::map<std::string, Lines, std::less<>> tables;  // By noun, one for each table.
  std::int64_t files = 0;
  std::int64_t bytes = 0;  // Of all files.
};

std::string to_text(const Manifest& manifest);
Result<Manifest> parse_manifest(std::string_view text);

}  // namespace coterie::storage
