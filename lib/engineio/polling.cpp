// SPDX-License-Identifier: MIT
#include "engineio/polling.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "base/utf8.hpp"
#include "engineio/revision3.hpp"
#include "engineio/session.hpp"

namespace coterie::engineio {

namespace {

const Frame close_frame(PacketType::close, {});
const Frame noop_frame(PacketType::noop, {});

net::Response payload_response(std::string payload, bool is_bytes = false) {
  net::Response response = net::text_response(
      200, std::move(payload), is_bytes ? "application/octet-stream" : "text/plain; charset=UTF-8");
  response.fields.add("cache-control", "no-store");
  return response;
}

net::Response bare_response(int status, std::string body) {
  net::Response response = net::text_response(status, std::move(body), "text/html");
  response.fields.add("cache-control", "no-store");
  return response;
}

}  // namespace

void Polling::send(const Frame& frame) {
  if (is_overflowing_) return;
  queue_bytes_ += frame.size() + SharedBytes::overhead_bytes;
  if (queue_bytes_ > session_.owner().options().queue_bytes_max) {
    // Ended at the end of the turn: whoever sends may be walking through a room we are in.
    is_overflowing_ = true;
    return session_.owner().flush_later(session_);
  }
  if (queue_.empty() && parked_) session_.owner().flush_later(session_);
  queue_.push_back(frame);
}

void Polling::on_get(net::Reply reply, net::ContentCoding coding) {
  if (parked_) {
    reply(bare_response(400, ""));
    return session_.end("transport error");
  }
  parked_ = std::move(reply);
  coding_ = coding;
  ++poll_number_;
  if (!queue_.empty()) {
    flush();
  } else if (session_.is_closing()) {
    answer(std::array{noop_frame, close_frame});
    session_.on_farewell_fetched();
  } else if (answers_at_once_) {
    answer({&noop_frame, 1});
  }
}

void Polling::on_poll_aborted(std::uint32_t number) {
  if (!parked_ || number != poll_number_) return;
  parked_(bare_response(400, ""));  // Nobody hears it; a Reply wants its answer.
  session_.on_transport_gone(*this, "transport error");
}

void Polling::on_post_arriving(net::HttpArrival arrival) {
  if (arriving_) {
    arrival.refuse(bare_response(400, ""));
    return session_.end("transport error");
  }
  arriving_ = arrival;
}

void Polling::on_post(const net::Request& request, net::Reply reply) {
  // Packets may end the session, and with it this object: only locals from there on.
  Session& session = session_;
  const bool is_bytes = request.fields.get("Content-Type") == "application/octet-stream";
  if (arriving_ || (is_bytes && dialect_.revision != 3)) {
    reply(bare_response(400, ""));
    return session.end("transport error");
  }
  bool is_valid = is_bytes || is_utf8(request.body);
  if (is_valid) {
    is_valid = dialect_.revision == 3
                   ? take_packets(revision3::PayloadReader(request.body, is_bytes))
                   : take_packets(PayloadReader(request.body));
  }
  reply(is_valid ? bare_response(200, "ok") : bare_response(400, ""));
  if (!is_valid) session.end("parse error");
}

// False when a packet could not be read. What ends the session ends the reading, too.
template <class Reader>
bool Polling::take_packets(Reader reader) {
  Session& session = session_;
  while (!reader.is_done() && session.polling() == this && session.is_open()) {
    const auto packet = reader.next();
    if (!packet) return false;
    session.on_packet(*this, *packet);
  }
  return true;
}

void Polling::flush() {
  if (is_overflowing_) return session_.end("slow consumer");
  if (!parked_ || queue_.empty()) return;
  // Given up with this call: an idle session keeps no memory for its last burst.
  const std::vector<Frame> queue = std::exchange(queue_, {});
  queue_bytes_ = 0;
  answer(queue);
}

void Polling::answer(std::span<const Frame> frames) {
  net::Reply reply = std::move(parked_);
  if (dialect_.revision == 3) {
    auto payload = revision3::encode_payload(frames, dialect_.is_base64);
    return reply(payload_response(std::move(payload.text), payload.is_bytes));
  }
  std::size_t size = frames.size();
  for (const Frame& frame : frames) size += frame.text().size();
  std::string payload;
  payload.reserve(size);
  for (const Frame& frame : frames) frame.append_to(payload);
  net::Response response = payload_response(std::move(payload));
  const Options& options = session_.owner().options();
  if (options.http_compression && response.body.size() >= options.http_compression_threshold &&
      std::ranges::any_of(frames, &Frame::may_be_compressed)) {
    net::encode_body(response, coding_);
  }
  reply(std::move(response));
}

void Polling::set_answers_at_once(bool yes) {
  answers_at_once_ = yes;
  if (yes && parked_ && queue_.empty()) answer({&noop_frame, 1});
}

std::vector<Frame> Polling::retire() {
  if (parked_) answer({&noop_frame, 1});
  queue_bytes_ = 0;
  return std::exchange(queue_, {});
}

void Polling::say_farewell() {
  if (!parked_ || !queue_.empty()) return;  // What is queued goes first; the client polls again.
  answer({&close_frame, 1});
  session_.on_farewell_fetched();
}

void Polling::leave() {
  if (parked_) answer({&noop_frame, 1});
}

void Polling::close() {
  if (!is_overflowing_) flush();
  if (parked_) answer({&close_frame, 1});
  arriving_.close();
}

}  // namespace coterie::engineio
