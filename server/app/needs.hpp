// What the server cannot do its work without, as /readyz asks for it: the database, Redis, files.
// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include "api/health.hpp"
#include "redis/client.hpp"
#include "storage/blob_store.hpp"
#include "storage/database.hpp"

namespace coterie::app {

// The database gets a connection of its own, so that a crowd at the others is not taken for an
// outage. `redis` may be null. What is passed lives longer than the needs.
std::vector<api::Readiness::Need> needs_of(storage::Database::Connect connect, redis::Client* redis,
                                           storage::BlobStore& blobs);

}  // namespace coterie::app
