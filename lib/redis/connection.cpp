// SPDX-License-Identifier: MIT
#include "redis/connection.hpp"

#include <fcntl.h>
#include <hiredis/hiredis.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <cerrno>
#include <system_error>

namespace coterie::redis {

namespace {

timeval to_timeval(std::chrono::milliseconds time) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  return {seconds.count(), std::chrono::microseconds(time - seconds).count()};
}

std::vector<Command> greeting(const Options& options) {
  std::vector<Command> commands;
  const Address& address = options.address;
  if (auto auth = auth_of(address.username, address.password)) commands.push_back(*std::move(auth));
  if (options.database != 0) commands.push_back({"SELECT", std::to_string(options.database)});
  commands.push_back({"PING"});
  return commands;
}

}  // namespace

Options at(Options options, const Place& place) {
  options.address.host = place.host;
  options.address.port = place.port;
  options.address.sentinels = {};
  options.address.cluster_nodes = {};
  return options;
}

Options hurried(Options options) {
  options.connect_timeout = options.command_timeout = std::chrono::milliseconds(1000);
  return options;
}

Result<Reply> ask_once(const Options& options, const Command& command) {
  const auto connection = Connection::open(options);
  if (!connection) return Error("redis_cut", connection.error().detail);
  auto replies = (*connection)->run(std::span(&command, 1));
  if (!replies) return replies.error();
  return std::move(replies->front());
}

void Connection::Close::operator()(redisContext* context) const {
  redisFree(context);
}

Result<std::unique_ptr<Connection>> Connection::open(const Options& options) {
  const Address& address = options.address;
  if (!address.sentinels.places.empty()) return open_primary(options);
  Context context(redisConnectWithTimeout(address.host.c_str(), address.port,
                                          to_timeval(options.connect_timeout)));
  if (!context) return Error("redis_failed", "out of memory");
  if (context->err) return Error("redis_cut", context->errstr);
  ::fcntl(context->fd, F_SETFD, FD_CLOEXEC);
  if (redisSetTimeout(context.get(), to_timeval(options.command_timeout)) != REDIS_OK ||
      redisEnableKeepAlive(context.get()) != REDIS_OK) {
    return Error("redis_failed", context->errstr);
  }
  auto tls = TlsClient::make(address.tls, address.host);
  if (!tls) return tls.error();
  auto connection =
      std::unique_ptr<Connection>(new Connection(std::move(context), std::move(*tls)));
  const auto greeted = connection->run(greeting(options));
  if (!greeted) return greeted.error();
  for (const auto& each : *greeted) {
    if (!each) return each.error();
  }
  return connection;
}

Result<std::vector<Result<Reply>>> Connection::run(std::span<const Command> commands) {
  std::string bytes;
  for (const Command& command : commands) append_command(command, bytes);
  if (auto sent = send(bytes); !sent) return sent.error();
  std::vector<Result<Reply>> replies;
  replies.reserve(commands.size());
  for (std::size_t i = 0; i < commands.size(); ++i) {
    auto reply = read();
    if (!reply && reply.error().code != "redis_refused") return reply.error();
    replies.push_back(std::move(reply));
  }
  return replies;
}

Result<void> Connection::send(std::string_view bytes) {
  if (!tls_) return write(bytes);
  if (auto taken = tls_->send(bytes); !taken) return taken;
  return write(tls_->take_ciphertext());
}

Result<void> Connection::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(context_->fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    } else if (errno == EAGAIN) {
      return Error("redis_timeout", "it takes no commands");
    } else if (errno != EINTR) {
      return Error("redis_cut", std::generic_category().message(errno));
    }
  }
  return {};
}

Result<Reply> Connection::read() {
  for (;;) {
    void* raw = nullptr;
    if (redisReaderGetReply(context_->reader, &raw) != REDIS_OK) {
      return Error("redis_failed", context_->reader->errstr);
    }
    if (raw) {
      const std::unique_ptr<void, decltype(&freeReplyObject)> reply(raw, freeReplyObject);
      return to_reply(*static_cast<const redisReply*>(raw));
    }
    if (auto received = receive(); !received) return received.error();
  }
}

Result<void> Connection::receive() {
  std::array<char, 16 * 1024> buffer;
  const ssize_t got = ::recv(context_->fd, buffer.data(), buffer.size(), 0);
  if (got == 0) return Error("redis_cut", "Server closed the connection");
  if (got < 0) {
    if (errno == EINTR) return {};
    if (errno == EAGAIN) return Error("redis_timeout", "it does not answer in time");
    return Error("redis_cut", std::generic_category().message(errno));
  }
  std::string_view bytes(buffer.data(), static_cast<std::size_t>(got));
  std::string plaintext;
  if (tls_) {
    const auto taken = tls_->receive(bytes, plaintext);
    if (!taken && plaintext.empty()) return taken;
    if (auto written = write(tls_->take_ciphertext()); !written) return written;
    bytes = plaintext;
  }
  if (redisReaderFeed(context_->reader, bytes.data(), bytes.size()) != REDIS_OK) {
    return Error("redis_failed", "out of memory");
  }
  return {};
}

bool Connection::is_cut() const {
  char byte = 0;
  const ssize_t got = ::recv(context_->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return got >= 0 || (errno != EAGAIN && errno != EINTR);
}

}  // namespace coterie::redis
