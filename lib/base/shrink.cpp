// SPDX-License-Identifier: MIT
#include "base/shrink.hpp"

#ifdef __GLIBC__
#include <malloc.h>

#include <cstdlib>
#endif

namespace coterie {

void trim_heap() {
#ifdef __GLIBC__
  ::malloc_trim(0);
#endif
}

// glibc has two thresholds that grow with every large block that is freed: how much a heap may keep
// at its end is, after a table of two megabytes, four. Setting one ends that for both, so that they
// get values of ours: blocks that are read or written in one piece come from the heap, large tables
// from the system. The end is cut off when something large is freed (mallopt(3), free in malloc.c).
void trim_end_of_heap() {
#ifdef __GLIBC__
  constexpr int map_from = 512 * 1024;
  constexpr int keep_at_end = 1024 * 1024;
  constexpr std::size_t large = 64 * 1024;
  ::mallopt(M_MMAP_THRESHOLD, map_from);
  ::mallopt(M_TRIM_THRESHOLD, 0);
  void* volatile block = std::malloc(large);  // Volatile: or the compiler leaves both calls out.
  std::free(block);
  ::mallopt(M_TRIM_THRESHOLD, keep_at_end);
#endif
}

}  // namespace coterie
