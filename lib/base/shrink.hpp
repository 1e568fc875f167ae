// Giving memory back after a crowd has left.
//
// Hash tables keep the room of their fullest hour, and the C library keeps what was freed; after
// ten thousand clients have gone both would hold on to most of what they took.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>

namespace coterie {

// Call after erasing: a large table that has become nearly empty is built anew, small.
template <class Table>
void shrink_if_sparse(Table& table) {
  if (table.bucket_count() > 2048 && table.size() < table.bucket_count() / 16) table.rehash(0);
}

// Hands freed memory back to the operating system. Takes milliseconds: not for a loop's thread.
void trim_heap();
// Hands back what is free at the end of this thread's heap, which trim_heap() does not for threads
// that have heaps of their own. Takes microseconds.
void trim_end_of_heap();

}  // namespace coterie
