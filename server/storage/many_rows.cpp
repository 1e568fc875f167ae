// SPDX-License-Identifier: MIT
#include "storage/many_rows.hpp"

#include <algorithm>
#include <bit>

namespace coterie::storage {

ManyRows::ManyRows(std::string_view head, std::string_view row, std::string_view between) {
  for (std::size_t i = 0; i < texts_.size(); ++i) {
    texts_[i] = head;
    for (std::size_t count = 0; count < std::size_t{1} << i; ++count) {
      if (count > 0) texts_[i] += between;
      texts_[i] += row;
    }
  }
}

void ManyRows::run(Driver& db, std::size_t rows, const Bind& bind,
                   const Driver::OnRow& on_row) const {
  constexpr std::size_t most = std::size_t{1} << (std::tuple_size_v<decltype(texts_)> - 1);
  std::vector<Value> values;
  for (std::size_t begin = 0; begin < rows;) {
    const std::size_t count = std::bit_floor(std::min(rows - begin, most));
    values.clear();
    for (std::size_t i = 0; i < count; ++i) bind(begin + i, values);
    const auto text = static_cast<std::size_t>(std::countr_zero(count));
    db.execute(texts_[text], values, on_row);
    begin += count;
  }
}

}  // namespace coterie::storage
