// Whether an archive is whole and every line of it in order, before anybody believes it.
// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "storage/archive.hpp"
#include "storage/archive_files.hpp"

namespace coterie::storage {

struct CheckedArchive {
  Manifest manifest;
  std::string sum;  // The manifest's own, which stands for the whole archive.
};

// Reads everything but the insides of the files. Errors: "bad_archive", "archive_failed".
Result<CheckedArchive> check_archive(const std::filesystem::path& folder, const Report& report);

// Calls use(record) for each row of a table, with the reader to tell its line by.
using UseRow = std::function<Result<void>(Record record, const ArchiveReader& reader)>;
Result<void> read_rows(const std::filesystem::path& folder, const Table& table, const UseRow& use);

// The files that a row comes with.
struct RowFile {
  std::string_view column;
  std::string path;  // In the store.
  BlobFacts facts;
};
std::vector<RowFile> files_of(const Table& table, const Record& record);

std::filesystem::path lines_of(const std::filesystem::path& folder, const Table& table);

}  // namespace coterie::storage
