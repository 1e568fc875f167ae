// Who has written what is shown, remembered for a second: the messages of a page have few authors,
// and a busy server would read the same ones with every page.
//
// On this server a change is seen at once, on the others of a cluster within that second. Bounded:
// it starts over when it has grown too large. Any thread that may block.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <unordered_map>

#include "base/clock.hpp"
#include "base/guarded.hpp"
#include "chat/model.hpp"
#include "storage/driver.hpp"

namespace coterie::chat {

class Authors {
 public:
  explicit Authors(const Clock& clock) : clock_(clock) {}

  // Gives each message its author, with avatar.
  void add_to(std::span<Message> messages, storage::Driver& db);
  // To be called when a change of that user was committed.
  void forget(std::int64_t user_id);

 private:
  struct Known {
    std::shared_ptr<const User> user;
    TimePoint until;
  };
  struct Memory {
    std::unordered_map<std::int64_t, Known> users;
    std::uint64_t changes = 0;  // What was read before the last one may be old.
  };

  const Clock& clock_;
  Guarded<Memory> memory_;
};

}  // namespace coterie::chat
