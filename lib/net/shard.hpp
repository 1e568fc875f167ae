// A shard: one thread, one event loop, and everything that lives on them.
//
// THREADS. A process runs one shard for each core. A connection, its session, its sockets and their
// rooms belong to one shard and are touched by its thread only; so nothing on a shard is locked,
// and nothing on a shard may block: one slow call would stall thousands of clients. Whatever blocks
// runs on Workers and posts its result back. Methods that must run at home open with check_here().
//
// A TURN of the loop: wait for the kernel; hand out its events; fire timers; run what was posted;
// look (without waiting) a few times for more events while there is something to say; run what was
// deferred to the end of the turn; then flush every connection that has something to say, each with
// one gathered write. Whatever a turn produces for a client leaves in one write, and many writes in
// one system call; an idle loop answers at once, a busy one gathers more. Objects that end during a
// turn are destroyed behind it, so a pointer found at its beginning stays good to its end.
//
// MOVING. A connection is one object with one owner; another shard takes it over by taking over the
// pointer (Connection::move_to). That is how new connections are dealt out, and how a polling
// request or an upgrade that arrives on one shard comes home to its session on another.
// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <span>
#include <thread>
#include <vector>

#include "base/check.hpp"
#include "base/clock.hpp"
#include "base/task.hpp"
#include "base/timer_wheel.hpp"
#include "net/mailbox.hpp"
#include "net/outbox.hpp"
#include "net/pollable.hpp"

namespace coterie::net {

class Connection;
class WriteBatch;

class Shard {
 public:
  // `family` holds all shards of the process, this one at `index`, by the time it runs.
  // `may_batch`: many writes at once (write_batch), where the kernel lets us.
  Shard(unsigned index, const std::vector<std::unique_ptr<Shard>>& family,
        const Clock& clock = system_clock(), bool may_batch = true);
  ~Shard();
  Shard(const Shard&) = delete;
  Shard& operator=(const Shard&) = delete;

  unsigned index() const { return index_; }
  Shard& sibling(unsigned index) const { return *family_[index]; }
  unsigned family_size() const { return static_cast<unsigned>(family_.size()); }

  // Runs task on this shard, soon, in the order of the calls. Any thread.
  void post(Task task);

  // The shard whose thread this is; null on other threads.
  static Shard* here();
  bool is_here() const { return here() == this; }
  void check_here() const { COTERIE_CHECK(is_here()); }

  // Runs task at the end of this turn, before connections are flushed. On this shard only.
  void defer(Task task) { deferred_.push_back(std::move(task)); }
  // Runs task once, when `delay` has passed. On this shard only. What still waits when the shard
  // stops is destroyed unrun. False, and the task is dropped: a million wait already.
  bool run_after(std::chrono::milliseconds delay, Task task);
  // Destroys `object` at the end of this turn. On this shard only.
  template <class T>
  void bury(std::unique_ptr<T> object) {
    if (object) graveyard_.push_back([dead = std::move(object)] {});
  }

  // The time at the start of this turn. Good enough for timeouts and free of system calls.
  TimePoint now() const { return now_; }
  TimerWheel& timers() { return timers_; }
  const Clock& clock() const { return clock_; }

  // The loop; returns after stop(). Called on the thread that becomes the shard's.
  void run();
  // Ends the loop: at once, or when all connections have said what they were saying, at the latest
  // after `grace`. What is left then is closed with CloseReason::server_stopping. Any thread.
  void stop(std::chrono::milliseconds grace = std::chrono::milliseconds(0));

  // One turn of the loop that waits for nothing, on whichever thread calls; after stop() it closes
  // the connections as run() does. In place of run(): several shards can so take turns on one
  // thread, in an order that a simulation chooses.
  void step();

  // Runs `spare` a second after many connections have left, in case they leave memory behind. It is
  // called on this shard and must not block. Before run().
  void set_on_exodus(std::function<void()> spare) { on_exodus_ = std::move(spare); }

  // Connections: on this shard only.
  Connection* adopt(std::unique_ptr<Connection> connection);
  Connection* find(int fd, std::uint32_t serial);
  void listen_on(Pollable& listener) { watch(listener, 1 /* EPOLLIN */); }
  std::size_t connection_count() const { return connection_count_; }

 private:
  friend class Connection;
  friend class Listener;

  // For Connection:
  std::unique_ptr<Connection> release(Connection& connection);
  void flush_later(Connection& connection) { dirty_.push_back(&connection); }
  void close_later(Connection& connection) { closing_.push_back(&connection); }
  void linger(Connection& connection);
  std::span<char> receive_buffer() { return {receive_buffer_.get(), receive_buffer_size}; }
  OutboxPool& outbox_pool() { return outbox_pool_; }
  std::uint32_t next_serial() { return ++serial_; }

  void watch(Pollable& pollable, std::uint32_t events);
  void rewatch(Pollable& pollable, std::uint32_t events);
  void unwatch(Pollable& pollable);

  void turn(int milliseconds);  // For events it waits at most so long; -1: for ever.
  void wind_up(std::chrono::milliseconds grace);
  void give_up();
  void end_loop() { is_stopping_ = true; }
  void close_connections();
  int wait(int milliseconds);  // Returns how many events there were.
  void run_posted();
  void end_turn();
  void flush_dirty();
  std::size_t write_batch(std::size_t first);
  void reap();
  int wait_milliseconds() const;

  static constexpr std::size_t receive_buffer_size = 64 * 1024;

  const unsigned index_;  // Fixed after construction
  const int epoll_;
  const std::vector<std::unique_ptr<Shard>>& family_;
  const Clock& clock_;

  Mailbox mailbox_;  // Any thread
  Wakeup wakeup_;

  TimePoint now_;  // Only on this shard
  TimerWheel timers_;
  OutboxPool outbox_pool_;
  std::unique_ptr<char[]> receive_buffer_;
  std::vector<std::unique_ptr<Connection>> connections_;  // By file descriptor
  std::size_t connection_count_ = 0;
  std::size_t connection_peak_ = 0;  // Since the last exodus.
  std::function<void()> on_exodus_ = [] {};
  Timer exodus_timer_;
  std::uint32_t serial_ = 0;
  bool is_winding_up_ = false;
  bool is_stopping_ = false;
  Timer grace_timer_;

  std::vector<Task> posted_;  // Of this turn
  std::vector<Task> deferred_;
  std::vector<Task> graveyard_;
  std::vector<Connection*> dirty_;
  std::vector<Connection*> closing_;
  bool may_batch_;
  std::unique_ptr<WriteBatch> batch_;  // Made when it is first wanted.

  struct Delayed {
    Delayed(Shard& its_shard, Task its_task) : shard(its_shard), task(std::move(its_task)) {}
    void run();

    Shard& shard;
    Task task;
    std::list<Delayed>::iterator self;
    Timer timer;
  };
  std::list<Delayed> delayed_;

  struct Lingering {
    TimePoint until;
    int fd;
    std::uint32_t serial;
  };
  void end_lingering();
  void count_down();
  void end_exodus();
  std::vector<Lingering> lingering_;  // In the order of `until`
  Timer linger_timer_;
};

}  // namespace coterie::net
