// The stores that the tests of TtlStore run against: SQLite always, Redis when COTERIE_TEST_REDIS
// names one (host:port), whose database 15 is emptied.
// SPDX-License-Identifier: MIT
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "storage/database.hpp"
#include "storage/migrations.hpp"
#include "storage/redis_ttl_store.hpp"
#include "storage/sqlite_driver.hpp"
#include "storage/sqlite_ttl_store.hpp"
#include "support/fake_clock.hpp"
#include "support/temp_folder.hpp"

namespace coterie::tests {

// An empty store, and the time that it lives in.
class TtlWorld {
 public:
  virtual ~TtlWorld() = default;
  virtual storage::TtlStore& store() = 0;
  virtual storage::TtlStore& reopen() = 0;  // As another program would.
  virtual void advance(std::chrono::milliseconds by) = 0;
  // How much time may have passed by itself.
  virtual std::chrono::seconds slack() const = 0;
};

class SqliteTtlWorld final : public TtlWorld {
 public:
  SqliteTtlWorld() {
    EXPECT_TRUE(storage::migrate(database_, storage::ttl_migrations(), clock_.wall()));
  }
  storage::TtlStore& store() override { return store_; }
  storage::TtlStore& reopen() override { return again_; }
  void advance(std::chrono::milliseconds by) override { clock_.advance(by); }
  std::chrono::seconds slack() const override { return std::chrono::seconds(0); }

 private:
  storage::Database::Connect connect() {
    return [path = folder_ / "sessions.db"] {
      return std::make_unique<storage::SqliteDriver>(path,
                                                     storage::SqliteDriver::Durability::normal);
    };
  }

  const TempFolder folder_;
  FakeClock clock_;
  storage::Database database_{connect()};
  storage::Database other_database_{connect()};
  storage::SqliteTtlStore store_{database_, clock_};
  storage::SqliteTtlStore again_{other_database_, clock_};
};

// Redis has a clock of its own: to move it, every key loses that much of its time.
class RedisTtlWorld final : public TtlWorld {
 public:
  explicit RedisTtlWorld(const std::string& address) : client_(options(address)) {
    EXPECT_TRUE(client_.run({"FLUSHDB"}, redis::Repeat::never));
  }
  storage::TtlStore& store() override { return store_; }
  storage::TtlStore& reopen() override { return again_; }
  void advance(std::chrono::milliseconds by) override {
    const char* script = R"(
      for _, key in ipairs(redis.call('KEYS', '*')) do
        redis.call('PEXPIRE', key, redis.call('PTTL', key) - tonumber(ARGV[1]))
      end)";
    const auto moved =
        client_.run({"EVAL", script, "0", std::to_string(by.count())}, redis::Repeat::never);
    EXPECT_TRUE(moved) << moved.error().detail;
  }
  std::chrono::seconds slack() const override { return std::chrono::seconds(8); }

 private:
  static redis::Options options(const std::string& address) {
    const std::size_t colon = address.rfind(':');
    redis::Options options;
    options.address.host = address.substr(0, colon);
    options.address.port = static_cast<std::uint16_t>(std::stoi(address.substr(colon + 1)));
    options.database = 15;
    return options;
  }

  redis::Client client_;
  redis::Client other_client_{client_.options()};
  storage::RedisTtlStore store_{client_};
  storage::RedisTtlStore again_{other_client_};
};

struct TtlBackend {
  std::string name;
  std::function<std::unique_ptr<TtlWorld>()> make;
};

inline void PrintTo(const TtlBackend& backend, std::ostream* stream) {
  *stream << backend.name;
}

inline std::vector<TtlBackend> ttl_backends() {
  std::vector<TtlBackend> all{{"Sqlite", [] { return std::make_unique<SqliteTtlWorld>(); }}};
  if (const char* address = std::getenv("COTERIE_TEST_REDIS")) {
    all.push_back({"Redis", [address] { return std::make_unique<RedisTtlWorld>(address); }});
  }
  return all;
}

inline std::string ttl_backend_name(const testing::TestParamInfo<TtlBackend>& info) {
  return info.param.name;
}

}  // namespace coterie::tests
