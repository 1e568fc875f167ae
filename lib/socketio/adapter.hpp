// SEAM: how the nodes of a cluster hear each other. Every namespace of a server shares one adapter.
//
// A node delivers to its own clients by itself; publish() carries an envelope to all other nodes,
// in the order of the calls for one namespace.
// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>

#include "socketio/envelope.hpp"

namespace coterie::socketio {

class Adapter {
 public:
  virtual ~Adapter() = default;
  // Any thread; must not block.
  virtual void publish(const std::string& nsp, std::shared_ptr<const Envelope> envelope) = 0;
};

// A cluster of one.
class MemoryAdapter final : public Adapter {
 public:
  void publish(const std::string&, std::shared_ptr<const Envelope>) override {}
};

}  // namespace coterie::socketio
