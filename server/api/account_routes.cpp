// SPDX-License-Identifier: MIT
#include "api/account_routes.hpp"

#include "api/json_shapes.hpp"

namespace coterie::api {

namespace {

using enum RuleKind;

Result<Answer> nothing(Result<void> done) {
  if (!done) return done.error();
  return Answer();
}

Endpoint send_code(chat::Accounts& accounts) {
  return {"POST",
          "/api/auth/sendCode",
          {"sendCode",
           "Mail a registration code",
           "",
           {"too_soon", "email_taken", "too_many_attempts", "mail_failed"},
           "Six digits, valid for three minutes; one mail a minute to an address."},
          Access::open,
          {{{"email", {{not_empty}, {email}}}}, true},
          [&accounts](Call& call) {
            return nothing(accounts.send_code(text_of(call.input, "email"), call.request.remote));
          },
          Pace::slow};
}

Endpoint register_account(chat::Accounts& accounts) {
  return {"POST",
          "/api/auth/register",
          {"register",
           "Make an account with a mailed code",
           "",
           {"mail_code_wrong", "username_taken", "email_taken"},
           "Five wrong tries, and the code is dead. The nickname is `ying#` and eight characters."},
          Access::open,
          {{{"username", {{not_empty}, {max_length, 20}, {min_length, 6}}},
            {"email", {{not_empty}, {email}}},
            {"password", {{not_empty}, {password}}},
            {"code", {{not_empty}, {length_from, 6}}}}},
          [&accounts](Call& call) {
            return nothing(accounts.register_account(
                {text_of(call.input, "username"), text_of(call.input, "email"),
                 text_of(call.input, "password"), text_of(call.input, "code")}));
          },
          Pace::slow};
}

Endpoint captcha(chat::Accounts& accounts) {
  return {"GET",
          "/api/auth/catpcha",
          {"captcha",
           "A captcha to log in with, as an SVG picture",
           "svg",
           {},
           "Four characters, valid for three minutes and for one log-in, right or wrong."},
          Access::open,
          {{{"uid", {}, true}}, true},
          [&accounts](Call& call) -> Result<Answer> {
            auto svg = accounts.captcha(maybe_text_of(call.input, "uid").value_or("undefined"));
            if (!svg) return svg.error();
            net::Response response =
                net::text_response(200, std::move(*svg), "text/html; charset=utf-8");
            response.fields.add("Cache-Control", "no-store");
            return Answer(std::move(response));
          }};
}

Endpoint log_in(chat::Accounts& accounts) {
  return {"POST",
          "/api/auth/login",
          {"login",
           "Log in; the token authorizes everything else",
           "LoggedIn",
           {"captcha_wrong", "account_unknown", "password_wrong", "too_many_attempts"},
           "A log-in is good for 24 hours."},
          Access::open,
          {{{"loginName", {{not_empty}, {scalar}}},
            {"password", {{not_empty}, {password}}},
            {"code", {{not_empty}, {length_from, 4}}},
            {"uid", {{not_empty}, {scalar}}}}},
          [&accounts](Call& call) -> Result<Answer> {
            const auto logged_in =
                accounts.log_in({text_of(call.input, "loginName"), text_of(call.input, "password"),
                                 text_of(call.input, "code"), text_of(call.input, "uid")},
                                call.request.remote);
            if (!logged_in) return logged_in.error();
            return Answer(logged_in_json(*logged_in));
          },
          Pace::slow};
}

Endpoint log_out(chat::Accounts& accounts) {
  return {"GET",
          "/api/auth/logout",
          {"logout", "End this log-in", "", {}, "Its sockets are told `authFail` and closed."},
          Access::logged_in,
          {{}, true},
          [&accounts](Call& call) { return nothing(accounts.log_out(call.actor)); }};
}

Endpoint profile(chat::Accounts& accounts) {
  return {"GET",
          "/api/user",
          {"profile", "Oneself", "OwnUser", {"user_unknown"}},
          Access::logged_in,
          {{}, true},
          [&accounts](Call& call) -> Result<Answer> {
            const auto user = accounts.profile(call.actor);
            if (!user) return user.error();
            return Answer(own_user_json(*user));
          }};
}

Endpoint update_profile(chat::Accounts& accounts) {
  return {"POST",
          "/api/user",
          {"updateProfile",
           "Change one's names",
           "",
           {"username_taken"},
           "What is missing stays as it is; a nickname of null is none."},
          Access::logged_in,
          {{{"username", {{max_length, 20}, {min_length, 6}}, true},
            {"nickname", {{max_length, 20}, {min_length, 2}}, true}}},
          [&accounts](Call& call) {
            storage::UserChange change;
            change.username = maybe_text_of(call.input, "username");
            if (call.input.contains("nickname")) {
              change.nickname = maybe_text_of(call.input, "nickname");
            }
            return nothing(accounts.update_profile(call.actor, change));
          }};
}

}  // namespace

std::vector<Endpoint> account_endpoints(chat::Accounts& accounts) {
  return {send_code(accounts),     register_account(accounts), captcha(accounts),
          log_in(accounts),        log_out(accounts),          profile(accounts),
          update_profile(accounts)};
}

}  // namespace coterie::api
