// SPDX-License-Identifier: MIT
#include "app/stores.hpp"

#include <fmt/format.h>

#include <chrono>
#include <string_view>
#include <thread>
#include <utility>

#include "base/log.hpp"
#include "storage/log_mailer.hpp"
#include "storage/mysql_driver.hpp"
#include "storage/postgres_driver.hpp"
#include "storage/probe.hpp"
#include "storage/s3_blob_store.hpp"
#include "storage/smtp_mailer.hpp"

namespace coterie::app {

namespace fs = std::filesystem;
using storage::SqliteDriver;

namespace {

constexpr auto start_patience = std::chrono::seconds(30);

std::chrono::seconds answer_timeout(Patience waiting) {
  using std::chrono_literals::operator""h;
  using std::chrono_literals::operator""s;
  switch (waiting) {
    case Patience::of_migrations:
      return 24h;
    case Patience::of_probes:
      return 2s;
    case Patience::usual:
      break;
  }
  return 30s;
}

}  // namespace

storage::Database::Connect sqlite(const fs::path& path, SqliteDriver::Durability durability) {
  return [path = path.string(), durability] {
    return std::make_unique<SqliteDriver>(path, durability);
  };
}

storage::Database::Connect chat_database(const Config& config, Patience waiting) {
  const std::chrono::seconds timeout = answer_timeout(waiting);
  const auto port = [&config](std::uint16_t usual) {
    return config.db_port ? config.db_port : usual;
  };
  switch (config.dialect()) {
    case storage::Dialect::sqlite:
      return sqlite(fs::path(config.data) / "coterie.db", SqliteDriver::Durability::full);
    case storage::Dialect::mysql:
      return [settings = storage::MysqlDriver::Settings{
                  config.db_host, port(3306), config.db_username, config.db_password,
                  config.db_database, timeout, config.database_tls()}] {
        return std::make_unique<storage::MysqlDriver>(settings);
      };
    case storage::Dialect::postgres:
      break;
  }
  return [settings = storage::PostgresDriver::Settings{
              config.db_host, port(5432), config.db_username, config.db_password,
              config.db_database, timeout, config.database_tls()}] {
    return std::make_unique<storage::PostgresDriver>(settings);
  };
}

storage::Database::Options options_of(const Config& config) {
  storage::Database::Options options;
  options.dialect = config.dialect();
  if (options.dialect != storage::Dialect::sqlite) options.connections_max = config.db_connections;
  return options;
}

Result<void> await_database(const Config& config) {
  const Clock& clock = system_clock();
  const TimePoint deadline = clock.now() + start_patience;
  storage::Probe probe(chat_database(config, Patience::of_probes), "SELECT 1");
  for (bool is_told = false;; is_told = true) {
    const auto answer = probe.ask();
    if (answer) return answer;
    const std::string_view code = answer.error().code;
    if (code != "storage_unavailable" || clock.now() >= deadline || is_told_to_stop()) {
      return Error(code, fmt::format("{} at {}: {}", name_of(config.dialect()),
                                     config.db_host.empty() ? config.data : config.db_host,
                                     answer.error().detail));
    }
    if (!is_told) log::warn("waiting for {} at {}", name_of(config.dialect()), config.db_host);
    std::this_thread::sleep_for(std::chrono::milliseconds(250));
  }
}

std::unique_ptr<storage::Mailer> make_mailer(const Config& config) {
  if (config.email_host.empty()) return std::make_unique<storage::LogMailer>();
  return std::make_unique<storage::SmtpMailer>(
      storage::SmtpMailer::Settings{.host = config.email_host,
                                    .port = config.email_port,
                                    .is_secure = config.email_secure,
                                    .wants_starttls = config.email_starttls,
                                    .user = config.email_user,
                                    .password = config.email_password,
                                    .from = config.email_from,
                                    .authority = config.email_ca,
                                    .patience = std::chrono::seconds(config.email_timeout)});
}

Blobs make_blobs(const Config& config, const std::string& secret) {
  if (const auto place = config.s3()) {
    return {std::make_unique<storage::S3BlobStore>(
        storage::S3BlobStore::Options{*place, config.data},
        storage::make_curl_wire(*place, system_clock()), system_clock())};
  }
  auto local = std::make_unique<storage::LocalBlobStore>(
      storage::LocalBlobStore::Options{(fs::path(config.data) / "files").string(),
                                       config.link_base(), secret, config.is_clustered()},
      system_clock());
  storage::LocalBlobStore* known = local.get();
  return {std::move(local), known};
}

std::unique_ptr<RedisStores> make_redis(const Config& config, storage::Database& database) {
  const auto options = config.redis_options();
  return options ? std::make_unique<RedisStores>(*options, database) : nullptr;
}

}  // namespace coterie::app
