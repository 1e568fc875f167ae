// SPDX-License-Identifier: MIT
#include "net/http_exchange.hpp"

#include "net/http_connection.hpp"
#include "net/shard.hpp"

namespace coterie::net {

HttpConnection* HttpExchange::find() const {
  Connection* connection = shard_ ? shard_->find(fd_, serial_) : nullptr;
  if (!connection) return nullptr;
  auto* http = dynamic_cast<HttpConnection*>(connection->protocol());
  return http && http->exchange_ == number_ ? http : nullptr;
}

HttpConnection* HttpUpgrade::waiting() const {
  HttpConnection* http = exchange_.find();
  const bool is_waiting = http && http->state_ == HttpConnection::State::upgrading;
  return is_waiting && http->connection_.is_open() ? http : nullptr;
}

Connection* HttpUpgrade::connection() const {
  HttpConnection* http = waiting();
  return http ? &http->connection_ : nullptr;
}

void HttpUpgrade::accept(const Fields& fields, std::unique_ptr<Connection::Protocol> protocol) {
  HttpConnection* http = waiting();
  if (!http) return;
  std::string head = "HTTP/1.1 101 Switching Protocols\r\n";
  for (const auto& field : fields) head += field.name + ": " + field.value + "\r\n";
  head += "\r\n";
  http->leave();
  Connection& connection = http->connection_;
  connection.send(SharedBytes(head));
  connection.set_protocol(std::move(protocol));
  connection.resume_reading();
}

void HttpUpgrade::refuse(Response response) {
  if (HttpConnection* http = waiting()) http->refuse(std::move(response));
}

HttpConnection* HttpArrival::arriving() const {
  HttpConnection* http = exchange_.find();
  const bool is_arriving = http && http->state_ == HttpConnection::State::body;
  return is_arriving && http->connection_.is_open() ? http : nullptr;
}

void HttpArrival::on_abort(Task aborted) {
  if (HttpConnection* http = exchange_.find()) http->aborted_ = std::move(aborted);
}

void HttpArrival::refuse(Response response) {
  if (HttpConnection* http = arriving()) http->refuse(std::move(response));
}

void HttpArrival::close() {
  HttpConnection* http = arriving();
  if (!http) return;
  http->aborted_ = Task();
  http->connection_.close(CloseReason::protocol_error);
}

}  // namespace coterie::net
