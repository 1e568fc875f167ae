// One universe with several servers that hear each other by a stream: clients go from one to
// another, servers end, die and are cut from Redis, and nobody misses anything.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "world.hpp"

namespace coterie::simulation {

void run_streams(World& world, std::uint64_t steps);

}  // namespace coterie::simulation
