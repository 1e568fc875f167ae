// Bytes in both directions: files that clients leave in the server's memory and fetch again.
//
//   binary [PORT]
//
// "upload" (name, bytes, ack) keeps the bytes, tells everyone else "uploaded" (name, bytes) and
// answers {size}. "download" (name, ack) answers the bytes, or null. "offer" (name) makes the
// server ask for the file with "send" (name); the bytes in the client's ack are an upload, too,
// and the client hears "taken" (name, {size}).
// SPDX-License-Identifier: MIT
#include <chrono>
#include <map>
#include <string>

#include "base/guarded.hpp"
#include "net/shards.hpp"
#include "socketio/server.hpp"
#include "socketio/socket.hpp"

using coterie::Json;
using coterie::Result;
using coterie::SharedBytes;
namespace net = coterie::net;
namespace socketio = coterie::socketio;

namespace {

constexpr std::size_t files_max = 100;  // One is at most a message, so 100 MB in all.

// Guarded, because handlers run on all shards. The bytes themselves are counted, not copied.
using Files = coterie::Guarded<std::map<std::string, SharedBytes>>;

bool keep(Files& files, std::string name, const SharedBytes& bytes) {
  return files.with([&](auto& all) {
    if (all.size() >= files_max && !all.contains(name)) return false;
    all.insert_or_assign(std::move(name), bytes);
    return true;
  });
}

// What the client is told about its file; `bytes` is null when it has sent none.
Json take(Files& files, const socketio::Socket& from, const Json& name, const SharedBytes* bytes) {
  if (!name.is_string() || !bytes) return {{"error", "a name and its bytes, please"}};
  if (!keep(files, std::string(name.get_string()), *bytes)) return {{"error", "full"}};
  from.broadcast().emit("uploaded", name, socketio::Binary{*bytes});
  return {{"size", bytes->size()}};
}

}  // namespace

int main(int argc, char** argv) {
  Files files;
  net::Shards shards;
  socketio::Server server(shards);
  socketio::Namespace& space = server.of("/");

  // Binary arguments arrive in place as marks in the JSON; args.binary() finds what they stand for.
  space.on("upload", [&](socketio::Socket& socket, const socketio::Args& args, socketio::Ack ack) {
    ack(take(files, socket, args[0], args.binary(args[1])));
  });
  space.on("download", [&](socketio::Socket&, const Json& name, socketio::Ack ack) {
    files.with([&](const auto& all) {
      const auto found = name.is_string() ? all.find(std::string(name.get_string())) : all.end();
      if (found == all.end()) return ack(nullptr);
      ack(socketio::Binary{found->second});
    });
  });
  space.on("offer", [&](socketio::Socket& socket, const Json& name) {
    const auto on_answer = [&files, name, ref = socket.ref()](Result<socketio::Args> answer) {
      if (!answer) return;  // The client has left, or has thought better of it.
      ref.run([&files, name, args = *answer](socketio::Socket& from) {
        from.emit("taken", name, take(files, from, name, args.binary(args[0])));
      });
    };
    socket.timeout(std::chrono::seconds(10)).emit_with_ack("send", on_answer, name);
  });

  net::Router router;
  router.add(server.routes());
  const std::string port = argc > 1 ? argv[1] : "3000";
  if (!shards.listen("0.0.0.0:" + port, std::move(router))) return 1;
  shards.run_until_signal();
}
