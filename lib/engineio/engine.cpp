// SPDX-License-Identifier: MIT
#include "engineio/engine.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/shrink.hpp"
#include "engineio/polling.hpp"
#include "engineio/websocket_transport.hpp"
#include "net/http_connection.hpp"
#include "net/shard.hpp"

namespace coterie::engineio {

namespace {

constexpr std::string_view alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";

// Control characters other than a tab: what no browser sends and a log should not repeat.
bool has_control_character(std::string_view text) {
  return std::ranges::any_of(text,
                             [](unsigned char c) { return (c < 0x20 && c != '\t') || c == 0x7F; });
}

}  // namespace

Engine::Engine(net::Shard& shard, const Options& options, const HandlerFactory& make_handler)
    : shard_(shard), options_(options), make_handler_(make_handler) {}

Engine::~Engine() = default;

std::optional<unsigned> Engine::home_of(const net::Request& request, unsigned shards) {
  const net::Query query(request.raw_query());
  const std::string_view sid = query.get("sid");
  if (sid.size() != Id::length) return std::nullopt;
  const std::size_t high = alphabet.find(sid[0]);
  const std::size_t low = alphabet.find(sid[1]);
  if (high == std::string_view::npos || low == std::string_view::npos) return std::nullopt;
  const std::size_t shard = high * alphabet.size() + low;
  return shard < shards ? std::optional(static_cast<unsigned>(shard)) : std::nullopt;
}

Id Engine::make_sid() {
  std::string text = random_id(*options_.random, Id::length);
  text[0] = alphabet[shard_.index() / alphabet.size() % alphabet.size()];
  text[1] = alphabet[shard_.index() % alphabet.size()];
  return *Id::parse(text);
}

std::string_view Engine::message_of(Refusal code) {
  switch (code) {
    case Refusal::unknown_transport:
      return "Transport unknown";
    case Refusal::unknown_session:
      return "Session ID unknown";
    case Refusal::bad_method:
      return "Bad handshake method";
    case Refusal::bad_request:
      return "Bad request";
    case Refusal::forbidden:
      return "Forbidden";
    case Refusal::unsupported_version:
      return "Unsupported protocol version";
  }
  return "";
}

net::Response Engine::refusal(Refusal code) {
  return net::text_response(
      code == Refusal::forbidden ? 403 : 400,
      fmt::format(R"({{"code":{},"message":"{}"}})", static_cast<int>(code), message_of(code)),
      "application/json");
}

std::optional<Engine::Refusal> Engine::verify(const net::Request& request, const net::Query& query,
                                              bool is_upgrade, Session*& session) {
  const std::string_view transport = query.get("transport");
  if (transport != "polling" && transport != "websocket") return Refusal::unknown_transport;
  if (has_control_character(request.fields.get("Origin"))) return Refusal::bad_request;
  const std::string_view sid = query.get("sid");
  if (!sid.empty()) {
    const auto id = Id::parse(sid);
    session = id ? find(*id) : nullptr;
    if (!session) return Refusal::unknown_session;
    // The protocol's revision belongs to the session: a request may not claim another one.
    if (query.get("EIO") != "4") return Refusal::bad_request;
    if (!is_upgrade && (transport == "websocket" || !session->polling())) {
      return Refusal::bad_request;
    }
    return std::nullopt;
  }
  if (request.method != "GET") return Refusal::bad_method;
  if (transport == "websocket" && !is_upgrade) return Refusal::bad_request;
  if (query.get("EIO") != "4") return Refusal::unsupported_version;
  return std::nullopt;
}

void Engine::handle(net::Request request, net::Reply reply) {
  const net::Query query(request.raw_query());
  Session* session = nullptr;
  if (const auto code = verify(request, query, false, session)) return reply(refusal(*code));
  if (!session) {
    if (sessions_.size() >= options_.sessions_max) {
      return reply(net::text_response(503, "Too many sessions"));
    }
    Session& opened = open_session(request);
    opened.open_polling(make_handler_(opened));
    return begin_get(opened, request, std::move(reply));
  }
  if (request.method == "GET") return begin_get(*session, request, std::move(reply));
  if (request.method == "POST") return session->polling()->on_post(request, std::move(reply));
  reply(net::text_response(500, "", "text/html"));
}

void Engine::begin_get(Session& session, const net::Request& request, net::Reply reply) {
  // By id: the session, and this very poll, may be gone by the time the client gives up.
  reply.on_abort([this, sid = session.sid(), number = session.polling()->poll_number() + 1] {
    Session* aborted = find(sid);
    if (aborted && aborted->polling()) aborted->polling()->on_poll_aborted(number);
  });
  session.polling()->on_get(std::move(reply), net::preferred_coding(request.fields));
}

void Engine::upgrade(net::HttpUpgrade upgrade) {
  const net::Request& request = upgrade.request();
  const net::Query query(request.raw_query());
  Session* session = nullptr;
  if (const auto code = verify(request, query, true, session)) {
    return upgrade.refuse(net::text_response(400, std::string(message_of(*code)), "text/html"));
  }
  if (auto objection = net::websocket_objection(request)) {
    return upgrade.refuse(std::move(*objection));
  }
  const bool is_websocket = query.get("transport") == "websocket";
  if (!session && sessions_.size() >= options_.sessions_max) {
    return upgrade.refuse(net::text_response(503, "Too many sessions"));
  }
  net::Fields answer = net::websocket_accept(request);
  std::uint32_t inflated_bytes_max = 0;
  if (options_.per_message_deflate) {
    if (auto agreed = net::agree_on_deflate(request.fields, *options_.per_message_deflate)) {
      answer.add("Sec-WebSocket-Extensions", std::move(agreed->answer));
      inflated_bytes_max = agreed->message_bytes_max;
    }
  }
  auto transport = std::make_unique<WebSocketTransport>(upgrade.connection(), options_.max_payload,
                                                        inflated_bytes_max);
  WebSocketTransport& wire = *transport;
  Session* opened = session || !is_websocket ? nullptr : &open_session(request);
  upgrade.accept(answer, std::move(transport));
  if (opened) {
    wire.attach(*opened);
    opened->open_websocket(make_handler_(*opened), wire);
  } else if (session && is_websocket && session->offer_candidate(wire)) {
    wire.attach(*session);
  } else {
    wire.close();  // As the reference: accepted, then closed without a word.
  }
}

Session& Engine::open_session(const net::Request& request) {
  const Id sid = make_sid();
  auto session = std::make_unique<Session>(*this, sid, Handshake(request, options_.clock->wall()));
  return *sessions_.emplace(sid, std::move(session)).first->second;
}

Session* Engine::find(const Id& sid) {
  const auto found = sessions_.find(sid);
  return found == sessions_.end() ? nullptr : found->second.get();
}

void Engine::close_all() {
  std::vector<Id> sids;
  sids.reserve(sessions_.size());
  for (const auto& [sid, session] : sessions_) sids.push_back(sid);
  for (const Id& sid : sids) {
    if (Session* session = find(sid)) session->end("forced close");
  }
}

TimePoint Engine::now() const {
  return shard_.now();
}
TimerWheel& Engine::timers() {
  return shard_.timers();
}

void Engine::flush_later(Session& session) {
  if (to_flush_.empty()) shard_.defer([this] { flush_polls(); });
  to_flush_.push_back(session.sid());
}

void Engine::flush_polls() {
  for (const Id& sid : std::exchange(to_flush_, {})) {
    Session* session = find(sid);
    if (session && session->polling()) session->polling()->flush();
  }
}

void Engine::remove(Session& session, std::unique_ptr<SessionHandler> handler) {
  const auto found = sessions_.find(session.sid());
  shard_.bury(std::move(found->second));
  sessions_.erase(found);
  shrink_if_sparse(sessions_);
  shard_.bury(std::move(handler));
}

}  // namespace coterie::engineio
