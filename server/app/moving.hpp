// The commands that move a chat: export, import, and bringing a database up to date.
// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "app/config.hpp"
#include "base/result.hpp"
#include "storage/archive_import.hpp"

namespace coterie::app {

// Each says on standard output what it does. They block.
Result<void> export_chat(const Config& config, const std::string& folder);
Result<void> import_chat(const Config& config, const std::string& folder,
                         storage::ImportOptions options);
Result<void> migrate(const Config& config, bool is_dry_run);

}  // namespace coterie::app
