// Lines of an archive: what is read as a row is written as it was read, and read again the same.
//
// Input: the first byte says which table the line is one of.
// SPDX-License-Identifier: MIT
#include "storage/archive.hpp"

#include <cstdint>
#include <string_view>

#include "base/check.hpp"

namespace storage = coterie::storage;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto& tables = storage::chat_tables();
  const storage::Table& table = tables[data[0] % tables.size()];
  const std::string_view line(reinterpret_cast<const char*>(data) + 1, size - 1);
  (void)storage::check_head(table, line);
  if (const auto record = storage::parse_line(table, line)) {
    COTERIE_CHECK(record->size() == table.columns.size() + table.file_facts.size());
    const auto again = storage::parse_line(table, storage::to_line(table, *record));
    COTERIE_CHECK(again && *again == *record);
  }
  if (const auto manifest = storage::parse_manifest(line)) {
    const auto again = storage::parse_manifest(to_text(*manifest));
    COTERIE_CHECK(again && again->tables == manifest->tables && again->files == manifest->files);
  }
  return 0;
}
