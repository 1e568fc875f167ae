// SPDX-License-Identifier: MIT
#include "redis/sentinel.hpp"

#include <fmt/format.h>

#include "redis/connection.hpp"

namespace coterie::redis {

namespace {

// What one Sentinel says.
Result<Place> ask(const Place& sentinel, const Address& address) {
  Options options;
  options.address = {.host = sentinel.host,
                     .port = sentinel.port,
                     .password = address.sentinels.password,
                     .tls = address.tls};
  const auto reply =
      ask_once(hurried(options), {"SENTINEL", "get-master-addr-by-name", address.host});
  if (!reply) return reply.error();
  if (reply->is_nil()) return Error("redis_failed", "it knows no '" + address.host + "'");
  const auto words = reply->list();
  if (!words || words->size() != 2) return Error("redis_failed", "it is no Sentinel");
  const auto host = (*words)[0].text();
  const auto digits = (*words)[1].text();
  const auto port = digits ? parse_port(*digits) : digits.error();
  if (!host || !port) return Error("redis_failed", "it is no Sentinel");
  return Place{*host, *port};
}

}  // namespace

Result<Place> find_primary(const Address& address) {
  std::string reasons;
  for (const Place& sentinel : address.sentinels.places) {
    auto place = ask(sentinel, address);
    if (place) return place;
    reasons += fmt::format("{}{}: {}", reasons.empty() ? "" : "; ", name_of(sentinel),
                           place.error().detail);
  }
  return Error("redis_cut", "no Sentinel knows where it is: " + reasons);
}

Result<std::unique_ptr<Connection>> open_primary(const Options& options) {
  const auto place = find_primary(options.address);
  if (!place) return place.error();
  auto connection = Connection::open(at(options, *place));
  if (!connection) {
    return Error(connection.error().code,
                 fmt::format("{}: {}", name_of(*place), connection.error().detail));
  }
  const std::vector<Command> question{{"ROLE"}};
  const auto replies = (*connection)->run(question);
  if (!replies) return replies.error();
  const auto& role = replies->front();
  if (!role) return role.error();
  if (!is_primary(*role)) {
    return Error("redis_cut", fmt::format("{} is no primary", name_of(*place)));
  }
  return connection;
}

bool is_primary(const Reply& role) {
  const auto facts = role.list();
  const auto word = facts && !facts->empty() ? facts->front().text() : Error("redis_failed");
  return word && *word == "master";
}

}  // namespace coterie::redis
