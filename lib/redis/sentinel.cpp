// SPDX-License-Identifier: MIT
#include "redis/sentinel.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "redis/connection.hpp"

namespace coterie::redis {

namespace {

constexpr auto patience = std::chrono::milliseconds(1000);  // For each: others may know as well.
constexpr std::size_t places_max = 32;

Error bad_place(std::string_view place) {
  return Error("bad_redis_places", fmt::format("'{}' is no HOST or HOST:PORT", place));
}

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

Result<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (problem != std::errc() || end != text.data() + text.size() || port == 0) {
    return Error("bad_redis_places");
  }
  return port;
}

Result<Place> parse_place(std::string_view text, std::uint16_t usual_port) {
  const bool is_bracketed = text.starts_with('[');
  const std::size_t host_end = is_bracketed ? text.find(']') : text.find(':');
  if (is_bracketed && host_end == std::string_view::npos) return bad_place(text);
  Place place{std::string(text.substr(is_bracketed, host_end - is_bracketed)), usual_port};
  if (place.host.empty() || place.host.find(' ') != std::string::npos) return bad_place(text);
  if (host_end == std::string_view::npos) return place;
  const std::string_view rest = text.substr(host_end + is_bracketed);
  if (rest.empty()) return place;
  const auto port = rest.starts_with(':') ? parse_port(rest.substr(1)) : Error("bad_redis_places");
  if (!port) return bad_place(text);
  place.port = *port;
  return place;
}

// What one Sentinel says.
Result<Place> ask(const Place& sentinel, const std::string& password, const Tls& tls,
                  const std::string& name) {
  Options options;
  options.host = sentinel.host;
  options.port = sentinel.port;
  options.password = password;
  options.tls = tls;
  options.connect_timeout = options.command_timeout = patience;
  const auto connection = Connection::open(options);
  if (!connection) return connection.error();
  const std::vector<Command> question{{"SENTINEL", "get-master-addr-by-name", name}};
  const auto replies = (*connection)->run(question);
  if (!replies) return replies.error();
  const Reply& reply = replies->front();
  if (reply.is_nil()) return Error("redis_failed", "it knows no '" + name + "'");
  const auto words = reply.list();
  if (!words || words->size() != 2) return Error("redis_failed", "it is no Sentinel");
  const auto host = (*words)[0].text();
  const auto digits = (*words)[1].text();
  const auto port = digits ? parse_port(*digits) : digits.error();
  if (!host || !port) return Error("redis_failed", "it is no Sentinel");
  return Place{*host, *port};
}

}  // namespace

Result<std::vector<Place>> parse_places(std::string_view text, std::uint16_t usual_port) {
  std::vector<Place> places;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    const auto place = parse_place(trimmed(text.substr(begin, end - begin)), usual_port);
    if (!place) return place.error();
    if (places.size() == places_max) return bad_place(text.substr(begin));
    places.push_back(*place);
    begin = end + 1;
  }
  return places;
}

Result<Place> find_primary(const std::string& name, const Sentinels& sentinels, const Tls& tls) {
  std::string reasons;
  for (const Place& sentinel : sentinels.places) {
    auto place = ask(sentinel, sentinels.password, tls, name);
    if (place) return place;
    reasons += fmt::format("{}{}:{}: {}", reasons.empty() ? "" : "; ", sentinel.host, sentinel.port,
                           place.error().detail);
  }
  return Error("redis_cut", "no Sentinel knows where it is: " + reasons);
}

Result<std::unique_ptr<Connection>> open_primary(const Options& options) {
  const auto place = find_primary(options.host, options.sentinels, options.tls);
  if (!place) return place.error();
  Options direct = options;
  direct.host = place->host;
  direct.port = place->port;
  direct.sentinels = {};
  auto connection = Connection::open(direct);
  if (!connection) {
    return Error(connection.error().code,
                 fmt::format("{}:{}: {}", place->host, place->port, connection.error().detail));
  }
  const std::vector<Command> question{{"ROLE"}};
  const auto replies = (*connection)->run(question);
  if (!replies) return replies.error();
  const auto role = replies->front().list();
  const auto word = role && !role->empty() ? role->front().text() : Error("redis_failed");
  if (!word || *word != "master") {
    return Error("redis_cut", fmt::format("{}:{} is no primary", place->host, place->port));
  }
  return connection;
}

}  // namespace coterie::redis
