// Networks: a list of address ranges, and whom a request comes from when proxies stand in between.
//
//   networks = network *( "," network )       network = address [ "/" bits ]        (RFC 4632 3.1)
//
// WHO IT IS. Each proxy adds, behind what it was told, the address that it has seen: in
// X-Forwarded-For a list of addresses, in Forwarded (RFC 7239) their "for" parameters. Only what a
// proxy of ours has added can be believed, so the list is read from its end: the first address that
// is none of our proxies' is the client's. What is left of it anyone may have written. Where both
// fields are there X-Forwarded-For counts: a proxy should drop the one that it does not write.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace coterie::net {

class Fields;

// An address of either family; those of IPv4 are mapped into IPv6 (RFC 4291 2.5.5.2).
class Address {
 public:
  // "192.0.2.1", "2001:db8::1"; nullopt: it is none.
  static std::optional<Address> parse(std::string_view text);
  // As the kernel's own addresses are told: "::ffff:192.0.2.1" is 192.0.2.1.
  std::string text() const;
  bool is_v4() const;

  const std::array<std::uint8_t, 16>& bytes() const { return bytes_; }

 private:
  std::array<std::uint8_t, 16> bytes_{};
};

class Networks {
 public:
  // Error "bad_networks", with the part that is wrong as its detail.
  static Result<Networks> parse(std::string_view text);

  bool contains(const Address& address) const;
  bool empty() const { return networks_.empty(); }

 private:
  struct Network {
    std::array<std::uint8_t, 16> bytes;
    unsigned bits;
  };
  std::vector<Network> networks_;
};

// The address that a request comes from: the peer's, unless that is one of `proxies`.
std::string client_address(const Networks& proxies, const std::string& peer, const Fields& fields);

}  // namespace coterie::net
