// The sequence of a group: its messages carry numbers from 1 on, without a gap, in the order in
// which they were committed.
//
// HOW. "group"."lastSeq" is the last number given. Whoever stores messages advances it first, and
// so holds the lock of that row until the transaction ends: transactions of one group come one
// after another, whichever server they are of. Therefore numbers and ids grow in the order of
// commits; what is rolled back takes its numbers with it; and who reads lastSeq sees every message
// up to it. Who needs several groups takes them in ascending order, so that no two wait for each
// other.
//
// Inside of this floor but for number_messages(); throws DriverFailure.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "storage/database.hpp"

namespace coterie::storage {

// Gives out the next `count` numbers of a group; returns the last of them. "foreign_key_violation"
// when there is no such group.
std::int64_t advance_sequence(Driver& db, std::int64_t group_id, std::int64_t count);

// The last number given in each of these groups, 0 where there is none: one question for every 64.
std::vector<std::int64_t> last_seqs(Driver& db, std::span<const std::int64_t> group_ids);

// Numbers what was stored without a number, in the order of ids: messages from before there was a
// sequence, of an older archive, of another system that uses the same database. Quick when there
// are none. In bounded transactions, so it may be broken off and repeated, and others may send
// meanwhile. `report` hears now and then how many there were so far; returns how many in the end.
// Messages of a group that is not there stay as they are.
Result<std::int64_t> number_messages(Database& database,
                                     const std::function<void(std::int64_t)>& report);

// The same for a migration that is about to make the key over the numbers, in transactions of its
// own. Where millions are numbered, to build the key behind them takes a fraction of what it takes
// to move each message within it.
void number_before_key(Driver& db);

}  // namespace coterie::storage
