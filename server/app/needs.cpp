// SPDX-License-Identifier: MIT
#include "app/needs.hpp"

#include <memory>
#include <utility>

#include "storage/probe.hpp"

namespace coterie::app {

namespace {

using std::chrono_literals::operator""s;
using std::chrono_literals::operator""ms;

constexpr auto fresh = 1000ms;
constexpr auto files_fresh = 10s;  // S3 takes money for each question.

}  // namespace

std::vector<api::Readiness::Need> needs_of(storage::Database::Connect connect, redis::Client* redis,
                                           storage::BlobStore& blobs) {
  std::vector<api::Readiness::Need> needs;
  const auto probe = std::make_shared<storage::Probe>(std::move(connect),
                                                      R"(SELECT MAX("number") FROM "migration")");
  needs.push_back({"database", fresh, [probe] { return probe->ask(); }});
  if (redis) {
    needs.push_back({"redis", fresh, [redis] { return redis->ping(); }});
  }
  needs.push_back({"files", files_fresh, [&blobs] { return blobs.check(); }});
  return needs;
}

}  // namespace coterie::app
