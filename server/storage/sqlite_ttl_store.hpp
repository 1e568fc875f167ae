// TtlStore in an SQLite file of its own: the embedded default. A restart logs nobody out.
//
// Its own file, so that captchas never wait for messages. Commits reach the operating system, not
// the disk: they survive the process, and losing the last second's log-ins with the power is fair.
// SPDX-License-Identifier: MIT
#pragma once

#include "storage/database.hpp"
#include "storage/ttl_store.hpp"

namespace coterie::storage {

class SqliteTtlStore final : public TtlStore {
 public:
  SqliteTtlStore(Database& database, const Clock& clock) : database_(database), clock_(clock) {}

  Result<void> put(std::string_view key, std::string_view value, std::chrono::seconds ttl) override;
  Result<std::optional<Entry>> get(std::string_view key) override;
  Result<std::optional<Entry>> take(std::string_view key) override;
  Result<void> remove(std::string_view key) override;
  Result<Count> count(std::string_view key, std::chrono::seconds ttl) override;
  Result<void> sweep(std::span<const std::string> watched, const OnGone& on_gone) override;

 private:
  std::optional<Entry> find(Driver& db, std::string_view key) const;

  Database& database_;
  const Clock& clock_;
};

}  // namespace coterie::storage
