// SPDX-License-Identifier: MIT
#include "net/write_batch.hpp"

#include <linux/io_uring.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <utility>

#include "base/check.hpp"
#include "net/connection.hpp"

namespace coterie::net {

namespace {

// One connection shall not take the room of all others: what it has beyond that it writes itself.
constexpr std::size_t pieces_per_write = 128;
constexpr unsigned completions = 2 * WriteBatch::writes_max;  // As the kernel wants to have it.
// Kernels without these (before 5.12) may finish a write that must not wait on another thread.
constexpr unsigned features_wanted = IORING_FEAT_SINGLE_MMAP | IORING_FEAT_NATIVE_WORKERS;

}  // namespace

struct WriteBatch::Places {
  explicit Places(const io_uring_params& set_up)
      : rings_bytes(std::max(set_up.sq_off.array + writes_max * sizeof(unsigned),
                             set_up.cq_off.cqes + completions * sizeof(io_uring_cqe))),
        submissions(set_up.sq_off),
        completed(set_up.cq_off) {}

  std::size_t rings_bytes;
  io_sqring_offsets submissions;
  io_cqring_offsets completed;
};

WriteBatch::Mapping::Mapping(int fd, std::size_t offset, std::size_t bytes)
    : start_(::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
                    static_cast<off_t>(offset))),
      bytes_(bytes) {}

WriteBatch::Mapping::~Mapping() {
  if (is_good()) ::munmap(start_, bytes_);
}

bool WriteBatch::Mapping::is_good() const {
  return start_ != MAP_FAILED;
}

std::unique_ptr<WriteBatch> WriteBatch::open() {
  io_uring_params set_up{};
  const long ring = ::syscall(SYS_io_uring_setup, writes_max, &set_up);
  if (ring < 0) return nullptr;
  auto batch = std::unique_ptr<WriteBatch>(new WriteBatch(static_cast<int>(ring), Places(set_up)));
  if ((set_up.features & features_wanted) != features_wanted || !batch->is_good()) return nullptr;
  // Submissions are used in turn: their ring, which could bring them into another order, is fixed.
  auto* const order = batch->rings_.at<unsigned>(set_up.sq_off.array);
  for (unsigned i = 0; i < writes_max; ++i) order[i] = i;
  return batch;
}

WriteBatch::WriteBatch(int ring, const Places& places)
    : ring_(ring),
      rings_(ring, IORING_OFF_SQ_RING, places.rings_bytes),
      entries_(ring, IORING_OFF_SQES, writes_max * sizeof(io_uring_sqe)),
      sq_tail_(rings_.at<unsigned>(places.submissions.tail)),
      cq_head_(rings_.at<unsigned>(places.completed.head)),
      cq_tail_(rings_.at<unsigned>(places.completed.tail)),
      sqes_(entries_.at<io_uring_sqe>(0)),
      cqes_(rings_.at<io_uring_cqe>(places.completed.cqes)) {}

WriteBatch::~WriteBatch() {
  ::close(ring_);
}

std::span<iovec> WriteBatch::room() {
  if (count_ == writes_max) return {};
  return std::span(pieces_).subspan(pieces_used_,
                                    std::min(pieces_per_write, pieces_max - pieces_used_));
}

void WriteBatch::add(Connection& connection, std::size_t pieces) {
  msghdr& message = messages_[count_];
  message = {};
  message.msg_iov = &pieces_[pieces_used_];
  message.msg_iovlen = pieces;
  io_uring_sqe& entry = sqes_[(*sq_tail_ + count_) % writes_max];
  entry = {};
  entry.opcode = IORING_OP_SENDMSG;
  entry.fd = connection.fd();
  entry.addr = reinterpret_cast<std::uintptr_t>(&message);
  entry.len = 1;
  entry.msg_flags = MSG_NOSIGNAL | MSG_DONTWAIT;
  entry.user_data = count_;
  written_[count_++] = {&connection, 0};
  pieces_used_ += pieces;
}

std::span<const WriteBatch::Written> WriteBatch::submit() {
  const unsigned count = std::exchange(count_, 0);
  pieces_used_ = 0;
  if (count == 0) return {};
  const unsigned before = *sq_tail_;
  std::atomic_ref(*sq_tail_).store(before + count, std::memory_order_release);
  const unsigned submitted = enter(count);
  // What the kernel has not looked at is as if it had never been there.
  std::atomic_ref(*sq_tail_).store(before + submitted, std::memory_order_release);
  collect(submitted);
  return std::span(written_).first(count);
}

// How many the kernel has taken; each of them is complete.
unsigned WriteBatch::enter(unsigned count) {
  unsigned submitted = 0;
  while (submitted < count) {
    const long taken = ::syscall(SYS_io_uring_enter, ring_, count - submitted, count,
                                 IORING_ENTER_GETEVENTS, nullptr, 0);
    if (taken < 0 && errno == EINTR) continue;
    if (taken <= 0) break;  // Out of memory, perhaps.
    submitted += static_cast<unsigned>(taken);
  }
  return submitted;
}

void WriteBatch::collect(unsigned count) {
  const unsigned head = *cq_head_;
  const unsigned tail = std::atomic_ref(*cq_tail_).load(std::memory_order_acquire);
  COTERIE_CHECK(tail - head == count);
  for (unsigned i = head; i != tail; ++i) {
    const io_uring_cqe& done = cqes_[i % completions];
    if (done.res > 0) written_[done.user_data].bytes = static_cast<std::size_t>(done.res);
  }
  std::atomic_ref(*cq_head_).store(tail, std::memory_order_release);
}

}  // namespace coterie::net
