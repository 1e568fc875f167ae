// Many gathered writes in one system call: how a turn of a shard ends, through io_uring.
//
// The ring is nothing but a quicker way to call sendmsg(2) many times: no write waits, and all are
// complete when submit() returns. It takes a fifth off what a delivery costs (ADR 9). Where the
// kernel has no io_uring, or does not let us have it (containers seldom may), there is no batch,
// and connections write one by one. What a batch has not written, for whatever reason, is left to
// the connection's own write, which finds out why.
// SPDX-License-Identifier: MIT
#pragma once

#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cstddef>
#include <memory>
#include <span>

struct io_uring_cqe;
struct io_uring_sqe;

namespace coterie::net {

class Connection;

class WriteBatch {
 public:
  static constexpr unsigned writes_max = 256;  // A power of two. About a millisecond's work.
  static constexpr std::size_t pieces_max = 2048;

  // Null: there is no io_uring for us.
  static std::unique_ptr<WriteBatch> open();
  ~WriteBatch();
  WriteBatch(const WriteBatch&) = delete;
  WriteBatch& operator=(const WriteBatch&) = delete;

  // Where the pieces of the next write go; empty when the batch is full. add() them then: the first
  // `pieces` of that room are to be written to `connection`.
  std::span<iovec> room();
  void add(Connection& connection, std::size_t pieces);

  struct Written {
    Connection* connection;
    std::size_t bytes;
  };
  // Writes it all. Good until the next add(): how many bytes the kernel has taken, of each that was
  // added, in that order.
  std::span<const Written> submit();

 private:
  class Mapping {
   public:
    Mapping(int fd, std::size_t offset, std::size_t bytes);
    ~Mapping();
    Mapping(const Mapping&) = delete;
    Mapping& operator=(const Mapping&) = delete;
    bool is_good() const;
    template <class T>
    T* at(std::size_t offset) const {
      return reinterpret_cast<T*>(static_cast<char*>(start_) + offset);
    }

   private:
    void* const start_;
    const std::size_t bytes_;
  };
  struct Places;  // Of what, in the rings.

  WriteBatch(int ring, const Places& places);
  bool is_good() const { return rings_.is_good() && entries_.is_good(); }
  unsigned enter(unsigned count);
  void collect(unsigned count);

  const int ring_;  // Fixed after construction
  const Mapping rings_;
  const Mapping entries_;
  unsigned* const sq_tail_;
  unsigned* const cq_head_;
  unsigned* const cq_tail_;
  io_uring_sqe* const sqes_;
  const io_uring_cqe* const cqes_;

  unsigned count_ = 0;  // Of this batch
  std::size_t pieces_used_ = 0;
  std::array<iovec, pieces_max> pieces_;
  std::array<msghdr, writes_max> messages_;
  std::array<Written, writes_max> written_;
};

}  // namespace coterie::net
