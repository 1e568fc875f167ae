// SPDX-License-Identifier: MIT
#include "app/moving.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <utility>
#include <vector>

#include "app/app.hpp"
#include "storage/archive_export.hpp"

namespace coterie::app {

namespace {

void say(const std::string& line) {
  fmt::print("{}\n", line);
  std::fflush(stdout);  // Someone may be watching through a pipe.
}

}  // namespace

Result<void> export_chat(const Config& config, const std::string& folder) {
  const auto core = Core::open(config);
  if (!core) return core.error();
  const auto manifest = storage::export_archive((*core)->database(), (*core)->blobs(), folder,
                                                system_clock().wall(), say);
  if (!manifest) return manifest.error();
  say(fmt::format("exported to {}: {} files, {} bytes", folder, manifest->files, manifest->bytes));
  return {};
}

Result<void> import_chat(const Config& config, const std::string& folder,
                         storage::ImportOptions options) {
  const auto core = Core::open(config, Core::Purpose::import);
  if (!core) return core.error();
  if (auto ready = (*core)->blobs().prepare(); !ready) return ready;
  const auto manifest =
      storage::import_archive((*core)->database(), (*core)->blobs(), folder, options, say);
  if (!manifest) return manifest.error();
  say(fmt::format("imported from {}: {} files, {} bytes", folder, manifest->files,
                  manifest->bytes));
  return {};
}

Result<void> migrate(const Config& config, bool is_dry_run) {
  std::vector<std::string> names;
  if (is_dry_run) {
    auto plan = Core::plan(config);
    if (!plan) return plan.error();
    names = std::move(*plan);
  } else {
    const auto core = Core::open(config);
    if (!core) return core.error();
    names = (*core)->migrated();
  }
  if (names.empty()) say(fmt::format("nothing to migrate in {}", config.data));
  for (const auto& name : names) {
    say(fmt::format("{}: {}", is_dry_run ? "would migrate" : "migrated", name));
  }
  return {};
}

}  // namespace coterie::app
