// SPDX-License-Identifier: MIT
#include "storage/archive.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/json.hpp"

namespace coterie::storage {

namespace {

constexpr std::string_view format_name = "coterie";

Error bad(std::string_view field, std::string_view wanted) {
  return Error("bad_archive", fmt::format("{}: wanted {}", field, wanted));
}

std::string wanted_of(const Column& column) {
  if (!column.choices.empty()) return fmt::format("one of {}", fmt::join(column.choices, ", "));
  switch (column.kind) {
    case Column::Kind::integer:
      return column.is_nullable ? "a whole number or null" : "a whole number";
    case Column::Kind::text:
      return column.is_nullable ? "a text or null" : "a text";
    case Column::Kind::time:
      return R"(a time such as "2026-11-24T14:56:29.286Z")";
  }
  return "";
}

// Exactly what to_iso8601() writes, of a day that there is.
std::optional<WallTime> parse_time(std::string_view text) {
  constexpr std::string_view shape = "dddd-dd-ddTdd:dd:dd.dddZ";
  if (text.size() != shape.size()) return std::nullopt;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    const bool is_digit = text[i] >= '0' && text[i] <= '9';
    if (shape[i] == 'd' ? !is_digit : text[i] != shape[i]) return std::nullopt;
  }
  const auto number = [&](std::size_t from, std::size_t count) {
    int value = 0;
    for (const char digit : text.substr(from, count)) value = value * 10 + (digit - '0');
    return value;
  };
  namespace chrono = std::chrono;
  const chrono::year_month_day date(chrono::year(number(0, 4)),
                                    chrono::month(static_cast<unsigned>(number(5, 2))),
                                    chrono::day(static_cast<unsigned>(number(8, 2))));
  if (!date.ok() || number(11, 2) > 23 || number(14, 2) > 59 || number(17, 2) > 59) {
    return std::nullopt;
  }
  return chrono::sys_days(date) + chrono::hours(number(11, 2)) + chrono::minutes(number(14, 2)) +
         chrono::seconds(number(17, 2)) + chrono::milliseconds(number(20, 3));
}

Json to_json(const Cell& cell) {
  return std::visit(
      []<class T>(const T& value) -> Json {
        if constexpr (std::is_same_v<T, WallTime>) {
          return Json(to_iso8601(value));
        } else {
          return Json(value);
        }
      },
      cell);
}

bool is_choice(const Column& column, std::string_view text) {
  return column.choices.empty() || std::ranges::find(column.choices, text) != column.choices.end();
}

// nullopt: not what belongs into that column.
std::optional<Cell> to_cell(const Column& column, const Json& value) {
  if (value.is_null()) return column.is_nullable ? std::optional<Cell>(nullptr) : std::nullopt;
  switch (column.kind) {
    case Column::Kind::integer:
      if (!value.is_int64() || !is_choice(column, std::to_string(value.get_int64()))) break;
      return Cell(value.get_int64());
    case Column::Kind::text:
      if (!value.is_string() || !is_choice(column, value.get_string())) break;
      return Cell(std::string(value.get_string()));
    case Column::Kind::time:
      if (!value.is_string()) break;
      if (const auto time = parse_time(value.get_string())) return Cell(*time);
      break;
  }
  return std::nullopt;
}

Result<JsonObject> parse_object(std::string_view text) {
  auto parsed = parse_json(text);
  if (!parsed) return Error("bad_archive", parsed.error().detail);
  if (!parsed->is_object()) return Error("bad_archive", "wanted a JSON object");
  return std::move(parsed->get_object());
}

// The first two members of heads and manifests.
Result<void> check_version(const JsonObject& object) {
  const Json* format = object.if_contains("format");
  if (!format || *format != Json(format_name)) return bad("format", R"("coterie")");
  const Json* version = object.if_contains("version");
  if (!version || !version->is_int64() || version->get_int64() < 1) {
    return bad("version", "a whole number from 1");
  }
  if (version->get_int64() > archive_version) {
    return bad("version", fmt::format("at most {}, but {} wrote a newer program", archive_version,
                                      version->get_int64()));
  }
  return {};
}

const Column* find_column(const Table& table, std::string_view name) {
  for (const auto* columns : {&table.columns, &table.file_facts}) {
    const auto found = std::ranges::find(*columns, name, &Column::name);
    if (found != columns->end()) return &*found;
  }
  return nullptr;
}

}  // namespace

Record read_record(RowReader& row, const Table& table) {
  Record record;
  record.reserve(table.columns.size() + table.file_facts.size());
  for (const Column& column : table.columns) {
    if (row.next_is_null()) {
      row.skip(1);
      record.emplace_back(nullptr);
    } else if (column.kind == Column::Kind::integer) {
      record.emplace_back(row.int64());
    } else if (column.kind == Column::Kind::text) {
      record.emplace_back(row.text());
    } else {
      record.emplace_back(row.time());
    }
  }
  return record;
}

Value value_of(const Cell& cell) {
  return std::visit([](const auto& value) { return Value(value); }, cell);
}

std::string head_of(const Table& table) {
  return coterie::to_text(
      JsonObject{{"format", format_name}, {"version", archive_version}, {"table", table.name}});
}

Result<void> check_head(const Table& table, std::string_view line) {
  const auto head = parse_object(line);
  if (!head) return head.error();
  if (auto checked = check_version(*head); !checked) return checked;
  const Json* name = head->if_contains("table");
  if (!name || *name != Json(table.name)) return bad("table", fmt::format("\"{}\"", table.name));
  return {};
}

std::string to_line(const Table& table, const Record& record) {
  JsonObject object;
  object.reserve(record.size());
  auto cell = record.begin();
  for (const auto* columns : {&table.columns, &table.file_facts}) {
    for (const Column& column : *columns) object.emplace(column.name, to_json(*cell++));
  }
  return coterie::to_text(object);
}

Result<Record> parse_line(const Table& table, std::string_view line) {
  const auto object = parse_object(line);
  if (!object) return object.error();
  Record record;
  record.reserve(table.columns.size() + table.file_facts.size());
  std::size_t known = 0;
  for (const auto* columns : {&table.columns, &table.file_facts}) {
    for (const Column& column : *columns) {
      const Json* value = object->if_contains(column.name);
      if (value) ++known;
      // What may be null may be missing: an older program did not know it.
      auto cell = to_cell(column, value ? *value : Json(nullptr));
      if (!cell) return bad(column.name, wanted_of(column));
      record.push_back(std::move(*cell));
    }
  }
  if (known < object->size()) {
    const auto unknown = std::ranges::find_if(
        *object, [&](const auto& member) { return find_column(table, member.key()) == nullptr; });
    return Error("bad_archive",
                 fmt::format("{}: there is no such field", std::string_view(unknown->key())));
  }
  return record;
}

std::string to_text(const Manifest& manifest) {
  JsonObject tables;
  for (const Table& table : chat_tables()) {
    const auto lines = manifest.tables.find(table.noun);
    if (lines == manifest.tables.end()) continue;
    tables[table.noun] = JsonObject{{"rows", lines->second.rows}, {"sha256", lines->second.sha256}};
  }
  return coterie::to_text(
      JsonObject{{"format", format_name},
                 {"version", archive_version},
                 {"exportedAt", to_iso8601(manifest.exported_at)},
                 {"tables", std::move(tables)},
                 {"files", JsonObject{{"count", manifest.files}, {"bytes", manifest.bytes}}}});
}

Result<Manifest> parse_manifest(std::string_view text) {
  const auto object = parse_object(text);
  if (!object) return object.error();
  if (auto checked = check_version(*object); !checked) return checked.error();
  const auto member = [](const JsonObject& parent, std::string_view name) -> Json {
    const Json* found = parent.if_contains(name);
    return found ? *found : Json(nullptr);
  };
  Manifest manifest;
  const Json time = member(*object, "exportedAt");
  const auto exported_at = time.is_string() ? parse_time(time.get_string()) : std::nullopt;
  if (!exported_at) return bad("exportedAt", "a time");
  manifest.exported_at = *exported_at;
  const Json tables = member(*object, "tables");
  for (const Table& table : chat_tables()) {
    const Json lines = tables.is_object() ? member(tables.get_object(), table.noun) : Json(nullptr);
    if (!lines.is_object()) return bad(fmt::format("tables.{}", table.noun), "an object");
    const Json rows = member(lines.get_object(), "rows");
    const Json sha256 = member(lines.get_object(), "sha256");
    if (!rows.is_int64() || !sha256.is_string()) {
      return bad(fmt::format("tables.{}", table.noun), R"("rows" and "sha256")");
    }
    manifest.tables[std::string(table.noun)] = {rows.get_int64(), std::string(sha256.get_string())};
  }
  const Json files = member(*object, "files");
  const Json count = files.is_object() ? member(files.get_object(), "count") : Json(nullptr);
  const Json bytes = files.is_object() ? member(files.get_object(), "bytes") : Json(nullptr);
  if (!count.is_int64() || !bytes.is_int64()) return bad("files", R"("count" and "bytes")");
  manifest.files = count.get_int64();
  manifest.bytes = bytes.get_int64();
  return manifest;
}

}  // namespace coterie::storage
