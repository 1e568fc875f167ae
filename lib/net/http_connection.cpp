// SPDX-License-Identifier: MIT
#include "net/http_connection.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "base/check.hpp"
#include "net/http_status.hpp"
#include "net/http_upload.hpp"
#include "net/shard.hpp"
#include "net/workers.hpp"

namespace coterie::net {

namespace {

constexpr std::size_t pipelined_bytes_max = 64 * 1024;
constexpr std::size_t source_piece_bytes = 256 * 1024;

}  // namespace

HttpConnection::HttpConnection(Connection& connection, std::shared_ptr<const HttpService> service)
    : connection_(connection), service_(std::move(service)) {
  // Whoever connects and says nothing is not waited for either.
  arm(service_->limits.head_timeout);
}

HttpConnection::~HttpConnection() = default;

std::size_t HttpConnection::on_bytes(std::span<char> bytes) {
  const std::size_t used = read({bytes.data(), bytes.size()});
  tell_of_arrival();
  return used;
}

std::size_t HttpConnection::read(std::string_view view) {
  std::size_t used = 0;
  // Each round reads one head or one stretch of a body; it ends when a state has to wait.
  for (;;) {
    const std::string_view rest = view.substr(used);
    if (rest.empty() || !connection_.is_open()) return view.size();
    const State before = state_;
    std::size_t step = 0;
    if (state_ == State::idle || state_ == State::head) {
      step = read_head(rest);
    } else if (state_ == State::body) {
      step = read_body(rest);
    } else {
      if (rest.size() > pipelined_bytes_max) connection_.pause_reading();
      return used;
    }
    used += step;
    if (state_ == State::done) return used;  // Upgraded, or on its way home.
    if (step == 0 && state_ == before) return used;
  }
}

std::size_t HttpConnection::read_head(std::string_view bytes) {
  if (!parser_) {
    // Empty lines before a request are ignored (RFC 9112 2.2).
    const std::size_t start = bytes.find_first_not_of("\r\n");
    if (start != 0) return start == std::string_view::npos ? bytes.size() : start;
    parser_ = std::make_unique<HttpParser>(service_->limits);
    state_ = State::head;
    arm(service_->limits.head_timeout);
  }
  const auto used = parser_->feed_head(bytes);
  if (!used) {
    refuse(used.error().status, used.error().reason);
    return bytes.size();
  }
  if (parser_->has_head()) {
    request_ = parser_->take_request();
    request_.remote = client_address(service_->proxies, connection_.peer(), request_.fields);
    request_.is_secure = connection_.is_secure();
    keep_alive_ = parser_->keep_alive() && !has_ended_;
    on_head();
  }
  return *used;
}

void HttpConnection::on_head() {
  route_ = service_->router.find(request_);
  is_head_request_ = request_.method == "HEAD";
  ++exchange_;
  if (goes_home()) {
    state_ = State::done;
    return;
  }
  start_exchange();
}

// A request whose session lives on another shard takes its whole connection there.
bool HttpConnection::goes_home() {
  if (connection_.unsent_bytes() > 0) return false;
  Shard& here = connection_.shard();
  auto home = route_->home ? route_->home(request_) : std::nullopt;
  if (!home && exchange_ == 1 && !connection_.is_secure()) {
    home = service_->dealt++ % here.family_size();
  }
  if (!home || *home == here.index()) return false;
  timer_.cancel();
  connection_.move_to(here.sibling(*home), [](Connection& connection) {
    auto* http = static_cast<HttpConnection*>(connection.protocol());
    http->start_exchange();
    http->tell_of_arrival();
  });
  return true;
}

void HttpConnection::start_exchange() {
  const bool is_upgrade = route_->upgrade && request_.fields.has("Upgrade") &&
                          request_.fields.has_token("Connection", "upgrade");
  if (is_upgrade && !parser_->has_body()) {
    parser_.reset();
    state_ = State::upgrading;
    arm(service_->limits.head_timeout);
    return route_->upgrade(HttpUpgrade(here(), std::move(request_)));
  }
  if (!parser_->has_body()) {
    if (route_->sink) start_upload();
    return on_body_complete();
  }
  state_ = State::body;
  body_bytes_ = 0;
  is_too_large_ = false;
  is_told_ = false;
  if (!route_->sink && parser_->content_length().value_or(0) > route_->body_max) {
    return refuse(413, "Payload Too Large");
  }
  if (request_.fields.has("Expect")) {
    if (!request_.fields.has_token("Expect", "100-continue")) {
      return refuse(417, "Expectation Failed");
    }
    connection_.send(SharedBytes("HTTP/1.1 100 Continue\r\n\r\n"));
  }
  if (route_->sink) {
    arm(service_->limits.sink_timeout);
    return start_upload();
  }
  arm(service_->limits.body_timeout);
}

// Most bodies come with their heads: only those that keep us waiting are told of.
void HttpConnection::tell_of_arrival() {
  if (state_ != State::body || is_told_ || !route_->arriving) return;
  is_told_ = true;
  route_->arriving(request_, HttpArrival(here()));
}

void HttpConnection::start_upload() {
  upload_ = std::make_shared<HttpUpload>(connection_.shard(), *service_->files,
                                         route_->sink(std::move(request_), make_reply()),
                                         service_->limits.sink_piece_bytes);
  upload_->set_on_room([this] {
    if (state_ == State::body) arm(service_->limits.sink_timeout);
    connection_.resume_reading();
  });
}

std::size_t HttpConnection::read_body(std::string_view bytes) {
  if (upload_ && upload_->is_full() && !upload_->is_refused()) {
    connection_.pause_reading();
    timer_.cancel();  // Now it is we who are slow.
    return 0;
  }
  const auto used = parser_->feed_body(bytes, [this](std::string_view piece) { take_body(piece); });
  if (is_too_large_ && upload_) {
    // The sink knows what is wrong, and says so while the client is still sending.
    keep_alive_ = false;
    on_body_complete();
    return bytes.size();
  }
  if (is_too_large_) {
    refuse(413, "Payload Too Large");
    return bytes.size();
  }
  if (!used) {
    refuse(used.error().status, used.error().reason);
    return bytes.size();
  }
  if (upload_) arm(service_->limits.sink_timeout);
  if (parser_->is_done()) on_body_complete();
  return *used;
}

void HttpConnection::take_body(std::string_view piece) {
  if (upload_) {
    upload_->add(piece);
    // A client that goes on sending what nobody wants is cut at some point.
    if (upload_->is_refused()) body_bytes_ += piece.size();
    is_too_large_ = body_bytes_ > service_->limits.discard_bytes_max;
    return;
  }
  body_bytes_ += piece.size();
  is_too_large_ = body_bytes_ > route_->body_max;
  if (!is_too_large_) request_.body.append(piece);
}

void HttpConnection::on_body_complete() {
  timer_.cancel();
  parser_.reset();
  if (is_told_) aborted_ = Task();
  state_ = State::waiting;
  if (upload_) return upload_->finish();
  call_handler();
}

void HttpConnection::call_handler() {
  Reply reply = make_reply();
  route_->handler(std::move(request_), std::move(reply));
}

Reply HttpConnection::make_reply() {
  return Reply(
      [exchange = here()](Response response) {
        exchange.shard().post([exchange, response = std::move(response)]() mutable {
          if (HttpConnection* http = exchange.find()) http->answer(std::move(response));
        });
      },
      [exchange = here()](Task aborted) {
        if (HttpConnection* http = exchange.find()) http->aborted_ = std::move(aborted);
      });
}

void HttpConnection::answer(Response response) {
  if (state_ == State::sending || state_ == State::done || !connection_.is_open()) return;
  aborted_ = Task();
  timer_.cancel();
  // Answered before the body has come: what is still on its way cannot be told from a new request.
  if (state_ != State::waiting || response.close || has_ended_) keep_alive_ = false;
  upload_.reset();
  const std::uint64_t size = response.source ? response.source_size : response.body.size();
  write_head(response, size);
  if (response.source && !is_head_request_ && size > 0) {
    state_ = State::sending;
    source_ = std::move(response.source);
    source_left_ = size;
    return read_source();
  }
  finish_exchange();
}

void HttpConnection::write_head(const Response& response, std::uint64_t size) {
  fmt::memory_buffer head;
  const auto out = std::back_inserter(head);
  fmt::format_to(out, "HTTP/1.1 {} {}\r\n", response.status, reason_phrase(response.status));
  for (const auto& field : response.fields) {
    fmt::format_to(out, "{}: {}\r\n", field.name, field.value);
  }
  const bool has_length = response.status != 204 && response.status != 304;
  if (has_length) fmt::format_to(out, "Content-Length: {}\r\n", size);
  fmt::format_to(out, "Date: {}\r\nConnection: {}\r\n\r\n",
                 http_date(connection_.shard().clock().wall()),
                 keep_alive_ ? "keep-alive" : "close");
  const bool has_body = has_length && !is_head_request_ && !response.source;
  const std::string_view body = has_body ? std::string_view(response.body) : std::string_view();
  connection_.send(SharedBytes::made(head.size() + body.size(), [&](char* at) {
    std::copy(body.begin(), body.end(), std::copy(head.begin(), head.end(), at));
  }));
}

void HttpConnection::read_source() {
  const std::size_t wanted = std::min<std::uint64_t>(source_left_, source_piece_bytes);
  Shard* shard = &connection_.shard();
  auto deliver = [shard, fd = connection_.fd(), serial = connection_.serial(),
                  exchange = exchange_](Result<std::string> piece) {
    shard->post([=, piece = std::move(piece)]() mutable {
      Connection* connection = shard->find(fd, serial);
      if (!connection) return;
      static_cast<HttpConnection*>(connection->protocol())
          ->on_source_piece(exchange, std::move(piece));
    });
  };
  service_->files->run_next([source = source_, wanted, deliver = std::move(deliver)]() mutable {
    deliver(source->read(wanted));
  });
}

void HttpConnection::on_source_piece(std::uint32_t exchange, Result<std::string> piece) {
  if (exchange != exchange_ || state_ != State::sending) return;
  if (!piece || piece->empty() || piece->size() > source_left_) {
    // The head has promised more: only a broken stream can say that it will not come.
    return connection_.close(CloseReason::stream_error);
  }
  source_left_ -= piece->size();
  connection_.send(SharedBytes(*piece));
  arm(service_->limits.sink_timeout);  // For a client that stops reading.
  if (connection_.is_open()) connection_.want_drained();
}

void HttpConnection::on_drained() {
  if (state_ != State::sending) return;
  if (source_left_ > 0) return read_source();
  finish_exchange();
}

void HttpConnection::finish_exchange() {
  source_.reset();
  parser_.reset();
  request_ = Request();
  route_ = nullptr;
  if (!keep_alive_) {
    state_ = State::done;
    timer_.cancel();
    return connection_.close_when_sent();
  }
  state_ = State::idle;
  arm(service_->limits.idle_timeout);
  // A pipelined request may be waiting in what was left over.
  connection_.resume_reading();
}

void HttpConnection::refuse(int status, std::string_view reason) {
  is_head_request_ = request_.method == "HEAD";
  refuse(route_ && route_->refusal ? route_->refusal(request_, status, reason)
                                   : service_->router.refuse(request_, status, reason));
}

void HttpConnection::refuse(Response response) {
  if (upload_) upload_->abort();
  aborted_ = Task();
  keep_alive_ = false;
  ++exchange_;  // Nobody else may answer any more.
  write_head(response, response.body.size());
  finish_exchange();
}

// Another protocol takes the connection over: from here on this one only waits for its end.
void HttpConnection::leave() {
  timer_.cancel();
  state_ = State::done;
  ++exchange_;
}

void HttpConnection::arm(std::chrono::milliseconds timeout) {
  Shard& shard = connection_.shard();
  shard.timers().arm<&HttpConnection::on_timeout>(timer_, shard.now() + timeout, this);
}

void HttpConnection::on_timeout() {
  if (state_ == State::head || (state_ == State::body && !upload_)) {
    return refuse(408, "Request Timeout");
  }
  connection_.close(CloseReason::timed_out);
}

void HttpConnection::on_end() {
  has_ended_ = true;
  keep_alive_ = false;
  if (aborted_) {
    // Someone is waiting for an event, not for an answer under way: tell them the client has left.
    return connection_.close(CloseReason::client_closed);
  }
  if (state_ == State::waiting || state_ == State::sending) return;
  if (connection_.unsent_bytes() > 0) return connection_.close_when_sent();
  connection_.close(CloseReason::client_closed);
}

bool HttpConnection::on_stopping() {
  keep_alive_ = false;
  return state_ == State::waiting || state_ == State::sending;
}

// Who is behind a proxy is so sent elsewhere by it. Whoever waits for an event is only closed.
void HttpConnection::on_given_up() {
  if (state_ != State::waiting || aborted_) return;
  Response response = service_->router.refuse(request_, 503, "Service Unavailable");
  response.fields.add("Retry-After", "1");
  refuse(std::move(response));
}

void HttpConnection::on_closed(CloseReason) {
  timer_.cancel();
  ++exchange_;
  if (upload_) upload_->abort();
  if (aborted_) aborted_();
}

}  // namespace coterie::net
