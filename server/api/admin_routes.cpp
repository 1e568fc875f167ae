// SPDX-License-Identifier: MIT
#include "api/admin_routes.hpp"

#include <algorithm>
#include <set>

namespace coterie::api {

namespace {

using enum RuleKind;

JsonObject trouble_json(const Trouble& trouble) {
  return {{"time", to_iso8601(trouble.time)}, {"level", trouble.level}, {"text", trouble.text}};
}

Endpoint overview(const AdminParts& parts) {
  return {"GET",
          "/api/admin",
          {"adminOverview",
           "How the server is doing, for administrators",
           "AdminOverview",
           {"not_admin"},
           "`delivered` only grows: the difference of two answers is what was delivered between."},
          Access::logged_in,
          {{}, true},
          [parts](Call& call) -> Result<Answer> {
            const auto census = parts.admin.census(call.actor);
            if (!census) return census.error();
            const auto totals = parts.nodes.totals();
            JsonArray trouble;
            for (const auto& each : parts.trouble()) trouble.push_back(trouble_json(each));
            return Answer(JsonObject{{"users", census->users},
                                     {"groups", census->groups},
                                     {"messages", census->messages},
                                     {"connections", totals.connections},
                                     {"delivered", totals.delivered},
                                     {"slowConsumers", totals.slow_consumers},
                                     {"trouble", std::move(trouble)}});
          }};
}

Endpoint users(const AdminParts& parts) {
  return {
      "GET",
      "/api/admin/users",
      {"adminUsers", "The newest users, for administrators", "AdminUser[]", {"not_admin"}},
      Access::logged_in,
      {{}, true},
      [parts](Call& call) -> Result<Answer> {
        const auto found = parts.admin.users(call.actor);
        if (!found) return found.error();
        JsonArray array;
        for (const auto& user : *found) {
          array.push_back(JsonObject{{"id", user.id},
                                     {"createAt", to_iso8601(user.create_at)},
                                     {"username", user.username},
                                     {"nickname", user.nickname ? Json(*user.nickname) : Json()},
                                     {"email", user.email},
                                     {"isAdmin", user.is_admin}});
        }
        return Answer(std::move(array));
      }};
}

Endpoint groups(const AdminParts& parts) {
  return {"GET",
          "/api/admin/groups",
          {"adminGroups", "The newest groups, for administrators", "AdminGroup[]", {"not_admin"}},
          Access::logged_in,
          {{}, true},
          [parts](Call& call) -> Result<Answer> {
            const auto found = parts.admin.groups(call.actor);
            if (!found) return found.error();
            JsonArray array;
            for (const auto& group : *found) {
              array.push_back(JsonObject{{"id", group.id},
                                         {"createAt", to_iso8601(group.create_at)},
                                         {"name", group.name},
                                         {"owner", group.owner},
                                         {"members", group.members}});
            }
            return Answer(std::move(array));
          }};
}

Endpoint connections(const AdminParts& parts) {
  return {"GET",
          "/api/admin/connections",
          {"adminConnections",
           "Who is connected, newest first, for administrators",
           "AdminConnection[]",
           {"not_admin"}},
          Access::logged_in,
          {{}, true},
          [parts](Call& call) -> Result<Answer> {
            if (const auto checked = parts.admin.check(call.actor); !checked) {
              return checked.error();
            }
            auto found = parts.nodes.connections();
            if (!found) return found.error();
            std::ranges::sort(*found, std::ranges::greater{}, &Nodes::Connection::since);
            if (found->size() > chat::Admin::listed_max) found->resize(chat::Admin::listed_max);
            std::set<std::int64_t> ids;
            for (const auto& each : *found) ids.insert(each.user_id);
            const auto names = parts.admin.names(call.actor, ids);
            if (!names) return names.error();
            JsonArray array;
            for (const auto& each : *found) {
              const auto name = names->find(each.user_id);
              array.push_back(
                  JsonObject{{"id", each.id},
                             {"userId", each.user_id},
                             {"username", name == names->end() ? std::string() : name->second},
                             {"address", each.address},
                             {"since", to_iso8601(each.since)},
                             {"node", each.node}});
            }
            return Answer(std::move(array));
          }};
}

Endpoint disconnect(const AdminParts& parts) {
  return {"POST",
          "/api/admin/disconnect",
          {"adminDisconnect",
           "End one connection, for administrators",
           "",
           {"not_admin"},
           "Its log-in stays: a client that connects again is let in."},
          Access::logged_in,
          {{{"id", {{not_empty}, {max_length, 64}}}}},
          [parts](Call& call) -> Result<Answer> {
            if (const auto checked = parts.admin.check(call.actor); !checked) {
              return checked.error();
            }
            parts.nodes.disconnect(text_of(call.input, "id"));
            return Answer();
          }};
}

}  // namespace

std::vector<Endpoint> admin_endpoints(const AdminParts& parts) {
  return {overview(parts), users(parts), groups(parts), connections(parts), disconnect(parts)};
}

}  // namespace coterie::api
