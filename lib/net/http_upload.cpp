// SPDX-License-Identifier: MIT
#include "net/http_upload.hpp"

#include "net/shard.hpp"
#include "net/workers.hpp"

namespace coterie::net {

HttpUpload::HttpUpload(Shard& shard, Workers& workers, std::unique_ptr<BodySink> sink,
                       std::size_t piece_bytes)
    : shard_(shard), workers_(workers), sink_(std::move(sink)), piece_bytes_(piece_bytes) {}

void HttpUpload::add(std::string_view bytes) {
  if (is_refused_ || end_ != End::open) return;
  piece_.append(bytes);
  if (is_full()) work();
}

void HttpUpload::finish() {
  if (end_ != End::open) return;
  end_ = End::finished;
  work();
}

void HttpUpload::abort() {
  if (end_ == End::aborted || is_over_) return;
  end_ = End::aborted;
  on_room_ = nullptr;
  work();
}

// Hands the next call to a worker, unless one is under way; on_written() comes back here.
void HttpUpload::work() {
  if (is_working_ || is_over_) return;
  if (end_ == End::aborted) {
    is_over_ = true;
    workers_.run_next([sink = std::move(sink_)] { sink->abort(); });
    return;
  }
  if (!piece_.empty() && !is_refused_) {
    is_working_ = true;
    workers_.run_next([self = shared_from_this(), sink = sink_, piece = std::move(piece_)] {
      const bool wants_more = sink->write(piece);
      Shard& shard = self->shard_;
      shard.post([self, wants_more] { self->on_written(wants_more); });
    });
    piece_.clear();
    return;
  }
  if (end_ == End::finished) {
    is_over_ = true;
    workers_.run_next([sink = std::move(sink_)] { sink->finish(); });
  }
}

void HttpUpload::on_written(bool wants_more) {
  is_working_ = false;
  if (!wants_more) {
    is_refused_ = true;
    piece_.clear();
  }
  if (is_full() || end_ != End::open) work();
  if (!is_full() && on_room_) on_room_();
}

}  // namespace coterie::net
