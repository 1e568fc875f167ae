// SPDX-License-Identifier: MIT
#include "api/rest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <optional>

#include "api/input.hpp"
#include "base/clock.hpp"
#include "base/utf8.hpp"
#include "chat/errors.hpp"

namespace coterie::api {

namespace {

constexpr std::string_view json_type = "application/json; charset=utf-8";
constexpr std::size_t envelope_bytes = 64;  // At most, around the data of a success.

// An entity tag need not be secret, only differ when the body does: FNV-1a, but eight bytes at a
// time, with the upper bits, which a multiplication reaches alone, brought down again.
std::string weak_tag(std::string_view body) {
  std::uint64_t hash = 0xCBF29CE484222325ULL;
  for (std::string_view rest = body; !rest.empty();) {
    const std::size_t size = std::min(rest.size(), sizeof(std::uint64_t));
    std::uint64_t word = 0;
    std::memcpy(&word, rest.data(), size);
    hash = (hash ^ word) * 0x100000001B3ULL;
    hash ^= hash >> 32;
    rest.remove_prefix(size);
  }
  return fmt::format("W/\"{:x}-{:016x}\"", body.size(), hash);
}

net::Response json_response(const net::Request& request, int status, std::string body) {
  net::Response response = net::text_response(status, std::move(body), json_type);
  std::string tag = weak_tag(response.body);
  const bool is_read = request.method == "GET" || request.method == "HEAD";
  if (is_read && status == 200 && request.fields.get("If-None-Match") == tag) {
    response = net::Response();
    response.status = 304;
  }
  response.fields.add("ETag", std::move(tag));
  return response;
}

// Nest's built-in exceptions repeat the status in their own words.
void add_reason(JsonObject& body, int status) {
  if (status == 400) body["error"] = "Bad Request";
  if (status == 404) body["error"] = "Not Found";
  if (status == 400 || status == 404) body["statusCode"] = status;
}

net::Response failure_response(const net::Request& request, int status, Json message,
                               std::string_view code, std::optional<int> retry_after = {}) {
  JsonObject body{{"status", status},
                  {"timestamp", to_iso8601(system_clock().wall())},
                  {"path", to_utf8(request.target)},
                  {"message", std::move(message)}};
  add_reason(body, status);
  if (retry_after) body["retryAfter"] = *retry_after;
  body["code"] = code;
  net::Response response = json_response(request, status, to_text(body));
  if (retry_after) response.fields.add("Retry-After", std::to_string(*retry_after));
  return response;
}

// The router leaves an escape that it cannot decode as it is.
Result<void> check_path(std::string_view path) {
  while (!path.empty()) {
    const std::size_t slash = std::min(path.find('/'), path.size() - 1);
    const std::string_view segment = path.substr(0, path.find('/'));
    const auto decoded = net::percent_decode(segment);
    if (!decoded || !is_utf8(*decoded)) {
      return Error("bad_path", fmt::format("Failed to decode param '{}'", segment));
    }
    path.remove_prefix(slash + 1);
  }
  return {};
}

}  // namespace

std::string_view bearer_token(std::string_view authorization) {
  constexpr std::string_view prefix = "Bearer ";
  const std::size_t at = authorization.find(prefix);
  if (at == std::string_view::npos) return {};
  const std::string_view rest = authorization.substr(at + prefix.size());
  return rest.substr(0, rest.find(prefix));
}

net::Response success(const net::Request& request, const Answer& answer) {
  std::string body;
  if (answer.data) body.reserve(answer.data->text.size() + envelope_bytes);
  body += R"({"status":0)";
  if (answer.data) body.append(R"(,"data":)").append(answer.data->text);
  body += R"(,"message":"success"})";
  const int status = request.method == "POST" && answer.has_made ? 201 : 200;
  return json_response(request, status, std::move(body));
}

net::Response http_failure(const net::Request& request, int status, std::string_view code,
                           std::string_view message) {
  return failure_response(request, status, Json(to_utf8(message)), code);
}

net::Response failure(const net::Request& request, const Error& error) {
  if (error.code == "validation_failed") {
    return failure_response(request, 400, *parse_json(error.detail), error.code);
  }
  const chat::ErrorFact& fact = chat::fact_of(error);
  net::Response response =
      failure_response(request, fact.status, Json(to_utf8(chat::message_of(error))), fact.code,
                       chat::retry_after_seconds(error));
  if (fact.status == 503) response.fields.add("Retry-After", "1");
  return response;
}

// A call and the right to answer it: with whoever may still do so.
struct Rest::Asked {
  Asked(net::Request request, net::Reply its_reply)
      : call{std::move(request), {}, {}}, reply(std::move(its_reply)) {}
  ~Asked() {
    if (!has_begun) answer(Error("busy"));
  }
  Asked(const Asked&) = delete;
  Asked& operator=(const Asked&) = delete;

  void answer(Result<Answer> answer) {
    if (!answer) return reply(failure(call.request, answer.error()));
    reply(answer->response ? std::move(*answer->response)
                           : success(call.request, std::move(*answer)));
  }

  Call call;
  net::Reply reply;
  bool has_begun = false;
};

net::Route Rest::route(const Endpoint& endpoint) {
  net::Route route;
  route.method = endpoint.method;
  route.pattern = endpoint.path;
  route.handler = [this, endpoint](net::Request request, net::Reply reply) {
    net::Workers& workers = endpoint.pace == Pace::slow ? slow_ : quick_;
    // Refused, or dropped while the server stops: who asked hears of it either way.
    const auto asked = std::make_shared<Asked>(std::move(request), std::move(reply));
    static_cast<void>(workers.run([this, &endpoint = endpoint, asked] {
      asked->has_begun = true;
      run(endpoint, asked);
    }));
  };
  return route;
}

void Rest::run(const Endpoint& endpoint, const std::shared_ptr<Asked>& asked) const {
  if (const auto checked = check_call(endpoint, asked->call); !checked) {
    return asked->answer(checked.error());
  }
  endpoint.handle(asked->call,
                  [asked](Result<Answer> answer) { asked->answer(std::move(answer)); });
}

Result<void> Rest::check_call(const Endpoint& endpoint, Call& call) const {
  if (const auto decoded = check_path(call.request.path()); !decoded) return decoded.error();
  auto input = endpoint.method == "GET" ? Result<JsonObject>(parse_query(call.request.raw_query()))
                                        : parse_body(call.request);
  if (!input) return input.error();
  call.input = std::move(*input);
  if (endpoint.access == Access::logged_in) {
    auto actor = authenticate(call.request);
    if (!actor) return actor.error();
    call.actor = std::move(*actor);
  }
  return check(endpoint.input, call.input);
}

Result<chat::Actor> Rest::authenticate(const net::Request& request) const {
  const std::string_view token = bearer_token(request.fields.get("Authorization"));
  if (token.empty()) return Error("unauthorized");
  return accounts_.authenticate(std::string(token));
}

}  // namespace coterie::api
