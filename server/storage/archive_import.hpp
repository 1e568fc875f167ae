// Import: reads an archive into a database of any engine, in constant memory.
//
// First the whole archive is checked, against its manifest and line by line, and only then does a
// row go in. Rows are stored a thousand at a time, the file of each before its row, and while it
// goes on the table "import" names the archive: after a break-off the same import goes on behind
// the last id that is there, and no server starts on half a chat.
// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "storage/archive.hpp"
#include "storage/blob_store.hpp"
#include "storage/database.hpp"

namespace coterie::storage {

struct ImportOptions {
  bool replace = false;       // Removes all rows that are there.
  bool skip_orphans = false;  // Leaves out, and names, rows that refer to what is not there.
};

// `database` is migrated. Errors: "bad_archive", "archive_failed", "not_empty",
// "import_unfinished" (of another archive), or what database and store report.
Result<Manifest> import_archive(Database& database, BlobStore& blobs, const std::string& folder,
                                ImportOptions options, const Report& report);

// Error "import_unfinished" when an import was broken off here.
Result<void> check_no_import(Database& database);

}  // namespace coterie::storage
