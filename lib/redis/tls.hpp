// TLS to Redis, sans-I/O: what comes from the wire goes in, what is for the wire comes out.
//
// Two kinds of connections use it, one that blocks and one that polls. (hiredis has TLS only from
// version 1.0 on; Debian 12 has 0.14.)
// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.hpp"

struct ssl_st;

namespace coterie::redis {

struct Tls {
  bool is_on = false;
  std::string authority = {};  // PEM file of who signs; empty: whom this machine trusts.
};

// One connection's. Certificates must be good, and for the host that was asked for.
class TlsClient {
 public:
  // Null where TLS is off. Error "redis_failed" names what is wrong with the authority.
  static Result<std::unique_ptr<TlsClient>> make(const Tls& tls, const std::string& host);
  TlsClient(const TlsClient&) = delete;
  TlsClient& operator=(const TlsClient&) = delete;

  // Takes what has come and appends what it says to `plaintext`. Errors "redis_cut" (it has said
  // farewell) and "redis_failed", why it is not to be trusted.
  Result<void> receive(std::string_view ciphertext, std::string& plaintext);
  // Takes all of it; before the handshake is done it waits. Errors as above.
  Result<void> send(std::string_view plaintext);
  // What is for the wire now; the caller's to take.
  std::string take_ciphertext();

 private:
  struct Free {
    void operator()(ssl_st* ssl) const;
  };

  explicit TlsClient(std::unique_ptr<ssl_st, Free> ssl) : ssl_(std::move(ssl)) {}
  Result<void> shake_hands();
  Result<void> fail(int outcome) const;

  std::unique_ptr<ssl_st, Free> ssl_;
  std::string waiting_;  // For the end of the handshake.
  bool is_ready_ = false;
};

}  // namespace coterie::redis
