// One HTTP exchange as a value: where it is, and what a route may do to it besides answering.
//
// All of these belong to the shard that made them. They may be kept and moved there, and outlive
// the connection: an exchange that is over is not found, and what is done to it does nothing.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>

#include "base/task.hpp"
#include "net/connection.hpp"
#include "net/http.hpp"

namespace coterie::net {

class HttpConnection;
class Shard;

// The address of an exchange: good from any turn of its shard.
class HttpExchange {
 public:
  HttpExchange() = default;
  HttpExchange(const Connection& connection, std::uint32_t number)
      : shard_(&connection.shard()),
        fd_(connection.fd()),
        serial_(connection.serial()),
        number_(number) {}

  // Whom it is on, for as long as it is not over; then null.
  HttpConnection* find() const;
  Shard& shard() const { return *shard_; }

 private:
  Shard* shard_ = nullptr;
  int fd_ = -1;
  std::uint32_t serial_ = 0;
  std::uint32_t number_ = 0;
};

// A request that asks to leave HTTP (RFC 9110 7.8). To be accepted or refused once, at once or
// later: bytes behind the request wait. One that is neither is closed after `head_timeout`.
class HttpUpgrade {
 public:
  HttpUpgrade(HttpExchange exchange, Request request)
      : exchange_(exchange), request_(std::move(request)) {}
  HttpUpgrade(HttpUpgrade&&) = default;
  HttpUpgrade& operator=(HttpUpgrade&&) = default;

  const Request& request() const { return request_; }
  // The connection while its client waits for the answer; then null.
  Connection* connection() const;

  // Answers 101 with these fields; from here on the connection speaks `protocol`.
  void accept(const Fields& fields, std::unique_ptr<Connection::Protocol> protocol);
  // Answers and closes.
  void refuse(Response response);

 private:
  HttpConnection* waiting() const;

  HttpExchange exchange_;
  Request request_;
};

// A request whose head has come and whose body has not, for routes that must know of it.
class HttpArrival {
 public:
  HttpArrival() = default;
  explicit HttpArrival(HttpExchange exchange) : exchange_(exchange) {}

  // Is the body still on its way?
  explicit operator bool() const { return arriving() != nullptr; }
  // `aborted` runs when the client leaves before its body is whole.
  void on_abort(Task aborted);
  // The body is not wanted: answers and closes.
  void refuse(Response response);
  // Closes the connection without a word.
  void close();

 private:
  HttpConnection* arriving() const;

  HttpExchange exchange_;
};

}  // namespace coterie::net
