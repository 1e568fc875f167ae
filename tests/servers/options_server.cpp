// A server for each option of Engine.IO, each with its own path and all of them echoing, and a
// Socket.IO server that takes old clients. tests/support/reference_server.mjs is the same on Node.
//
//   options_server PORT
// SPDX-License-Identifier: MIT
#include <atomic>
#include <chrono>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "engineio/server.hpp"
#include "net/shard.hpp"
#include "net/shards.hpp"
#include "net/workers.hpp"
#include "socketio/server.hpp"
#include "socketio/socket.hpp"

using namespace std::chrono_literals;
namespace engineio = coterie::engineio;
namespace net = coterie::net;
namespace socketio = coterie::socketio;

namespace {

std::atomic<int> sessions_opened = 0;

class Echo final : public engineio::SessionHandler {
 public:
  explicit Echo(engineio::Session& session) : session_(session) { ++sessions_opened; }

  void on_message(std::string_view message, bool is_binary) override {
    session_.send(is_binary ? engineio::Frame::binary(message)
                            : engineio::Frame(engineio::PacketType::message, message));
  }
  void on_closed(std::string_view) override {}

 private:
  engineio::Session& session_;
};

// Decides as the query's "allow" says.
void allow_request(net::Workers& workers, const net::Request& request,
                   const engineio::Decision& decision) {
  static thread_local std::vector<engineio::Decision> never;
  const net::Query query(request.raw_query());
  const std::string_view wish = query.get("allow");
  net::Shard& shard = *net::Shard::here();
  if (wish == "yes") {
    decision.accept();
  } else if (wish == "later") {
    shard.run_after(10ms, [decision] { decision.accept(); });
  } else if (wish == "thread") {
    workers.run_next([decision] { decision.accept(); });
  } else if (wish == "late") {
    shard.run_after(300ms, [decision] { decision.accept(); });
  } else if (wish == "no-later") {
    shard.run_after(10ms, [decision] { decision.refuse(); });
  } else if (wish == "words") {
    decision.refuse("not \"you\"");
  } else if (wish == "twice") {
    decision.accept();
    decision.refuse();
  } else if (wish == "never") {
    never.push_back(decision);
  } else if (wish == "no") {
    decision.refuse();
  }  // Anything else: the decision is lost.
}

engineio::Options at(std::string path) {
  engineio::Options options;
  options.path = std::move(path);
  return options;
}

std::vector<engineio::Options> cookies_and_cors() {
  engineio::Options cookie = at("/cookie");
  cookie.cookie.emplace();
  engineio::Options biscuit = at("/biscuit");
  biscuit.cookie = engineio::Cookie{.name = "biscuit",
                                    .path = "/x",
                                    .http_only = false,
                                    .same_site = engineio::SameSite::none,
                                    .secure = true,
                                    .max_age = 60s,
                                    .domain = "example.org"};
  engineio::Options cors = at("/cors");
  cors.cors.emplace();
  engineio::Options list = at("/cors-list");
  list.cors = engineio::Cors{.origin = {"https://a.example", "https://b.example"},
                             .credentials = true,
                             .methods = {"GET", "POST"},
                             .allowed_headers = {"X-One", "X-Two"},
                             .exposed_headers = {"X-Three"},
                             .max_age = 600s,
                             .success_status = 200};
  engineio::Options any = at("/cors-any");
  any.cors = engineio::Cors{.origin = engineio::CorsOrigin::any(), .credentials = true};
  engineio::Options some = at("/cors-some");
  some.cors = engineio::Cors{
      .origin = [](std::string_view origin) { return origin.ends_with(".example"); }};
  return {cookie, biscuit, cors, list, any, some};
}

std::vector<engineio::Options> all_options(net::Workers& workers) {
  std::vector<engineio::Options> all = cookies_and_cors();
  all.push_back(at("/plain/"));
  all.push_back(at("/allow"));
  all.back().allow_request = [&workers](const net::Request& request, const auto& decision) {
    allow_request(workers, request, decision);
  };
  all.push_back(at("/websocket"));
  all.back().transports.polling = false;
  all.push_back(at("/polling"));
  all.back().transports.websocket = false;
  all.push_back(at("/stay"));
  all.back().allow_upgrades = false;
  all.push_back(at("/headers"));
  all.back().on_initial_headers = [](net::Fields& fields, const net::Request&) {
    fields.add("X-Initial", "1");
  };
  all.back().on_headers = [](net::Fields& fields, const net::Request& request) {
    fields.add("X-Method", request.method);
  };
  all.push_back(at("/noslash/"));
  all.back().add_trailing_slash = false;
  all.push_back(at("/three"));
  all.back().allow_eio3 = true;
  all.push_back(at("/three-short"));
  all.back().allow_eio3 = true;
  all.back().ping_interval = 300ms;
  all.back().ping_timeout = 200ms;
  all.push_back(at("/short"));
  all.back().upgrade_timeout = 200ms;
  return all;
}

void set_up(socketio::Server& server) {
  for (const char* name : {"/", "/custom"}) {
    server.of(name).on_connect(
        [](socketio::Socket& socket) { socket.emit("auth", socket.auth()); });
    server.of(name).on("message", [](socketio::Socket& socket, const socketio::Args& args) {
      socket.emit("message-back", args);
    });
    server.of(name).on("message-with-ack", [](socketio::Socket&, const socketio::Args& args,
                                              socketio::Ack ack) { ack(args); });
  }
  server.of("/no").use([](socketio::Socket&, const socketio::Next& next) {
    next(socketio::ConnectError{"not you", std::nullopt});
  });
  server.of("/no-data").use([](socketio::Socket&, const socketio::Next& next) {
    next(socketio::ConnectError{"not you", coterie::JsonObject{{"why", "no reason"}}});
  });
}

net::Route count_of_sessions() {
  net::Route route;
  route.method = "GET";
  route.pattern = "/opened";
  route.handler = [](const net::Request&, net::Reply reply) {
    reply(net::text_response(200, std::to_string(sessions_opened)));
  };
  return route;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: options_server PORT\n");
    return 2;
  }
  net::block_stop_signals();
  net::Workers workers{{.name = "deciding", .threads = 1}};
  net::Shards shards{{.http = {.head_timeout = 1s}}};
  net::Router router;
  router.add(count_of_sessions());
  std::vector<std::unique_ptr<engineio::Server>> servers;
  for (const engineio::Options& options : all_options(workers)) {
    servers.push_back(std::make_unique<engineio::Server>(
        shards, options,
        [](engineio::Session& session) { return std::make_unique<Echo>(session); }));
    router.add(servers.back()->routes());
  }
  socketio::Server socketio_server(
      shards, {.allow_eio3 = true,
               .allow_request = [](const net::Request&, auto decision) { decision.accept(); }});
  set_up(socketio_server);
  router.add(socketio_server.routes());
  const auto port = shards.listen(std::string("127.0.0.1:") + argv[1], std::move(router));
  if (!port) {
    std::fprintf(stderr, "options_server: %s\n", port.error().detail.c_str());
    return 1;
  }
  shards.run_until_signal();
}
