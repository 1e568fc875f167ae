// The chat's schema on each engine: the migrations that make it.
//
// All have the tables and columns of the seed system, so that its data can move in and out; the
// indexes and the unique membership are ours. Names and mail addresses compare without case.
// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include "storage/migrations.hpp"

namespace coterie::storage {

const std::vector<Migration>& sqlite_schema();
// What the seed's ORM made, name by name: a database of the seed has most of it already.
const std::vector<Migration>& mysql_schema();
const std::vector<Migration>& postgres_schema();

}  // namespace coterie::storage
