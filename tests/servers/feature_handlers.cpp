// SPDX-License-Identifier: MIT
#include "feature_handlers.hpp"

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "net/shards.hpp"
#include "socketio/server.hpp"
#include "socketio/socket.hpp"

using coterie::Error;
using coterie::Json;
using coterie::JsonArray;
using coterie::JsonObject;
using coterie::Result;
namespace net = coterie::net;
namespace socketio = coterie::socketio;
using socketio::Ack;
using socketio::Args;
using socketio::Socket;

namespace {

std::string text_at(const Json& object, std::string_view name) {
  const Json* value = object.is_object() ? object.get_object().if_contains(name) : nullptr;
  return value && value->is_string() ? std::string(value->get_string()) : std::string();
}

bool flag_at(const Json& object, std::string_view name) {
  const Json* value = object.is_object() ? object.get_object().if_contains(name) : nullptr;
  return value && value->is_bool() && value->get_bool();
}

std::chrono::milliseconds time_of(const Json& number) {
  return std::chrono::milliseconds(number.to_number<int>());
}

// Whom `order` {rooms, except, volatile, local, fromSocket} means.
socketio::BroadcastOperator audience(Socket& socket, socketio::Namespace& space,
                                     const Json& order) {
  auto target = flag_at(order, "fromSocket") ? socket.broadcast() : space.all();
  const auto& fields = order.as_object();
  if (const Json* rooms = fields.if_contains("rooms")) {
    for (const Json& room : rooms->as_array()) target = target.to(std::string(room.as_string()));
  }
  if (const Json* except = fields.if_contains("except")) {
    for (const Json& room : except->as_array()) {
      target = target.except(std::string(room.as_string()));
    }
  }
  if (flag_at(order, "volatile")) target = target.as_volatile();
  if (flag_at(order, "local")) target = target.local();
  return target.compress(!flag_at(order, "uncompressed"));
}

Json names(std::vector<std::string> texts) {
  std::ranges::sort(texts);
  return JsonArray(texts.begin(), texts.end());
}

void add_rooms(socketio::Namespace& space) {
  space.on("join", [](Socket& socket, const Json& room, Ack ack) {
    socket.join(room.as_string());
    ack(names(socket.rooms()));
  });
  space.on("leave", [](Socket& socket, const Json& room, Ack ack) {
    socket.leave(room.as_string());
    ack(names(socket.rooms()));
  });
  space.on("send", [&space](Socket& socket, const Args& args, Ack ack) {
    socketio::Arguments what;
    const auto* bytes = args.binary(args[2]);
    bytes ? what.add(socketio::Binary{*bytes}) : what.add(args[2]);
    audience(socket, space, args[0]).emit(args[1].as_string(), what);
    ack("sent");
  });
  space.on("sockets-join", [&space](Socket& socket, const Json& order, const Json& room, Ack ack) {
    audience(socket, space, order).sockets_join(std::string(room.as_string()));
    ack("done");
  });
  space.on("sockets-leave", [&space](Socket& socket, const Json& order, const Json& room, Ack ack) {
    audience(socket, space, order).sockets_leave(std::string(room.as_string()));
    ack("done");
  });
  space.on("sockets-disconnect", [&space](Socket& socket, const Json& order, const Json& close) {
    audience(socket, space, order).disconnect_sockets(close.as_bool());
  });
  space.on("fetch", [&space](Socket& socket, const Json& order, Ack ack) {
    audience(socket, space, order).fetch_sockets([ack](std::vector<socketio::RemoteSocket> all) {
      std::ranges::sort(all, {}, &socketio::RemoteSocket::id);
      JsonArray found;
      for (const auto& each : all) {
        found.push_back(JsonObject{{"id", each.id},
                                   {"rooms", names(each.rooms)},
                                   {"data", each.data},
                                   {"auth", each.auth}});
      }
      ack(found);
    });
  });
}

void add_answers(socketio::Namespace& space) {
  space.on("ask", [&space](Socket& socket, const Json& order, const Json& time, const Json& what,
                           Ack ack) {
    audience(socket, space, order)
        .timeout(time_of(time))
        .emit_with_ack(
            "question",
            [ack](socketio::Answers answers) {
              std::vector<std::string> texts;
              for (const Args& each : answers.values) texts.push_back(coterie::to_text(each[0]));
              ack(JsonObject{{"answers", names(texts)}, {"isPartial", answers.missing > 0}});
            },
            what);
  });
  space.on("ask-me", [](Socket& socket, const Json& time, const Json& what) {
    socket.timeout(time_of(time))
        .emit_with_ack(
            "question",
            [ref = socket.ref()](const Result<Args>& answer) {
              ref.run([answer](Socket& asked) {
                if (answer) return asked.emit("answered", *answer);
                asked.emit("unanswered", answer.error().detail);
              });
            },
            what);
  });
  space.on("ask-servers", [&space](Socket&, Ack ack) {
    space.server_side_emit("ping-servers", 1);
    space.server_side_emit_with_ack(
        "ping-servers", std::chrono::seconds(1),
        [ack](const socketio::Answers& answers) { ack(answers.values.size() + answers.missing); },
        1);
  });
}

void add_listeners(socketio::Namespace& space) {
  space.on("listen", [](Socket& socket, Ack ack) {
    // Each of them tells what it has seen.
    socket.on_any([](Socket& from, std::string_view event, const Args& args) {
      if (event != "forget") from.emit("any", event, args.size());
    });
    auto outgoing = std::make_shared<std::vector<std::string>>();
    socket.on_any_outgoing([outgoing](Socket&, std::string_view event, const Args& args) {
      outgoing->push_back(std::string(event) + " " + std::to_string(args.size()) + " " +
                          std::to_string(args.attachments().size()));
    });
    socket.on("outgoing", [outgoing](Socket&, Ack tell) {
      tell(JsonArray(outgoing->begin(), outgoing->end()));
    });
    socket.once("once", [](Socket& from) { from.emit("once-heard"); });
    socket.on("forgotten", [](Socket& from) { from.emit("not-forgotten"); });
    socket.on("forget", [](Socket& from) { from.off("forgotten"); });
    ack("listening");
  });
  space.on("filter", [](Socket& socket, Ack ack) {
    socket.use([](Socket&, std::string_view event, const Args&, socketio::NextEvent next) {
      if (event == "forbidden") return next(Error("forbidden", "not this event"));
      next();
    });
    socket.use([](Socket&, std::string_view event, const Args&, socketio::NextEvent next) {
      if (event != "late") return next();
      net::Shard::here()->run_after(std::chrono::milliseconds(50), [next] { next(); });
    });
    socket.on_error([](Socket& from, const Error& error) { from.emit("refused", error.detail); });
    for (const char* event : {"forbidden", "late", "prompt"}) {
      socket.on(event, [event](Socket& from) { from.emit("passed", event); });
    }
    ack("filtering");
  });
}

void add_facts(socketio::Namespace& space, socketio::Namespace& log) {
  space.on("set-data", [](Socket& socket, const Json& data, Ack ack) {
    socket.data() = data.as_object();
    ack(socket.data());
  });
  space.on("facts", [](Socket& socket, Ack ack) {
    ack(JsonObject{{"id", socket.id()},
                   {"data", socket.data()},
                   {"recovered", socket.is_recovered()},
                   {"rooms", names(socket.rooms())},
                   {"address", socket.handshake().address()},
                   {"url", std::string(socket.handshake().url().substr(0, 11))}});
  });
  space.on("leave-me",
           [](Socket& socket, const Json& close) { socket.disconnect(close.as_bool()); });
  // What has become of sockets, told to whoever watches.
  space.on_disconnecting([&log](Socket& socket, std::string_view reason) {
    log.emit("leaving", socket.id(), reason, socket.rooms().size());
  });
  space.on_disconnect([&log](Socket& socket, std::string_view reason) {
    log.emit("left", socket.id(), reason, socket.rooms().size());
  });
}

void add_namespaces(socketio::Server& server) {
  server.of("/guarded")
      .use([](Socket& socket, const socketio::Next& next) {
        socket.data()["steps"] = 1;
        const std::string token = text_at(socket.auth(), "token");
        if (token == "good") return next();
        if (token == "plain") return next(socketio::ConnectError{"no entry", std::nullopt});
        next(socketio::ConnectError{"no entry", Json{{"code", 7}, {"hint", "ask again"}}});
      })
      .use([](Socket& socket, const socketio::Next& next) {
        socket.data()["steps"] = 2;
        net::Shard::here()->run_after(std::chrono::milliseconds(20), [next] { next(); });
      })
      .on_connect([](Socket& socket) { socket.emit("steps", socket.data()["steps"]); });
  const auto greet = [](Socket& socket) { socket.emit("hello", 1); };
  auto& numbered = server.of_pattern("/dynamic-\\d+");
  numbered.on_connect(greet).on(
      "all", [&numbered](Socket&, const Json& what) { numbered.emit("to-all", what); });
  server
      .of_matching([](std::string_view name, const Json& auth) {
        return name.starts_with("/for-") && text_at(auth, "name") == name.substr(5);
      })
      .on_connect(greet);
}

}  // namespace

void add_features(socketio::Server& server) {
  socketio::Namespace& space = server.of("/");
  add_rooms(space);
  add_answers(space);
  add_listeners(space);
  add_facts(space, server.of("/log"));
  add_namespaces(server);
}
