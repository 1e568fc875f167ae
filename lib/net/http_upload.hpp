// HttpUpload: carries a request body from a connection to its BodySink, a piece at a time.
//
// The connection's shard fills a piece while a worker writes the one before; when both are busy the
// connection stops reading. So an upload of any size costs two pieces of memory, and a slow client
// no thread. All methods are called on the shard; the sink on workers, one call at a time.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "net/http.hpp"

namespace coterie::net {

class Shard;
class Workers;

class HttpUpload : public std::enable_shared_from_this<HttpUpload> {
 public:
  HttpUpload(Shard& shard, Workers& workers, std::unique_ptr<BodySink> sink,
             std::size_t piece_bytes);

  void add(std::string_view bytes);
  bool is_full() const { return piece_.size() >= piece_bytes_; }
  // Called when a full upload has room again.
  void set_on_room(std::function<void()> on_room) { on_room_ = std::move(on_room); }
  // The sink wants no more: what comes is thrown away.
  bool is_refused() const { return is_refused_; }

  void finish();  // The body is complete.
  void abort();   // It never will be.

 private:
  enum class End : unsigned char { open, finished, aborted };

  void work();
  void on_written(bool wants_more);

  Shard& shard_;
  Workers& workers_;
  std::shared_ptr<BodySink> sink_;
  const std::size_t piece_bytes_;
  std::string piece_;
  std::function<void()> on_room_;
  End end_ = End::open;
  bool is_working_ = false;
  bool is_refused_ = false;
  bool is_over_ = false;  // The last call to the sink has been handed to a worker.
};

}  // namespace coterie::net
