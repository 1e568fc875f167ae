// SPDX-License-Identifier: MIT
#include "storage/probe.hpp"

#include "base/blocking.hpp"
#include "base/check.hpp"

namespace coterie::storage {

Result<void> Probe::ask() {
  COTERIE_CHECK(may_block());
  const bool was_kept = driver_ != nullptr;
  auto outcome = attempt();
  return outcome || !was_kept ? outcome : attempt();
}

Result<void> Probe::attempt() {
  try {
    if (!driver_) driver_ = connect_();
    driver_->run(statement_);
    return {};
  } catch (const DriverFailure& failure) {
    driver_.reset();
    return failure.error();
  }
}

}  // namespace coterie::storage
