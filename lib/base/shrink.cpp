// SPDX-License-Identifier: MIT
#include "base/shrink.hpp"

#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace coterie {

void trim_heap() {
#ifdef __GLIBC__
  ::malloc_trim(0);
#endif
}

}  // namespace coterie
