// SPDX-License-Identifier: MIT
#include "storage/rows_by_id.hpp"

#include <algorithm>
#include <vector>

namespace coterie::storage {

namespace {

constexpr std::array<std::size_t, 4> sizes{1, 4, 16, 64};

}  // namespace

RowsById::RowsById(std::string_view head) {
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    texts_[i] = std::string(head) + " (?";
    for (std::size_t count = 1; count < sizes[i]; ++count) texts_[i] += ", ?";
    texts_[i] += ")";
  }
}

void RowsById::find(Driver& db, std::span<const std::int64_t> ids,
                    const Driver::OnRow& on_row) const {
  while (!ids.empty()) {
    const auto part = ids.first(std::min(ids.size(), sizes.back()));
    const auto* const size = std::ranges::lower_bound(sizes, part.size());
    std::vector<Value> values(part.begin(), part.end());
    values.resize(*size, Value(part.back()));
    db.execute(texts_[static_cast<std::size_t>(size - sizes.begin())], values, on_row);
    ids = ids.subspan(part.size());
  }
}

}  // namespace coterie::storage
