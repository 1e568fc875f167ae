// Who may come in: tokens are looked up before a client is connected, on a thread that may wait.
//
//   auth PORT TOKENS
//
// TOKENS is a file of lines "<token> <name> <role>". Clients connect with auth {token}; a refusal
// is a connect_error with data {code, hint}. Each hears "welcome" ({name, role}) and is in the room
// of its user: "tell" (name, text, ack) is heard as "told" (from, text) on all devices of that one.
// Only the role "admin" gets into /admin, where "kick" (name, ack) ends all connections of a user.
// SPDX-License-Identifier: MIT
#include <fstream>
#include <optional>
#include <string>

#include "net/shards.hpp"
#include "net/workers.hpp"
#include "socketio/server.hpp"
#include "socketio/socket.hpp"

using coterie::Json;
namespace net = coterie::net;
namespace socketio = coterie::socketio;

namespace {

struct User {
  std::string name;
  std::string role;
};

socketio::ConnectError refusal(const char* code, const char* hint) {
  return {"not authorized", Json{{"code", code}, {"hint", hint}}};
}

std::string room_of(const Json& name) {
  return name.is_string() ? "user:" + std::string(name.get_string()) : "nobody";
}

// Reads a file, so it may wait, as a database or another server would make it wait.
std::optional<User> find_user(const std::string& tokens, const std::string& token) {
  std::ifstream lines(tokens);
  User user;
  for (std::string each; lines >> each >> user.name >> user.role;) {
    if (each == token) return user;
  }
  return std::nullopt;
}

// A shard must not wait, so a worker does. Next may be called there, and a SocketRef used.
socketio::Middleware check_token(net::Workers& workers, std::string tokens) {
  return [&workers, tokens](socketio::Socket& socket, socketio::Next next) {
    const Json* token = socket.auth().as_object().if_contains("token");
    if (!token || !token->is_string()) return next(refusal("no_token", "auth: { token }"));
    const std::string text(token->get_string());
    const bool is_taken = workers.run([=, ref = socket.ref()] {
      const auto user = find_user(tokens, text);
      if (!user) return next(refusal("unknown_token", "log in again"));
      ref.run([user](socketio::Socket& known) {
        known.local() = *user;
        known.join("user:" + user->name);
      });
      next();  // Behind what ref runs: the order of calls is kept.
    });
    if (!is_taken) next(refusal("busy", "try again soon"));
  };
}

void check_admin(socketio::Socket& socket, socketio::Next next) {
  if (socket.local<User>()->role == "admin") return next();
  next(refusal("not_admin", "ask an admin"));
}

void welcome(socketio::Socket& socket) {
  const User& user = *socket.local<User>();
  socket.emit("welcome", Json{{"name", user.name}, {"role", user.role}});
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  net::Shards shards;
  socketio::Server server(shards);
  net::Workers workers({.name = "tokens"});  // Declared last: it ends while what it answers lives.
  const auto check = check_token(workers, argv[2]);
  socketio::Namespace& space = server.of("/");
  space.use(check).on_connect(welcome).on(
      "tell", [&](socketio::Socket& from, const Json& name, const Json& text, socketio::Ack ack) {
        space.to(room_of(name)).emit("told", from.local<User>()->name, text);
        ack("ok");
      });
  server.of("/admin")
      .use(check)
      .use(check_admin)
      .on_connect(welcome)
      .on("kick", [&](socketio::Socket&, const Json& name, socketio::Ack ack) {
        space.in(room_of(name)).disconnect_sockets(true);
        ack("ok");
      });

  net::Router router;
  router.add(server.routes());
  if (!shards.listen(std::string("0.0.0.0:") + argv[1], std::move(router))) return 1;
  shards.run_until_signal();
}
