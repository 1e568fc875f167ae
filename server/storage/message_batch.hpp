// A batch of messages, stored within a transaction: their numbers, their rows, and what their
// senders call them.
//
// SEQUENCE  begins the batch (storage/sequence): one statement for each group, however many
//           messages there are for it. What follows are few statements, too, however many messages
//           there are: they are inserted together, and read back together by their numbers.
// REPEATS   A message that its sender names (client_msg_id) is stored once; sent again, also in
//           the same batch, it is the stored one. Should another server store it at this moment,
//           the key of "sent_message" undoes the batch: it is to be tried again, and then finds it.
// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <vector>

#include "base/result.hpp"
#include "storage/driver.hpp"
#include "storage/rows.hpp"

namespace coterie::storage {

// What has become of a message that was sent.
struct Sent {
  Message message;         // As it is stored.
  bool is_repeat = false;  // It had been stored before.
};

// One result for each message. Error "client_msg_id_taken": its sender has given its name to
// another one. Anything else that is wrong with one of them throws, and so undoes all.
std::vector<Result<Sent>> store_messages(Driver& db, std::span<const Message* const> messages);

}  // namespace coterie::storage
