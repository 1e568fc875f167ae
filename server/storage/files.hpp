// Rows of "file", and the columns that other tables' queries read along.
// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

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
// Those of them that are there, by their ids: one question for every 64.
using FilesById = std::unordered_map<std::int64_t, File>;
FilesById find_files(Driver& db, std::span<const std::int64_t> ids);
void renew_file_url(Driver& db, std::int64_t id, std::string_view url, WallTime now);
bool file_path_exists(Driver& db, std::string_view path);

// The sweep goes through the table in pages: the id of the last of the `page_size` files behind
// `after`; nullopt when there are none.
std::optional<std::int64_t> last_file_of_page(Driver& db, std::int64_t after,
                                              std::int64_t page_size);
// Which of the files in (after, last], made before `time`, nothing uses.
std::vector<std::int64_t> unused_files(Driver& db, std::int64_t after, std::int64_t last,
                                       WallTime time);
// In a transaction: removes that row if the same is still true of it; says whether it did. Should
// someone come to use it at this very moment, one of the two runs into the foreign key.
bool remove_unused_file(Driver& db, std::int64_t id, WallTime time);

}  // namespace coterie::storage
