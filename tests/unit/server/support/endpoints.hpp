// The endpoints of the API on the rules of a test's own, called as HTTP would call them.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "api/account_routes.hpp"
#include "api/conversation_routes.hpp"
#include "api/file_routes.hpp"
#include "api/group_routes.hpp"
#include "api/rest.hpp"
#include "net/workers.hpp"
#include "support/house.hpp"

namespace coterie::tests {

class Endpoints : public House {
 protected:
  void SetUp() override {
    House::SetUp();
    workers = std::make_unique<net::Workers>(net::Workers::Options{.threads = 2});
    rest = std::make_unique<api::Rest>(*workers, *workers, *accounts);
    for (auto& each : api::account_endpoints(*accounts)) endpoints.push_back(std::move(each));
    for (auto& each : api::group_endpoints(groups)) endpoints.push_back(std::move(each));
    for (auto& each : api::conversation_endpoints(conversations)) {
      endpoints.push_back(std::move(each));
    }
  }
  void TearDown() override { workers->stop(); }

  const api::Endpoint& endpoint(std::string_view method, std::string_view path) const {
    const auto found = std::ranges::find_if(endpoints, [&](const api::Endpoint& each) {
      return each.method == method && each.path == path;
    });
    COTERIE_CHECK(found != endpoints.end());
    return *found;
  }
  // Runs a route's handler and waits for what it answers.
  static net::Response answer(const net::Route& route, net::Request request) {
    std::promise<net::Response> answered;
    route.handler(std::move(request), net::Reply([&answered](net::Response response) {
                    answered.set_value(std::move(response));
                  }));
    return answered.get_future().get();
  }
  net::Response call(std::string_view method, std::string_view path, net::Request request) {
    request.method = method;
    if (request.target.empty()) request.target = path;
    return answer(rest->route(endpoint(method, path)), std::move(request));
  }
  static net::Request as(const chat::Actor& actor, const std::string& json = "") {
    net::Request request;
    request.remote = address;
    request.fields.add("Authorization", "Bearer " + actor.token);
    if (!json.empty()) request.fields.add("Content-Type", "application/json");
    request.body = json;
    return request;
  }
  net::Response post(const chat::Actor& actor, std::string_view path, const std::string& json) {
    return call("POST", path, as(actor, json));
  }
  net::Response get(const chat::Actor& actor, std::string_view path,
                    const std::string& query = "") {
    net::Request request = as(actor);
    request.target = std::string(path) + query;
    return call("GET", path, std::move(request));
  }

  std::vector<api::Endpoint> endpoints;
  std::unique_ptr<net::Workers> workers;
  std::unique_ptr<api::Rest> rest;
};

// The members of a JSON object in their order, as one text: "id createAt updateAt".
inline std::string names_of(const JsonObject& object) {
  std::string names;
  for (const auto& member : object) {
    if (!names.empty()) names += ' ';
    names += std::string_view(member.key());
  }
  return names;
}

inline JsonObject body_of(const net::Response& response) {
  const auto body = parse_json(response.body);
  return body && body->is_object() ? body->get_object() : JsonObject();
}
inline std::string code_in(const net::Response& response) {
  const JsonObject body = body_of(response);
  const Json* code = body.if_contains("code");
  return code && code->is_string() ? std::string(code->get_string()) : std::string();
}

}  // namespace coterie::tests
