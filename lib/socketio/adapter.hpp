// SEAM: how the nodes of a cluster hear each other, and where sessions wait for their clients.
//
// Every namespace of a server shares one adapter. A node delivers to its own clients by itself;
// what other nodes say an adapter repeats here with the operators of Namespace, under local(), so
// that it goes no further. All methods may be called by any thread and must not block.
// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "socketio/arguments.hpp"
#include "socketio/envelope.hpp"
#include "socketio/recovery.hpp"

namespace coterie::socketio {

// What came in answer to a question: complete when nobody is missing.
struct Answers {
  std::vector<Args> values;  // In the order of their arrival.
  std::size_t missing = 0;   // How many of those asked had not answered in time, or have left.
};
using AnswersHandler = std::function<void(Answers)>;

class Adapter {
 public:
  virtual ~Adapter() = default;

  // Tells all other nodes, in the order of the calls for one namespace. Verbs but visit and those
  // with answers; `event` and `arguments` are what an emit's frames were made of. Called under the
  // namespace's order lock: what comes of it must not call a namespace before it has returned.
  virtual void publish(const std::string& nsp, const Envelope& envelope, std::string_view event,
                       const Arguments& arguments) = 0;
  // Says an event to the other servers (not to clients): Namespace::hear() is what they hear.
  virtual void tell(const std::string& nsp, std::string_view event, const Arguments& arguments) = 0;
  // The same, and `answers` is called once, on any thread, with what each of them has answered.
  virtual void ask(const std::string& nsp, std::string_view event, const Arguments& arguments,
                   std::chrono::milliseconds timeout, AnswersHandler answers) = 0;

  // Keeps a session, and hands it out once: take() calls `taken`, on any thread, at once or later.
  virtual void save(SavedSession session) = 0;
  virtual void take(const Id& pid, const std::string& nsp,
                    std::function<void(std::optional<SavedSession>)> taken) = 0;
  // Called now and then: what has waited too long may go.
  virtual void sweep() {}
};

// A cluster of one.
class MemoryAdapter final : public Adapter {
 public:
  MemoryAdapter(const RecoveryOptions& options, const Clock& clock) : sessions_(options, clock) {}

  void publish(const std::string&, const Envelope&, std::string_view, const Arguments&) override {}
  void tell(const std::string&, std::string_view, const Arguments&) override {}
  void ask(const std::string&, std::string_view, const Arguments&, std::chrono::milliseconds,
           AnswersHandler answers) override {
    answers({});
  }
  void save(SavedSession session) override { sessions_.save(std::move(session)); }
  void take(const Id& pid, const std::string& nsp,
            std::function<void(std::optional<SavedSession>)> taken) override {
    taken(sessions_.take(pid, nsp));
  }
  void sweep() override { sessions_.trim(); }

 private:
  SavedSessions sessions_;
};

}  // namespace coterie::socketio
