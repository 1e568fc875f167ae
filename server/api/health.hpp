// Whether this server lives, and whether it can do its work: /healthz and /readyz.
//
// /healthz passes through every loop and is answered behind the last: 200, or nothing at all where
// one of them hangs. /readyz asks what the server cannot do without (its needs), each at most as
// often as its answer counts, and waits two seconds at most: who has not answered then is away.
//   200 {"status":"ok"}
//   503 {"status":"unavailable","away":["database"]}
//   503 {"status":"stopping"}
// Nothing is asked while nobody asks us.
// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "base/task.hpp"
#include "base/timer_wheel.hpp"
#include "net/router.hpp"
#include "net/shard.hpp"

namespace coterie::api {

net::Route alive_route();

class Readiness {
 public:
  struct Need {
    std::string name;                   // As the answer names it.
    std::chrono::milliseconds fresh;    // So long an answer counts.
    std::function<Result<void>()> ask;  // Blocks; never called twice at once.
  };
  // Runs what blocks, for each need one at a time; false: it is not taken.
  using Run = std::function<bool(Task)>;

  // All but stop() happens on `shard`, which lives longer, as what `run` runs must not.
  Readiness(net::Shard& shard, Run run, std::vector<Need> needs);

  net::Route route();
  // From here on the answer is that the server is stopping. Any thread.
  void stop() { is_stopping_ = true; }

 private:
  struct Known {
    Need need;
    bool is_away = false;
    bool is_asking = false;
    bool was_asked = false;
    TimePoint asked_at{};  // When we last asked.
  };

  void answer_soon(net::Reply reply);
  void ask(Known& known);
  static void note(Known& known, const Result<void>& outcome);
  void judge();
  net::Response response() const;

  net::Shard& shard_;  // Fixed after construction
  const Run run_;

  std::atomic<bool> is_stopping_ = false;  // Any thread

  std::vector<Known> known_;  // Only on the shard; its size is fixed
  std::vector<net::Reply> waiting_;
  Timer timer_;
};

}  // namespace coterie::api
