// SPDX-License-Identifier: MIT
#include "net/workers.hpp"

#include <pthread.h>

#include <exception>

#include "base/blocking.hpp"
#include "base/check.hpp"
#include "base/log.hpp"

namespace coterie::net {

Workers::Workers(Options options) : options_(std::move(options)), seats_(options_.threads) {
  COTERIE_CHECK(options_.threads > 0);
  for (unsigned i = 0; i < options_.threads; ++i) threads_.emplace_back([this, i] { work(i); });
}

Workers::~Workers() {
  stop();
}

bool Workers::run(Task task) {
  Seat* called = nullptr;
  {
    std::lock_guard lock(mutex_);
    if (is_stopping_ || queue_.size() >= options_.queue_max) return false;
    queue_.push_back(std::move(task));
    called = call_one();
  }
  if (called) called->wake.notify_one();
  return true;
}

void Workers::run_next(Task task) {
  Seat* called = nullptr;
  {
    std::lock_guard lock(mutex_);
    if (is_stopping_) return;
    queue_.push_back(std::move(task));
    called = call_one();
  }
  if (called) called->wake.notify_one();
}

Workers::Seat* Workers::call_one() {
  if (idle_.empty()) return nullptr;
  Seat* called = idle_.back();
  idle_.pop_back();
  called->is_called = true;
  return called;
}

void Workers::drain(std::chrono::milliseconds patience) {
  std::deque<Task> dropped;
  {
    std::unique_lock lock(mutex_);
    is_stopping_ = true;
    while (Seat* called = call_one()) called->wake.notify_one();
    settled_.wait_for(lock, patience, [this] { return queue_.empty() && busy_ == 0; });
    dropped.swap(queue_);
  }
  dropped.clear();  // Outside the lock: a Reply that is dropped answers.
}

unsigned Workers::busy() const {
  std::lock_guard lock(mutex_);
  return busy_;
}

void Workers::stop(std::chrono::milliseconds patience) {
  drain(patience);
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

void Workers::work(unsigned index) {
  const std::string name = options_.name.substr(0, 11) + "-" + std::to_string(index);
  ::pthread_setname_np(::pthread_self(), name.c_str());
  const AllowBlocking allowed;
  Seat& seat = seats_[index];
  std::unique_lock lock(mutex_);
  for (;;) {
    while (queue_.empty() && !is_stopping_) {
      seat.is_called = false;
      idle_.push_back(&seat);
      seat.wake.wait(lock, [&seat] { return seat.is_called; });
    }
    if (queue_.empty()) return;
    ++busy_;
    {
      Task task = std::move(queue_.front());
      queue_.pop_front();
      lock.unlock();
      perform(task);
    }
    lock.lock();
    if (--busy_ == 0 && queue_.empty()) settled_.notify_all();
  }
}

void Workers::perform(Task& task) {
  try {
    task();
  } catch (const std::exception& failure) {
    // The task's Reply, if it had one, has answered 500 on its way out.
    log::error("a worker's task failed: {}", failure.what());
  }
}

}  // namespace coterie::net
