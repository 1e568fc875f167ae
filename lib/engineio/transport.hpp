// SEAM: the wire that a session currently speaks through. Polling and WebSocket implement it.
// SPDX-License-Identifier: MIT
#pragma once

#include "engineio/frame.hpp"

namespace coterie::engineio {

class Transport {
 public:
  virtual ~Transport() = default;

  // Takes the frame in any case: sent with this turn, or kept until it can be.
  virtual void send(const Frame& frame) = 0;
  // Would a frame leave with this turn? What is volatile is dropped when not.
  virtual bool is_writable() const = 0;
  // Does the client inflate messages? Then frames for it are worth deflating.
  virtual bool inflates() const = 0;
  // Says farewell behind what was sent and lets go of the session: no call comes any more.
  virtual void close() = 0;
};

}  // namespace coterie::engineio
