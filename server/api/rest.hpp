// REST: endpoints as rows of a table, run on workers, their results put into envelopes.
//
// ORDER OF CHECKS, the seed system's: is the body well formed (400) · is there such a route (404) ·
// who asks (401) · is the input valid (400) · the rules. What a client is told is in the envelope:
//   success  {"status":0,"data":…,"message":"success"}
//   failure  {"status":S,"timestamp":…,"path":…,"message":M,…,"code":"stable_code"}
// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "api/schema.hpp"
#include "base/json.hpp"
#include "base/json_text.hpp"
#include "base/result.hpp"
#include "chat/accounts.hpp"
#include "chat/actor.hpp"
#include "net/http.hpp"
#include "net/router.hpp"
#include "net/workers.hpp"

namespace coterie::api {

// One request that has passed its checks.
struct Call {
  net::Request request;
  JsonObject input;   // Body of a POST, query of a GET.
  chat::Actor actor;  // Set for endpoints that need one.
};

// What an endpoint answers: data for the envelope, nothing, or a response of its own.
struct Answer {
  Answer() = default;
  Answer(JsonText value) : data(std::move(value)) {}  // NOLINT: an endpoint returns its data
  Answer(JsonObject value) : data(JsonText{to_text(std::move(value))}) {}  // NOLINT
  Answer(JsonArray value) : data(JsonText{to_text(std::move(value))}) {}   // NOLINT
  Answer(net::Response value) : response(std::move(value)) {}              // NOLINT

  std::optional<JsonText> data;
  std::optional<net::Response> response;
  bool has_made = true;  // A POST made something: 201, else 200.
};

// How a call is answered: once, from any thread. A call that nobody answers is answered 500.
using Respond = std::function<void(Result<Answer>)>;

// What an endpoint does with a call: most return what they answer, and who has to wait for others
// without keeping a worker takes a Respond. The call lives as long as that.
class Handler {
 public:
  template <class F>
    requires std::is_invocable_r_v<Result<Answer>, F&, Call&>
  Handler(F answer)  // NOLINT: implicit, as a lambda is a handler
      : handle_([answer = std::move(answer)](Call& call, const Respond& respond) {
          respond(answer(call));
        }) {}
  template <class F>
    requires std::is_invocable_v<F&, Call&, const Respond&>
  Handler(F handle) : handle_(std::move(handle)) {}  // NOLINT

  void operator()(Call& call, const Respond& respond) const { handle_(call, respond); }

 private:
  std::function<void(Call&, const Respond&)> handle_;
};

enum class Access : std::uint8_t { open, logged_in };

// What an endpoint waits for. Mails and password hashes take long, on purpose or by others' fault,
// so they have workers of their own: a storm of log-ins must not hold up the messages.
enum class Pace : std::uint8_t { quick, slow };

// What the description of the interface says of an endpoint (api/openapi).
struct Told {
  std::string_view id;  // What generated clients call it: never changes.
  std::string_view summary;
  std::string_view answer;               // The schema of its data, "Name" or "Name[]"; "" is none.
  std::vector<std::string_view> errors;  // Codes of the rules it may run into.
  std::string_view remarks = {};         // More than a line can say.
  bool may_be_repeated = false;          // With 200, when it is done already.
};

struct Endpoint {
  std::string_view method;
  std::string_view path;
  Told told;
  Access access;
  Shape input;
  Handler handle;
  Pace pace = Pace::quick;
};

class Rest {
 public:
  Rest(net::Workers& quick, net::Workers& slow, chat::Accounts& accounts)
      : quick_(quick), slow_(slow), accounts_(accounts) {}

  net::Route route(const Endpoint& endpoint);

  // The log-in that a request carries: `Authorization: Bearer <token>`. Blocks.
  Result<chat::Actor> authenticate(const net::Request& request) const;

 private:
  struct Asked;
  void run(const Endpoint& endpoint, const std::shared_ptr<Asked>& asked) const;
  Result<void> check_call(const Endpoint& endpoint, Call& call) const;

  net::Workers& quick_;
  net::Workers& slow_;
  chat::Accounts& accounts_;
};

// The token of an Authorization header: what stands behind "Bearer "; empty when there is none.
std::string_view bearer_token(std::string_view authorization);

net::Response success(const net::Request& request, const Answer& answer);
net::Response failure(const net::Request& request, const Error& error);
// For what HTTP itself refuses, and for routes that are not there.
net::Response http_failure(const net::Request& request, int status, std::string_view code,
                           std::string_view message);

}  // namespace coterie::api
