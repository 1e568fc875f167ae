// Where a chat keeps what it knows, as its settings say: database, sessions, files, mail.
// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "app/config.hpp"
#include "app/redis_stores.hpp"
#include "base/result.hpp"
#include "storage/blob_store.hpp"
#include "storage/database.hpp"
#include "storage/local_blob_store.hpp"
#include "storage/mailer.hpp"
#include "storage/sqlite_driver.hpp"

namespace coterie::app {

storage::Database::Connect sqlite(const std::filesystem::path& path,
                                  storage::SqliteDriver::Durability durability);

// The chat's own database. What migrates or moves it may take longer than a question of the chat
// ever may, and who only asks whether it is there wants to know soon.
enum class Patience { usual, of_migrations, of_probes };
storage::Database::Connect chat_database(const Config& config, Patience waiting);
storage::Database::Options options_of(const Config& config);

// A database that is being started together with us may come later than we do: waits for half a
// minute. Not for one that does not let us in. Blocks.
Result<void> await_database(const Config& config);

// Where log-ins and codes rest: null when that is a database of their own.
std::unique_ptr<RedisStores> make_redis(const Config& config, storage::Database& database);

std::unique_ptr<storage::Mailer> make_mailer(const Config& config);

// Files in the data folder, or in a bucket.
struct Blobs {
  std::unique_ptr<storage::BlobStore> store;
  storage::LocalBlobStore* local = nullptr;  // The same, where this server serves them itself.
};
Blobs make_blobs(const Config& config, const std::string& secret);

}  // namespace coterie::app
