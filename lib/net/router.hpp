// Which handler answers a method and a path. The table can be listed: OpenAPI is made from it.
//
// A pattern is a path whose segments may be named (":id") and whose end may be open ("/files/*").
// Literal segments win over named ones, named ones over open ends. Matching ignores case and one
// trailing slash, except in prefixes, which compare the raw target ("/socket.io/" as the reference
// does it). Routes are added before the shards run and never change afterwards; find() may be
// called from any thread.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/http.hpp"

namespace coterie::net {

class HttpArrival;  // net/http_exchange.hpp: a request whose body is still to come,
class HttpUpgrade;  // and one that leaves HTTP.

struct Route {
  std::string method;   // Empty: any method. A GET route answers HEAD, too.
  std::string pattern;  // "/api/group/:id", "/files/*".
  bool prefix = false;  // The pattern is the beginning of the raw target, compared byte by byte.

  Handler handler;                           // Gets the whole body, or
  SinkFactory sink;                          // gets it piece by piece.
  std::size_t body_max = 100 * 1024;         // Larger bodies of a handler answer 413; 0: no body.
  std::function<void(HttpUpgrade)> upgrade;  // Takes requests with "Upgrade: websocket".

  // On which shard a request must be handled; nullopt: wherever it came in.
  std::function<std::optional<unsigned>(const Request&)> home;

  // Told of a request whose body keeps us waiting, before the handler gets it.
  std::function<void(const Request&, HttpArrival)> arriving;

  // Words for what the connection itself must refuse: 400 malformed, 408 too slow, 413 body too
  // large, 417, 431 head too large, 501. `reason` says which, for a person. The request may be
  // incomplete. Runs on a shard: must not block. Empty: the router's words.
  using Refusal = std::function<Response(const Request&, int status, std::string_view reason)>;
  Refusal refusal;
};

class Router {
 public:
  void add(Route route);
  void add(std::vector<Route> routes);
  // Answers what no route matches, whether or not it has a body; the default is a plain 404.
  void set_fallback(Handler handler);

  // Words for routes that have none of their own; the default is a plain text.
  using Refusal = Route::Refusal;
  void set_refusal(Refusal refusal) { refusal_ = std::move(refusal); }
  Response refuse(const Request& request, int status, std::string_view reason) const;

  // The route for a request, whose params it fills in; never null.
  const Route* find(Request& request) const;
  const std::vector<Route>& routes() const { return routes_; }

 private:
  bool matches(const Route& route, Request& request) const;

  std::vector<Route> routes_;
  Route fallback_ = default_fallback();
  Refusal refusal_;

  static Route default_fallback();
};

}  // namespace coterie::net
