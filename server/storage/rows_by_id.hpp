// A question about rows by their ids, "… IN (?, ?, …)": one to a server for every 64 of them.
//
// Statements are prepared and kept, so there are four texts, for 1, 4, 16 and 64 ids; where fewer
// are asked for, the last one is repeated, which no engine looks up twice.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "storage/driver.hpp"

namespace coterie::storage {

class RowsById {
 public:
  // SQL up to the list, which follows `head`: "SELECT … WHERE "id" IN".
  explicit RowsById(std::string_view head);

  // The rows come in any order.
  void find(Driver& db, std::span<const std::int64_t> ids, const Driver::OnRow& on_row) const;

 private:
  std::array<std::string, 4> texts_;
};

}  // namespace coterie::storage
