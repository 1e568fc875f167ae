// SPDX-License-Identifier: MIT
#include "engineio/polling.hpp"

#include <algorithm>
#include <utility>

#include "base/utf8.hpp"
#include "engineio/session.hpp"

namespace coterie::engineio {

namespace {

constexpr std::string_view close_payload = "1";
constexpr std::string_view noop_payload = "6";
constexpr std::string_view farewell_payload =
    "6\x1E"
    "1";

net::Response payload_response(std::string payload) {
  net::Response response = net::text_response(200, std::move(payload), "text/plain; charset=UTF-8");
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
  queue_bytes_ += frame.size();
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
    answer(std::string(farewell_payload));
    session_.on_farewell_fetched();
  } else if (answers_at_once_) {
    answer(std::string(noop_payload));
  }
}

void Polling::on_poll_aborted(std::uint32_t number) {
  if (!parked_ || number != poll_number_) return;
  parked_(bare_response(400, ""));  // Nobody hears it; a Reply wants its answer.
  session_.on_transport_gone(*this, "transport error");
}

void Polling::on_post(const net::Request& request, net::Reply reply) {
  // Packets may end the session, and with it this object: only locals from there on.
  Session& session = session_;
  if (request.fields.get("Content-Type") == "application/octet-stream") {
    reply(bare_response(400, ""));
    return session.end("transport error");
  }
  bool is_valid = is_utf8(request.body);
  PayloadReader reader(request.body);
  while (is_valid && !reader.is_done() && session.polling() == this && session.is_open()) {
    const auto packet = reader.next();
    if (packet) {
      session.on_packet(*this, *packet);
    } else {
      is_valid = false;
    }
  }
  reply(is_valid ? bare_response(200, "ok") : bare_response(400, ""));
  if (!is_valid) session.end("parse error");
}

void Polling::flush() {
  if (is_overflowing_) return session_.end("transport error");
  if (!parked_ || queue_.empty()) return;
  std::string payload;
  payload.reserve(queue_bytes_ + queue_.size());
  for (const Frame& frame : queue_) frame.append_to(payload);
  const bool may_be_compressed = std::ranges::any_of(queue_, &Frame::may_be_compressed);
  std::vector<Frame>().swap(queue_);  // An idle session keeps no memory for its last burst.
  queue_bytes_ = 0;
  answer(std::move(payload), may_be_compressed);
}

void Polling::answer(std::string payload, bool may_be_compressed) {
  net::Reply reply = std::move(parked_);
  net::Response response = payload_response(std::move(payload));
  const Options& options = session_.owner().options();
  if (options.http_compression && may_be_compressed &&
      response.body.size() >= options.http_compression_threshold) {
    net::encode_body(response, coding_);
  }
  reply(std::move(response));
}

void Polling::set_answers_at_once(bool yes) {
  answers_at_once_ = yes;
  if (yes && parked_ && queue_.empty()) answer(std::string(noop_payload));
}

std::vector<Frame> Polling::retire() {
  if (parked_) answer(std::string(noop_payload));
  queue_bytes_ = 0;
  return std::exchange(queue_, {});
}

void Polling::say_farewell() {
  if (!parked_ || !queue_.empty()) return;  // What is queued goes first; the client polls again.
  answer(std::string(close_payload));
  session_.on_farewell_fetched();
}

void Polling::leave() {
  if (parked_) answer(std::string(noop_payload));
}

void Polling::close() {
  if (!is_overflowing_) flush();
  if (parked_) answer(std::string(close_payload));
}

}  // namespace coterie::engineio
