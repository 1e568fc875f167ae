// Rows of "file", and the columns that other tables' queries read along.
// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "storage/driver.hpp"
#include "storage/rows.hpp"

namespace coterie::storage {

// The columns of a file under the alias `alias`, in the order read_file() wants them.
std::string file_columns(std::string_view alias);
File read_file(RowReader& row);
// For a left join: skips the columns when there is no file.
std::optional<File> maybe_read_file(RowReader& row);

// Sets file.id.
void insert_file(Driver& db, File& file);
std::optional<File> find_file(Driver& db, std::int64_t id);
void renew_file_url(Driver& db, std::int64_t id, std::string_view url, WallTime now);
bool file_path_exists(Driver& db, std::string_view path);

}  // namespace coterie::storage
