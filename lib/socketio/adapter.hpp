// SEAM: how the nodes of a cluster hear each other, and where sessions wait for their clients.
//
// Every namespace of a server shares one adapter. A node delivers to its own clients by itself,
// unless the adapter is a sequencer: then what this node says, too, is delivered when the adapter
// brings it. What other nodes say an adapter repeats here with the operators of Namespace, under
// local(), so that it goes no further. All methods but stop() may be called by any thread and must
// not block.
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
#include "socketio/audience.hpp"
#include "socketio/envelope.hpp"
#include "socketio/recovery.hpp"
#include "socketio/remote_socket.hpp"

namespace coterie::socketio {

class Namespace;

// What came in answer to a question: complete when nobody is missing.
struct Answers {
  std::vector<Args> values;  // In the order of their arrival.
  std::size_t missing = 0;   // How many of those asked had not answered in time, or have left.
};
using AnswersHandler = std::function<void(Answers)>;

// Who hears what comes of a question to many clients. Those who ask for it (each shard, and the
// adapter for all other servers) say once how many clients they have asked. Any thread.
class AnswersListener {
 public:
  virtual ~AnswersListener() = default;
  virtual void on_asked(std::size_t sockets) = 0;
  virtual void on_answer(Args args) = 0;
  virtual void on_left() = 0;  // One of those asked will not answer any more.
  virtual void on_timeout() = 0;
};

class Adapter {
 public:
  virtual ~Adapter() = default;

  // A namespace has all that was registered for it: what other servers say may be repeated there,
  // until it ends. It may be destroyed once there is a word that it has ended; keep no more than a
  // weak_ptr.
  virtual void open(const std::shared_ptr<Namespace>& space) { static_cast<void>(space); }
  virtual void close(const std::string& nsp) { static_cast<void>(nsp); }
  // The server ends: once this has returned, no namespace is touched and no handler called. May
  // wait for that.
  virtual void stop() {}

  // Does it give events (and joins, leaves, disconnects) one order for the whole cluster? Then what
  // is published is not delivered here at once: the adapter brings it back when it has its place,
  // with Namespace::arrive(). Not so what is volatile, local or wants answers.
  virtual bool is_sequencer() const { return false; }

  // Tells all other nodes, in the order of the calls for one namespace. Verbs but visit and those
  // with answers; `event` and `arguments` are what an emit's frames were made of. Called under the
  // namespace's order lock (but for what waits for its place): what comes of it must not call a
  // namespace before it has returned.
  virtual void publish(const std::string& nsp, const Envelope& envelope, std::string_view event,
                       const Arguments& arguments) = 0;
  // Says an event to the other servers (not to clients): Namespace::hear() is what they hear.
  virtual void tell(const std::string& nsp, std::string_view event, const Arguments& arguments) = 0;
  // The same, and `answers` is called once, on any thread, with the first argument that each of
  // them has answered.
  virtual void ask(const std::string& nsp, std::string_view event, const Arguments& arguments,
                   std::chrono::milliseconds timeout, AnswersHandler answers) = 0;

  // Emits an event with an ack to the clients of all other servers, as publish() would: how many
  // those are, and their answers, go to envelope.answers.
  virtual void ask_clients(const std::string& nsp, const Envelope& envelope, std::string_view event,
                           const Arguments& arguments) {
    static_cast<void>(nsp), static_cast<void>(event), static_cast<void>(arguments);
    envelope.answers->on_asked(0);
  }
  // Calls `found` once, on any thread, with the sockets of that audience on all other servers.
  virtual void fetch(const std::string& nsp, const Audience& audience, SocketsHandler found) {
    static_cast<void>(nsp), static_cast<void>(audience);
    found({});
  }

  // Keeps a session, and hands it out once: take() calls `taken`, on any thread, at once or later.
  // Once nobody waits for it there is no need to go on looking; what was found is still given to
  // `taken`, which keeps it.
  virtual void save(SavedSession session) = 0;
  virtual void take(const Id& pid, const std::string& nsp, const Asker& asker,
                    std::function<void(std::optional<SavedSession>)> taken) = 0;
  // Called now and then: what has waited too long may go. Returns how many sessions have gone.
  virtual std::size_t sweep() { return 0; }
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
  void take(const Id& pid, const std::string& nsp, const Asker&,
            std::function<void(std::optional<SavedSession>)> taken) override {
    taken(sessions_.take(pid, nsp));
  }
  std::size_t sweep() override { return sessions_.trim(); }

 private:
  SavedSessions sessions_;
};

}  // namespace coterie::socketio
