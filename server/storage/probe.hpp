// Asks a database now and then whether it is there, over a connection of its own.
// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string_view>

#include "storage/database.hpp"

namespace coterie::storage {

// One thread at a time.
class Probe {
 public:
  // `statement` is what has to work; a literal.
  Probe(Database::Connect connect, std::string_view statement)
      : connect_(std::move(connect)), statement_(statement) {}

  // Blocks. A connection that was kept may have been cut long ago, which says nothing: then it is
  // asked on a new one. The error is the driver's own: "storage_refused" is one that no waiting
  // mends, a wrong password for example.
  Result<void> ask();

 private:
  Result<void> attempt();

  const Database::Connect connect_;
  const std::string_view statement_;
  std::unique_ptr<Driver> driver_;
};

}  // namespace coterie::storage
