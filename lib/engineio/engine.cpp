// SPDX-License-Identifier: MIT
#include "engineio/engine.hpp"

#include <algorithm>
#include <memory>
#include <utility>

#include "base/shrink.hpp"
#include "engineio/polling.hpp"
#include "engineio/websocket_transport.hpp"
#include "net/connection.hpp"
#include "net/shard.hpp"

namespace coterie::engineio {

namespace {

// Old clients may not listen yet when the open packet comes in one segment with the 101; the
// protocol's own tests of revision 3 do not.
constexpr auto old_client_pause = std::chrono::milliseconds(10);

// Internet Explorer up to 11 takes our answers for pages under attack.
bool is_old_explorer(const net::Request& request) {
  const std::string_view agent = request.fields.get("User-Agent");
  return agent.find(";MSIE") != std::string_view::npos ||
         agent.find("Trident/") != std::string_view::npos;
}

// What a client offers first is what it gets: browsers give up when none of theirs is chosen.
std::string_view first_subprotocol(const net::Request& request) {
  std::string_view first = request.fields.get("Sec-WebSocket-Protocol");
  first = first.substr(0, first.find(','));
  const std::size_t begin = std::min(first.find_first_not_of(" \t"), first.size());
  const std::size_t end = first.find_last_not_of(" \t") + 1;
  first = begin < end ? first.substr(begin, end - begin) : std::string_view();
  return net::is_token(first) ? first : std::string_view();
}

}  // namespace

Engine::Engine(net::Shard& shard, const Options& options, const HandlerFactory& make_handler)
    : shard_(shard), options_(options), make_handler_(make_handler) {}

Engine::~Engine() = default;

std::optional<unsigned> Engine::home_of(const net::Request& request, unsigned shards) {
  const net::Query query(request.raw_query());
  const auto sid = Id::parse(query.get("sid"));
  const auto shard = sid ? sid->home() : std::nullopt;
  return shard && *shard < shards ? shard : std::nullopt;
}

std::optional<Refusal> Engine::verify(const net::Request& request, const net::Query& query,
                                      bool is_upgrade, Session*& session) {
  using enum Refusal::Code;
  const std::string_view transport = query.get("transport");
  const bool is_websocket = transport == "websocket" && options_.transports.websocket;
  const bool is_polling = transport == "polling" && options_.transports.polling;
  if (!is_websocket && !is_polling) return unknown_transport;
  if (!net::is_field_value(request.fields.get("Origin"))) return bad_request;
  const std::string_view sid = query.get("sid");
  if (!sid.empty()) {
    const auto id = Id::parse(sid);
    session = id ? find(*id) : nullptr;
    if (!session) return unknown_session;
    // The protocol's revision belongs to the session: a request may not claim another one.
    if (query.get("EIO") != (session->revision() == 3 ? "3" : "4")) return bad_request;
    if (is_upgrade ? !options_.allow_upgrades : is_websocket || !session->polling()) {
      return bad_request;
    }
    return std::nullopt;
  }
  if (request.method != "GET") return bad_method;
  if (is_websocket && !is_upgrade) return bad_request;
  return std::nullopt;
}

void Engine::ask(const net::Request& request, const Decision::Settle& settle) {
  options_.allow_request(
      request, Decision([shard = &shard_, settle](std::optional<std::string> refusal) {
        shard->post(
            [settle, refusal = std::move(refusal)]() mutable { settle(std::move(refusal)); });
      }));
}

std::optional<Dialect> Engine::dialect_of(const net::Query& query) const {
  // Only these very words, as the reference's default takes anything for revision 3.
  const std::string_view revision = query.get("EIO");
  const bool is_old = revision == "3" && options_.allow_eio3;
  if (!is_old && revision != "4") return std::nullopt;
  return Dialect{is_old ? std::uint8_t{3} : std::uint8_t{4}, !query.get("b64").empty()};
}

void Engine::handle(net::Request request, net::Reply reply) {
  if (options_.cors) {
    if (request.method == "OPTIONS") return reply(preflight_answer(*options_.cors, request));
    reply = std::move(reply).with(cors_fields(*options_.cors, request));
  }
  Session* session = nullptr;
  const net::Query query(request.raw_query());
  if (const auto refusal = verify(request, query, false, session)) {
    return reply(refusal->of_request());
  }
  if (!session) return handle_first(std::move(request), std::move(reply));
  reply = std::move(reply).with(more_fields(request, false));
  if (request.method == "GET") return begin_get(*session, request, std::move(reply));
  if (request.method == "POST") return session->polling()->on_post(request, std::move(reply));
  reply(net::text_response(500, "", "text/html"));
}

void Engine::handle_first(net::Request request, net::Reply reply) {
  if (!options_.allow_request) return open_polling(request, std::move(reply));
  struct Asked {
    net::Request request;
    net::Reply reply;
    bool has_left = false;
  };
  auto asked = std::make_shared<Asked>(Asked{std::move(request), std::move(reply)});
  asked->reply.on_abort([asked] { asked->has_left = true; });
  ask(asked->request, [this, asked](std::optional<std::string> refusal) {
    if (asked->has_left) return;
    if (refusal) return asked->reply(Refusal::forbidden(std::move(*refusal)).of_request());
    open_polling(asked->request, std::move(asked->reply));
  });
}

void Engine::open_polling(const net::Request& request, net::Reply reply) {
  const auto dialect = dialect_of(net::Query(request.raw_query()));
  if (!dialect) return reply(Refusal(Refusal::Code::unsupported_version).of_request());
  if (sessions_.size() >= options_.sessions_max) {
    return reply(net::text_response(503, "Too many sessions"));
  }
  Session& session = open_session(request, *dialect);
  net::Fields fields;
  if (options_.cookie) {
    fields.add("Set-Cookie", set_cookie(*options_.cookie, session.sid().view()));
  }
  fields.add(more_fields(request, true));
  reply = std::move(reply).with(std::move(fields));
  session.open_polling(make_handler_(session));
  begin_get(session, request, std::move(reply));
}

net::Fields Engine::more_fields(const net::Request& request, bool is_initial) const {
  net::Fields fields;
  if (is_old_explorer(request)) fields.add("X-XSS-Protection", "0");
  if (is_initial && options_.on_initial_headers) options_.on_initial_headers(fields, request);
  if (options_.on_headers) options_.on_headers(fields, request);
  return fields;
}

void Engine::begin_get(Session& session, const net::Request& request, net::Reply reply) {
  // By id: the session, and this very poll, may be gone by the time the client gives up.
  reply.on_abort([this, sid = session.sid(), number = session.polling()->poll_number() + 1] {
    Session* aborted = find(sid);
    if (aborted && aborted->polling()) aborted->polling()->on_poll_aborted(number);
  });
  session.polling()->on_get(std::move(reply), net::preferred_coding(request.fields));
}

void Engine::on_arriving(const net::Request& request, net::HttpArrival arrival) {
  Session* session = nullptr;
  const net::Query query(request.raw_query());
  // What is wrong with it is told when it is whole.
  if (request.method != "POST" || verify(request, query, false, session) || !session) return;
  arrival.on_abort([this, sid = session->sid()] {
    Session* aborted = find(sid);
    if (aborted && aborted->polling()) aborted->end("transport error");
  });
  session->polling()->on_post_arriving(arrival);
}

void Engine::upgrade(net::HttpUpgrade upgrade) {
  const net::Request& request = upgrade.request();
  const net::Query query(request.raw_query());
  Session* session = nullptr;
  if (const auto refusal = verify(request, query, true, session)) {
    return upgrade.refuse(refusal->of_upgrade());
  }
  if (auto objection = net::websocket_objection(request)) {
    return upgrade.refuse(std::move(*objection));
  }
  if (session || !options_.allow_request) return accept(std::move(upgrade));
  auto asked = std::make_shared<net::HttpUpgrade>(std::move(upgrade));
  ask(asked->request(), [this, asked](std::optional<std::string> refusal) {
    if (refusal) return asked->refuse(Refusal::forbidden(std::move(*refusal)).of_upgrade());
    accept(std::move(*asked));
  });
}

// The request has been verified and allowed, perhaps a while ago.
void Engine::accept(net::HttpUpgrade upgrade) {
  if (!upgrade.connection()) return;
  const net::Request& request = upgrade.request();
  const net::Query query(request.raw_query());
  const bool is_websocket = query.get("transport") == "websocket";
  if (const auto sid = Id::parse(query.get("sid"))) {
    Session* session = find(*sid);
    Dialect dialect{.is_base64 = !query.get("b64").empty()};
    if (session) dialect.revision = session->revision();
    WebSocketTransport& wire = accept(upgrade, dialect, false);
    // What cannot be is accepted, then closed without a word, as the reference does it.
    if (!session || !is_websocket || !session->offer_candidate(wire)) return wire.close();
    return wire.attach(*session);
  }
  const auto dialect = dialect_of(query);
  if (!dialect) return upgrade.refuse(Refusal(Refusal::Code::unsupported_version).of_upgrade());
  if (!is_websocket) return accept(upgrade, *dialect, true).close();
  if (sessions_.size() >= options_.sessions_max) {
    return upgrade.refuse(net::text_response(503, "Too many sessions"));
  }
  net::Connection& connection = *upgrade.connection();
  WebSocketTransport& wire = accept(upgrade, *dialect, true);
  if (dialect->revision == 4) return open_websocket(request, *dialect, wire);
  connection.pause_reading();
  const bool will_open =
      shard_.run_after(old_client_pause, [this, upgrade = std::move(upgrade), dialect = *dialect,
                                          fd = connection.fd(), serial = connection.serial()] {
        net::Connection* waiting = shard_.find(fd, serial);
        if (!waiting || !waiting->is_open()) return;
        open_websocket(upgrade.request(), dialect,
                       static_cast<WebSocketTransport&>(*waiting->protocol()));
        waiting->resume_reading();
      });
  if (!will_open) connection.close(net::CloseReason::timed_out);
}

void Engine::open_websocket(const net::Request& request, Dialect dialect,
                            WebSocketTransport& wire) {
  Session& session = open_session(request, dialect);
  wire.attach(session);
  session.open_websocket(make_handler_(session), wire);
}

WebSocketTransport& Engine::accept(net::HttpUpgrade& upgrade, Dialect dialect, bool is_initial) {
  const net::Request& request = upgrade.request();
  net::Fields fields = net::websocket_accept(request);
  if (const std::string_view protocol = first_subprotocol(request); !protocol.empty()) {
    fields.add("Sec-WebSocket-Protocol", std::string(protocol));
  }
  std::uint32_t inflated_bytes_max = 0;
  if (options_.per_message_deflate) {
    if (auto agreed = net::agree_on_deflate(request.fields, *options_.per_message_deflate)) {
      fields.add("Sec-WebSocket-Extensions", std::move(agreed->answer));
      inflated_bytes_max = agreed->message_bytes_max;
    }
  }
  if (options_.cors) fields.add(cors_fields(*options_.cors, request));
  fields.add(more_fields(request, is_initial));
  auto transport = std::make_unique<WebSocketTransport>(*upgrade.connection(), options_.max_payload,
                                                        dialect, inflated_bytes_max);
  WebSocketTransport& wire = *transport;
  upgrade.accept(fields, std::move(transport));
  return wire;
}

Session& Engine::open_session(const net::Request& request, Dialect dialect) {
  const Id sid = Id::random_at(shard_.index(), *options_.random);
  auto session =
      std::make_unique<Session>(*this, sid, Handshake(request, options_.clock->wall()), dialect);
  return *sessions_.emplace(sid, std::move(session)).first->second;
}

Session* Engine::find(const Id& sid) {
  const auto found = sessions_.find(sid);
  return found == sessions_.end() ? nullptr : found->second.get();
}

void Engine::close_all(std::string_view reason) {
  std::vector<Id> sids;
  sids.reserve(sessions_.size());
  for (const auto& [sid, session] : sessions_) sids.push_back(sid);
  for (const Id& sid : sids) {
    if (Session* session = find(sid)) session->end(reason);
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
