// One universe with several servers: a cluster over a bus that delays, loses and goes away.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "world.hpp"

namespace coterie::simulation {

void run_cluster(World& world, std::uint64_t steps);

}  // namespace coterie::simulation
