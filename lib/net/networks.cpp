// SPDX-License-Identifier: MIT
#include "net/networks.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

#include "net/http.hpp"

namespace coterie::net {

namespace {

constexpr std::array<std::uint8_t, 12> mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
// More proxies in a row nobody has; who claims more is not read any further.
constexpr std::size_t hops_max = 32;

std::string_view trim(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

std::string_view unquote(std::string_view text) {
  const bool is_quoted = text.size() >= 2 && text.front() == '"' && text.back() == '"';
  return is_quoted ? text.substr(1, text.size() - 2) : text;
}

// "192.0.2.1", "192.0.2.1:4711", "2001:db8::1", "[2001:db8::1]", "[2001:db8::1]:4711"
std::optional<Address> address_of_node(std::string_view node) {
  if (node.starts_with('[')) {
    const std::size_t end = node.find(']');
    return end == std::string_view::npos ? std::nullopt : Address::parse(node.substr(1, end - 1));
  }
  const std::size_t colon = node.find(':');
  const bool has_port = colon != std::string_view::npos && colon == node.rfind(':');
  return Address::parse(has_port ? node.substr(0, colon) : node);
}

// Takes off what stands behind the last separator. Quotes do not count: one that a client has left
// open must not swallow what a proxy has written behind it, and addresses hold no separators.
std::string_view take_last(std::string_view& rest, char separator) {
  const std::size_t at = rest.rfind(separator);
  const std::string_view last = at == std::string_view::npos ? rest : rest.substr(at + 1);
  rest = at == std::string_view::npos ? std::string_view() : rest.substr(0, at);
  return trim(last);
}

// The "for" of one element of Forwarded; empty when it has none, which is nobody's address.
std::string_view for_of(std::string_view element) {
  while (!element.empty()) {
    const std::string_view pair = take_last(element, ';');
    if (pair.find('=') != 3) continue;
    const bool is_for =
        (pair[0] | 0x20) == 'f' && (pair[1] | 0x20) == 'o' && (pair[2] | 0x20) == 'r';
    if (is_for) return unquote(pair.substr(4));
  }
  return {};
}

}  // namespace

std::optional<Address> Address::parse(std::string_view text) {
  const std::string whole(text);
  if (whole.find('\0') != std::string::npos) return std::nullopt;
  Address address;
  if (::inet_pton(AF_INET6, whole.c_str(), address.bytes_.data()) == 1) return address;
  std::ranges::copy(mapped, address.bytes_.begin());
  if (::inet_pton(AF_INET, whole.c_str(), address.bytes_.data() + mapped.size()) != 1) {
    return std::nullopt;
  }
  return address;
}

bool Address::is_v4() const {
  return std::equal(mapped.begin(), mapped.end(), bytes_.begin());
}

std::string Address::text() const {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (is_v4()) {
    ::inet_ntop(AF_INET, bytes_.data() + mapped.size(), text.data(), text.size());
  } else {
    ::inet_ntop(AF_INET6, bytes_.data(), text.data(), text.size());
  }
  return text.data();
}

Result<Networks> Networks::parse(std::string_view text) {
  Networks networks;
  while (!trim(text).empty()) {
    const std::string_view part = trim(text.substr(0, text.find(',')));
    text.remove_prefix(std::min(text.find(','), text.size() - 1) + 1);
    const std::size_t slash = part.find('/');
    const auto address = Address::parse(part.substr(0, slash));
    if (!address) return Error("bad_networks", std::string(part));
    const unsigned bits_max = address->is_v4() ? 32 : 128;
    unsigned bits = bits_max;
    if (slash != std::string_view::npos) {
      const std::string_view digits = part.substr(slash + 1);
      const auto [end, problem] =
          std::from_chars(digits.data(), digits.data() + digits.size(), bits);
      if (problem != std::errc() || end != digits.data() + digits.size() || bits > bits_max) {
        return Error("bad_networks", std::string(part));
      }
    }
    networks.networks_.push_back({address->bytes(), bits + 128 - bits_max});
  }
  return networks;
}

bool Networks::contains(const Address& address) const {
  return std::ranges::any_of(networks_, [&](const Network& network) {
    const std::size_t whole = network.bits / 8;
    if (!std::equal(network.bytes.begin(), network.bytes.begin() + static_cast<long>(whole),
                    address.bytes().begin())) {
      return false;
    }
    const unsigned rest = network.bits % 8;
    const auto mask = static_cast<std::uint8_t>(0xFF00u >> rest);
    return rest == 0 || ((network.bytes[whole] ^ address.bytes()[whole]) & mask) == 0;
  });
}

std::string client_address(const Networks& proxies, const std::string& peer, const Fields& fields) {
  if (proxies.empty()) return peer;
  auto client = Address::parse(peer);
  if (!client || !proxies.contains(*client)) return peer;
  const bool is_plain = fields.has("X-Forwarded-For");
  const std::string list = fields.joined(is_plain ? "X-Forwarded-For" : "Forwarded");
  std::string_view rest = list;
  for (std::size_t hops = 0; hops < hops_max && !rest.empty(); ++hops) {
    const std::string_view element = take_last(rest, ',');
    const auto before = address_of_node(is_plain ? element : for_of(element));
    if (!before) break;  // "unknown", or nonsense: whoever has passed it on is all that is known.
    client = before;
    if (!proxies.contains(*client)) break;
  }
  return client->text();
}

}  // namespace coterie::net
