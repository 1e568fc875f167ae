// The facts of the request that opened a session, kept small: one string, taken apart when asked.
// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "net/http.hpp"

namespace coterie::engineio {

class Handshake {
 public:
  Handshake() = default;
  Handshake(const net::Request& request, WallTime issued);

  std::string_view header(std::string_view name) const;  // The first of that name; empty: none.
  net::Fields headers() const;
  std::string_view url() const;      // The target as asked: "/socket.io/?EIO=4&transport=polling".
  std::string_view address() const;  // The peer's address without its port.
  bool secure() const;               // Did it come over TLS that ends in this process?
  net::Query query() const;
  WallTime issued() const { return issued_; }

 private:
  // [ "*" ] remote "\n" target "\n" *( name ":" value "\n" ): none of them can hold a line feed. An
  // asterisk says secure.
  std::string text_;
  WallTime issued_;
};

}  // namespace coterie::engineio
