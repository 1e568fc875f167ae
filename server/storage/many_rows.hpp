// A statement about many rows at once: few questions to a server instead of one for each row.
//
// Rows are taken 64, 32, 16, … at a time, so that there are only seven texts to keep prepared,
// however many rows come.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "storage/driver.hpp"

namespace coterie::storage {

class ManyRows {
 public:
  // SQL: `head`, then `row` for each of them, with `between` between two.
  ManyRows(std::string_view head, std::string_view row, std::string_view between);

  // Adds the values of a row, which must live until run() returns.
  using Bind = std::function<void(std::size_t row, std::vector<Value>& values)>;
  // Rows are inserted in their order; what is found comes in any.
  void run(Driver& db, std::size_t rows, const Bind& bind, const Driver::OnRow& on_row = {}) const;

 private:
  std::array<std::string, 7> texts_;  // For 1, 2, 4, … 64 rows.
};

}  // namespace coterie::storage
