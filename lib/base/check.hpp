// CHECK states what we have a proof for: when it fails, the program has a bug and stops at once.
//
// CHECK stays in release builds (it must be cheap); ASSERT may cost O(n) and lives in debug builds.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdio>
#include <cstdlib>

namespace coterie {

[[noreturn]] inline void check_failed(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "CHECK failed: %s at %s:%d\n", condition, file, line);
  std::abort();
}

}  // namespace coterie

#define COTERIE_CHECK(condition) \
  (static_cast<bool>(condition) ? void(0) : ::coterie::check_failed(#condition, __FILE__, __LINE__))

#ifdef NDEBUG
#define COTERIE_ASSERT(condition) void(0)
#else
#define COTERIE_ASSERT(condition) COTERIE_CHECK(condition)
#endif
