// SPDX-License-Identifier: MIT
#include "api/health.hpp"

#include <algorithm>
#include <utility>

#include "base/json.hpp"
#include "base/log.hpp"

namespace coterie::api {

namespace {

// Balancers give up a probe after two seconds or more.
constexpr auto patience = std::chrono::seconds(2);
// Who asks faster than we can answer is no balancer.
constexpr std::size_t waiting_max = 1000;

net::Response state(int status, JsonObject body) {
  return net::text_response(status, to_text(Json(std::move(body))),
                            "application/json; charset=utf-8");
}

// Goes on through the `left` loops behind this one.
void pass_on(net::Shard& shard, unsigned left, net::Reply reply) {
  if (left == 0) return reply(state(200, {{"status", "ok"}}));
  net::Shard& next = shard.sibling((shard.index() + 1) % shard.family_size());
  next.post([&next, left, reply = std::move(reply)]() mutable {
    pass_on(next, left - 1, std::move(reply));
  });
}

}  // namespace

net::Route alive_route() {
  net::Route route;
  route.method = "GET";
  route.pattern = "/healthz";
  route.handler = [](net::Request, net::Reply reply) {
    net::Shard& shard = *net::Shard::here();
    pass_on(shard, shard.family_size() - 1, std::move(reply));
  };
  return route;
}

Readiness::Readiness(net::Shard& shard, Run run, std::vector<Need> needs)
    : shard_(shard), run_(std::move(run)) {
  for (Need& need : needs) known_.push_back({std::move(need)});
}

net::Route Readiness::route() {
  net::Route route;
  route.method = "GET";
  route.pattern = "/readyz";
  route.handler = [this](net::Request, net::Reply reply) {
    shard_.post([this, reply = std::move(reply)]() mutable { answer_soon(std::move(reply)); });
  };
  return route;
}

void Readiness::answer_soon(net::Reply reply) {
  if (waiting_.size() >= waiting_max) return reply(response());
  waiting_.push_back(std::move(reply));
  if (!is_stopping_) {
    for (Known& known : known_) ask(known);
  }
  judge();
}

void Readiness::ask(Known& known) {
  if (known.is_asking) return;
  if (known.was_asked && shard_.now() - known.asked_at < known.need.fresh) return;
  known.is_asking = known.was_asked = true;
  known.asked_at = shard_.now();
  const bool is_taken = run_([this, &known] {
    shard_.post([this, &known, outcome = known.need.ask()] {
      known.is_asking = false;
      note(known, outcome);
      judge();
    });
  });
  if (is_taken) return;
  known.is_asking = false;
  note(known, Error("busy", "there is nobody who could ask"));
}

void Readiness::note(Known& known, const Result<void>& outcome) {
  const bool was_away = std::exchange(known.is_away, !outcome);
  if (was_away && outcome) log::warn("ready again: {}", known.need.name);
  if (!was_away && !outcome) {
    log::warn("not ready: {}: {}", known.need.name, outcome.error().detail);
  }
}

// Answers those who wait, unless an answer may still come in time.
void Readiness::judge() {
  if (waiting_.empty()) return;
  bool is_over = true;
  for (Known& known : known_) {
    if (!known.is_asking || is_stopping_) continue;
    const TimePoint last = known.asked_at + patience;
    if (shard_.now() >= last) {
      note(known, Error("silent", "it does not answer"));
    } else {
      is_over = false;
      shard_.timers().arm<&Readiness::judge>(timer_, last, this);
    }
  }
  if (!is_over) return;
  timer_.cancel();
  for (net::Reply& reply : std::exchange(waiting_, {})) reply(response());
}

net::Response Readiness::response() const {
  if (is_stopping_) return state(503, {{"status", "stopping"}});
  JsonArray away;
  for (const Known& known : known_) {
    if (known.is_away) away.emplace_back(known.need.name);
  }
  if (away.empty()) return state(200, {{"status", "ok"}});
  return state(503, {{"status", "unavailable"}, {"away", std::move(away)}});
}

}  // namespace coterie::api
