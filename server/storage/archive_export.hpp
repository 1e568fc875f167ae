// Export: writes a whole chat into an archive, in constant memory.
// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "storage/archive.hpp"
#include "storage/blob_store.hpp"
#include "storage/database.hpp"

namespace coterie::storage {

// Writes into `folder`, which is made, or is empty. All rows are those of one moment, also while a
// server goes on writing. Errors: "archive_failed", or what database and store report.
Result<Manifest> export_archive(Database& database, BlobStore& blobs, const std::string& folder,
                                WallTime now, const Report& report);

}  // namespace coterie::storage
