// Adoption: a database that the system before us made on MySQL or MariaDB becomes ours, in place.
//
// Its tables are ours already, by name and column; what is missing are indexes, the one membership
// of a user in a group, and columns that may be null. So rows stay where they are, the database's
// server does all the work, and the old system could go on with what comes out. First a plan is
// made, which only reads; a dry run shows it, and migrate() carries it out in place of migration 1.
// Each step may be repeated: where one broke off, the next plan begins.
//
// What an old database may hold but a new one would refuse is found, named and left as it is:
// messages of groups that are not there, names that differ only by case, null where there should be
// none. The rules above live with each of them; no row is lost.
// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "storage/driver.hpp"

namespace coterie::storage {

struct Adoption {
  struct Step {
    std::string what;  // "add an index to group_message: groupId, id"
    std::vector<std::string> statements;
  };

  std::vector<Step> steps;
  std::vector<std::string> found;  // What stays as it is, and what follows from that.
};

// Are these tables of the system before us, or of ours when it was about to adopt them?
bool is_seed_database(Driver& db);

// Error "not_adoptable" when something is missing that only that system could know.
Result<Adoption> plan_adoption(Driver& db);

}  // namespace coterie::storage
