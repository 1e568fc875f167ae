// The server as a list of objects: built once, floor by floor, and taken down in reverse.
//
// START  folder and secret → databases, migrated → stores → rules → workers → shards → listening.
// STOP   (SIGINT, SIGTERM) no new connections → what was asked is answered → clients told to
//        reconnect → shards end → workers end → databases close. Nine seconds after the signal the
//        process ends wherever it is (app/curfew).
// SPDX-License-Identifier: MIT
#pragma once

#include <memory>

#include "app/config.hpp"
#include "base/json.hpp"
#include "base/result.hpp"
#include "chat/accounts.hpp"
#include "chat/file_sweep.hpp"

namespace coterie::app {

// The floors below HTTP: what the command line works with, beside a running server or without one.
class Core {
 public:
  // Opens the data folder, makes what is missing, migrates. Blocks. Half a chat, of an import that
  // was broken off, is opened for its import alone; who serves waits for all that it needs.
  enum class Purpose { command, import, serving };
  static Result<std::unique_ptr<Core>> open(const Config& config,
                                            Purpose purpose = Purpose::command);
  ~Core();
  // What open() would migrate, without changing anything.
  static Result<std::vector<std::string>> plan(const Config& config);

  chat::Accounts& accounts();
  storage::Database& database();
  storage::BlobStore& blobs();
  chat::FileSweep& file_sweep();
  const std::vector<std::string>& migrated() const;  // Migrations that open() has run.

 private:
  friend class App;
  struct Parts;
  explicit Core(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

class App {
 public:
  // Serves until a signal comes. Error: why it could not start.
  static Result<void> run(const Config& config);
  // The REST interface as OpenAPI 3.1, without starting anything.
  static Json describe_api(const Config& config);

 private:
  struct Doors;
};

}  // namespace coterie::app
