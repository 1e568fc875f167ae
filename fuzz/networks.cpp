// Whom a request comes from: whatever stands in the fields, the word of our proxy is the last.
//
// Input: a list of networks, a line feed, and what a client writes into X-Forwarded-For, or behind
// an asterisk into Forwarded.
// SPDX-License-Identifier: MIT
#include "net/networks.hpp"

#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.hpp"
#include "net/http.hpp"

namespace {

using coterie::net::Address;
using coterie::net::client_address;
using coterie::net::Fields;
using coterie::net::Networks;

constexpr const char* peer = "10.0.0.1";
constexpr const char* client = "198.51.100.1";

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::size_t line = input.find('\n');
  if (line == std::string_view::npos) return 0;
  if (const auto parsed = Networks::parse(input.substr(0, line))) {
    if (const auto address = Address::parse(input.substr(line + 1))) {
      (void)parsed->contains(*address);
      COTERIE_CHECK(Address::parse(address->text()).has_value());
    }
  }
  const Networks proxies = *Networks::parse("10.0.0.0/8");
  std::string claim(input.substr(line + 1));
  const bool is_forwarded = claim.starts_with('*');
  if (is_forwarded) claim.erase(0, 1);
  const std::string name = is_forwarded ? "Forwarded" : "X-Forwarded-For";
  const std::string told = client_address(proxies, peer, Fields{{name, claim}});
  COTERIE_CHECK(Address::parse(told).has_value());
  claim += is_forwarded ? ", for=" : ", ";
  claim += client;
  COTERIE_CHECK(client_address(proxies, peer, Fields{{name, claim}}) == client);
  return 0;
}
