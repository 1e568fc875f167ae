// What applications hand to on() and use(): plain functions, and how typed ones become them.
//
// An event handler takes the socket, then its arguments, then (if it answers) the Ack:
//
//   [](Socket& socket, const Args& args, Ack ack) {}      // every argument
//   [](Socket& socket, const Json& text) {}               // the first one, null when absent
//   [](Socket& socket, const Json& a, const Json& b, Ack ack) {}
// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "base/result.hpp"
#include "socketio/ack.hpp"
#include "socketio/arguments.hpp"
#include "socketio/next.hpp"

namespace coterie::socketio {

class Socket;

// Why a client may not join: the client's connect_error gets the message and, if any, the data.
struct ConnectError {
  std::string message;
  std::optional<Json> data;
};

using Next = BasicNext<ConnectError>;
using NextEvent = BasicNext<Error>;

using EventHandler = std::function<void(Socket&, const Args&, Ack)>;
using AnyHandler = std::function<void(Socket&, std::string_view event, const Args&)>;
using AckHandler = std::function<void(Result<Args>)>;
using ConnectHandler = std::function<void(Socket&)>;
using DisconnectHandler = std::function<void(Socket&, std::string_view reason)>;
// An event that a socket's middleware has refused.
using ErrorHandler = std::function<void(Socket&, const Error&)>;
// An event of another node of the cluster, and the answer to it: ack(arguments("yes")), which goes
// nowhere when that node has not asked.
using ServerAck = std::function<void(Arguments)>;
using ServerEventHandler = std::function<void(const Args&, ServerAck)>;

// Sees a socket before it is connected: next() lets it in, next(ConnectError{…}) refuses it.
using Middleware = std::function<void(Socket&, Next)>;
// Sees an event before its handlers: next() lets it through, next(Error{…}) refuses it.
using EventMiddleware =
    std::function<void(Socket&, std::string_view event, const Args&, NextEvent next)>;

namespace detail {

template <std::size_t>
using JsonArgument = const Json&;

template <class F, std::size_t... I>
constexpr int shape(std::index_sequence<I...>) {
  if (std::is_invocable_v<F&, Socket&, JsonArgument<I>..., Ack>) return 2;
  if (std::is_invocable_v<F&, Socket&, JsonArgument<I>...>) return 1;
  return 0;
}

template <class F, std::size_t... I>
EventHandler spread(F function, std::index_sequence<I...> indices) {
  if constexpr (shape<F>(indices) == 2) {
    return [function = std::move(function)](Socket& socket, const Args& args, Ack ack) mutable {
      function(socket, args[I]..., std::move(ack));
    };
  } else if constexpr (shape<F>(indices) == 1) {
    return [function = std::move(function)](Socket& socket, [[maybe_unused]] const Args& args,
                                            Ack) mutable { function(socket, args[I]...); };
  } else {
    static_assert(sizeof...(I) < 8, "an event handler takes (Socket&, const Json&…, Ack)");
    return spread(std::move(function), std::make_index_sequence<sizeof...(I) + 1>());
  }
}

}  // namespace detail

template <class F>
EventHandler event_handler(F function) {
  if constexpr (std::is_invocable_v<F&, Socket&, const Args&, Ack>) {
    return function;
  } else if constexpr (std::is_invocable_v<F&, Socket&, const Args&>) {
    return [function = std::move(function)](Socket& socket, const Args& args, Ack) mutable {
      function(socket, args);
    };
  } else {
    return detail::spread(std::move(function), std::make_index_sequence<0>());
  }
}

}  // namespace coterie::socketio
