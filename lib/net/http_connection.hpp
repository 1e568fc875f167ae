// HTTP/1.1 on one connection: parses requests, routes them, writes the answers, keeps alive.
//
// One exchange at a time: a pipelined request waits in the connection's left-over bytes until the
// one before has been answered, so answers keep their order by themselves.
//
//   idle -> head -> body -> waiting -> (answer) -> idle …
//                -> upgrading -> another protocol                         or, at any time, closed
//
// The first request decides where the connection lives: at home with its session, or dealt out in
// turn (with TLS that was done before, for handshakes are work). A later one moves it only when its
// route says so. It must come in time: who says nothing holds nothing.
//
// Small bodies are buffered, bodies of routes with a sink stream through HttpUpload. What breaks
// HTTP is answered by the router's refusal, and the connection is closed.
// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>

#include "base/timer_wheel.hpp"
#include "net/connection.hpp"
#include "net/http.hpp"
#include "net/http_exchange.hpp"
#include "net/http_limits.hpp"
#include "net/http_parser.hpp"
#include "net/networks.hpp"
#include "net/router.hpp"

namespace coterie::net {

class HttpUpload;
class Workers;

// What all HTTP connections of a listener share.
struct HttpService {
  HttpService(Router routes, HttpLimits bounds, Workers* pool, Networks trusted = {})
      : router(std::move(routes)), limits(bounds), files(pool), proxies(std::move(trusted)) {}

  const Router router;
  const HttpLimits limits;
  Workers* const files;                     // For sinks and sources.
  const Networks proxies;                   // Believed when they tell whom they stand for.
  mutable std::atomic<unsigned> dealt = 0;  // Connections given a shard of no choice of theirs.
};

class HttpConnection final : public Connection::Protocol {
 public:
  HttpConnection(Connection& connection, std::shared_ptr<const HttpService> service);
  ~HttpConnection() override;

  std::size_t on_bytes(std::span<char> bytes) override;
  void on_end() override;
  void on_drained() override;
  bool on_stopping() override;
  void on_given_up() override;
  void on_closed(CloseReason reason) override;

 private:
  friend class HttpArrival;
  friend class HttpExchange;
  friend class HttpUpgrade;
  enum class State : unsigned char { idle, head, body, waiting, sending, upgrading, done };

  std::size_t read(std::string_view bytes);
  std::size_t read_head(std::string_view bytes);
  std::size_t read_body(std::string_view bytes);
  void on_head();
  bool goes_home();
  void start_exchange();
  void tell_of_arrival();
  void start_upload();
  void take_body(std::string_view piece);
  void on_body_complete();
  void call_handler();
  HttpExchange here() const { return {connection_, exchange_}; }
  Reply make_reply();
  void answer(Response response);
  void write_head(const Response& response, std::uint64_t size);
  void read_source();
  void on_source_piece(std::uint32_t exchange, Result<std::string> piece);
  void finish_exchange();
  void leave();
  void refuse(int status, std::string_view reason);
  void refuse(Response response);
  void arm(std::chrono::milliseconds timeout);
  void on_timeout();

  Connection& connection_;  // Fixed after construction
  const std::shared_ptr<const HttpService> service_;

  State state_ = State::idle;  // Only on this shard
  bool keep_alive_ = true;
  bool has_ended_ = false;  // The client will send no more.
  bool is_head_request_ = false;
  bool is_too_large_ = false;   // More of the body has come than is wanted.
  bool is_told_ = false;        // The route knows that this body is on its way.
  std::uint32_t exchange_ = 0;  // Counts up: an answer to an older one goes nowhere.
  const Route* route_ = nullptr;
  std::unique_ptr<HttpParser> parser_;
  Request request_;
  std::uint64_t body_bytes_ = 0;  // Buffered; or, of an upload that was refused, thrown away.
  std::shared_ptr<HttpUpload> upload_;
  std::shared_ptr<BodySource> source_;
  std::uint64_t source_left_ = 0;
  Task aborted_;
  Timer timer_;
};

}  // namespace coterie::net
