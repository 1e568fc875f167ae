// SPDX-License-Identifier: MIT
#include "api/group_routes.hpp"

#include "api/json_shapes.hpp"

namespace coterie::api {

namespace {

using enum RuleKind;

Result<Answer> nothing(Result<void> done) {
  if (!done) return done.error();
  return Answer();
}

Endpoint create(chat::Groups& groups) {
  return {"POST",
          "/api/group",
          {"createGroup",
           "Make a group",
           "NewGroup",
           {"cover_unknown", "too_many_groups"},
           "The cover is one's own upload or somebody's, and of one group only."},
          Access::logged_in,
          {{{"name", {{not_empty}, {max_length, 32}, {min_length, 2}}},
            {"coverId", {{not_empty}, {number}}},
            {"description", {{max_length, 100}, {min_length, 2}}, true}}},
          [&groups](Call& call) -> Result<Answer> {
            // A number that is no whole one names no cover.
            const auto cover_id = integer_of(call.input, "coverId");
            if (!cover_id) return Error("cover_unknown");
            const auto group = groups.create(
                call.actor,
                {text_of(call.input, "name"), *cover_id, maybe_text_of(call.input, "description")});
            if (group) return Answer(new_group_json(*group));
            if (group.error().code == "cover_taken") {
              return validation_failed({"coverId is already the cover of a group"});
            }
            return group.error();
          }};
}

Endpoint join(chat::Groups& groups) {
  return {"POST",
          "/api/group/join",
          {"joinGroup",
           "Join a group by its invite code",
           "",
           {"invite_code_invalid", "already_in_group", "too_many_joins"}},
          Access::logged_in,
          {{{"code", {{not_empty}, {scalar}}}}},
          [&groups](Call& call) {
            return nothing(groups.join(call.actor, text_of(call.input, "code")));
          }};
}

Endpoint join_by_link(chat::Groups& groups) {
  return {"GET",
          "/api/group/join/:code",
          {"joinGroupByLink",
           "The same by GET, as the seed system has it",
           "",
           {"invite_code_invalid", "already_in_group", "too_many_joins"}},
          Access::logged_in,
          {{}, true},
          [&groups](Call& call) {
            return nothing(groups.join(call.actor, std::string(call.request.param("code"))));
          }};
}

Endpoint list(chat::Groups& groups) {
  return {"GET",
          "/api/group/list",
          {"listGroups", "The groups one owns, and those one has joined", "GroupLists", {}},
          Access::logged_in,
          {{}, true},
          [&groups](Call& call) -> Result<Answer> {
            const auto lists = groups.list(call.actor);
            if (!lists) return lists.error();
            return Answer(group_lists_json(*lists));
          }};
}

Endpoint detail(chat::Groups& groups) {
  return {"GET",
          "/api/group/:id",
          {"group",
           "A group and its members",
           "GroupDetail",
           {"group_unknown", "not_in_group"},
           "For members only; the invite code for its owner only. Of more than a thousand members "
           "those that come first, behind `skip`; then `memberCount` says how many there are."},
          Access::logged_in,
          {{{"skip", {{natural}}, true}}, true},
          [&groups](Call& call) -> Result<Answer> {
            const auto id = integer_of(Json(call.request.param("id")));
            if (!id) return validation_failed({"id must be an integer number"});
            const std::int64_t skip = integer_of(call.input, "skip").value_or(0);
            const auto found = groups.detail(call.actor, *id, skip);
            if (!found) return found.error();
            return Answer(group_detail_json(*found));
          }};
}

}  // namespace

std::vector<Endpoint> group_endpoints(chat::Groups& groups) {
  return {create(groups), join(groups), join_by_link(groups), list(groups), detail(groups)};
}

}  // namespace coterie::api
