// Several servers as one cluster, by a stream of Redis: one order of events, and clients that
// continue on another server what they began on this one.
//
//   socketio::ServerOptions options;
//   options.recovery = socketio::RecoveryOptions{};
//   options.adapter = redis::streams_adapter({.redis = {.host = "10.0.0.5"}});
//
// It speaks the wire format of @socket.io/redis-streams-adapter 0.3 (redis/cluster_wire.hpp), so
// that servers on Node may be in the same cluster. docs/adr/0007 has the reasons for what follows.
//
// ORDER. An event is written to the stream, and delivered by every server, this one as well, when
// it is read there: all clients of the cluster hear events in one order, and the id of its entry is
// an event's offset on every server. That costs a round trip to Redis. Joins, leaves and
// disconnects of many go the same way. What is volatile or local, acknowledgements and questions do
// not wait for it, and are heard at once.
// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/guarded.hpp"
#include "base/random.hpp"
#include "redis/bus_adapter.hpp"
#include "redis/cluster_wire.hpp"
#include "redis/redis_bus.hpp"
#include "redis/stream_outbox.hpp"
#include "redis/stream_past.hpp"
#include "redis/stream_senders.hpp"
#include "redis/stream_sessions.hpp"

namespace coterie::redis {

struct StreamsOptions {
  Address redis = {};  // 6.2 or later.
  std::string stream = "socket.io";
  std::string channel_prefix = "socket.io";
  std::string session_prefix = "sio:session:";
  // So many entries Redis keeps, at least. Servers keep what they have read by themselves (see
  // RecoveryOptions): this is for one that starts, or that was away from Redis.
  std::size_t length = 100'000;
  std::chrono::milliseconds requests_timeout{5'000};     // For answers of other servers.
  std::chrono::milliseconds max_disconnection{120'000};  // As long as RecoveryOptions has it.
  // Both on the bus's thread. The others are heard from now on: at first, and each time that Redis
  // was away. What waited in the stream is still to come; what had no place there is lost.
  std::function<void()> on_hearing = {};
  // Events are missing: clients of this server may not have heard all.
  std::function<void()> on_gap = {};
  BusLimits limits = {};  // queue_bytes_max bounds what waits for the stream as well.
};

std::shared_ptr<socketio::Adapter> streams_adapter(StreamsOptions options);

// AWAY. While Redis is away nothing that has its place in the order is delivered: it waits, up to
// a bound, and is written when Redis is back, once. When something was lost all the same (too much
// waited, Redis has forgotten it) every server that reads on knows: it forgets its log, so that
// clients that come back begin anew, and calls on_gap().
//
// THREADS. The bus's thread encodes, decodes and hands out; whoever publishes only hands over a
// copy. Handlers of questions and of server events, and on_gap, run on that thread as well: they
// must not block.
class StreamsAdapter final : public BusAdapter {
 public:
  // start() follows. `options.redis` is the bus's.
  StreamsAdapter(std::unique_ptr<Bus> bus, StreamsOptions options,
                 Random& random = system_random());
  ~StreamsAdapter() override;
  void start();

  void open(const std::shared_ptr<socketio::Namespace>& space) override;
  void close(const std::string& nsp) override;
  void stop() override;
  bool is_sequencer() const override { return true; }
  void publish(const std::string& nsp, const socketio::Envelope& envelope, std::string_view event,
               const socketio::Arguments& arguments) override;
  void save(socketio::SavedSession session) override;
  void take(const Id& pid, const std::string& nsp, const socketio::Asker& asker,
            std::function<void(std::optional<socketio::SavedSession>)> taken) override;

 private:
  struct Space {
    std::string nsp;
    std::string channel;
    std::string own_channel;
    std::string cede_channel;
    std::weak_ptr<socketio::Namespace> space;
  };
  using SharedSpace = std::shared_ptr<const Space>;

  std::string channel(const std::string& nsp) const {
    return options_.channel_prefix + "#" + nsp + "#";
  }
  std::string requests_channel(const std::string& nsp) const override { return channel(nsp); }
  std::string answers_channel(const std::string& nsp, const Request& request) const override {
    return channel(nsp) + request.uid + "#";
  }
  std::string encode(const std::string& nsp, const Request& request) const override {
    return encode_message(uid_, nsp, request);
  }
  std::string encode(const std::string& nsp, const Request& request,
                     const Answer& answer) const override {
    return encode_response(uid_, nsp, request.id, answer);
  }
  // Into the stream; `alone`: for that socket.
  void write(Draft draft, std::string alone);

  // -- reading the stream
  void on_up();
  Bus::OnReply of_now(Bus::OnReply use);
  void write_hello(std::function<void(const socketio::Offset&)> then);
  void begin_behind(const socketio::Offset& hello);
  void check_position();
  void skip();
  void start_reading(const socketio::Offset& from, const socketio::Offset& live_from);
  void read();
  void on_read(const Result<Reply>& reply);
  void on_entry(StreamEntry entry);
  void hand_out(const StreamEntry& entry, bool is_past);
  void note_gap();
  void restart_logs(const socketio::Offset& known_from);
  void note_position();
  void when_read(std::function<void(bool is_read)> then);
  void tick();

  // -- what other servers say beside it
  void on_message(std::string_view subscription, std::string_view message);
  void on_request(const Space& space, const Request& request);
  void on_cede(const Space& space, const Request& request);

  const StreamsOptions options_;  // Fixed after construction

  std::mutex numbering_;  // Guards what follows, and the order of what is posted with it.
  std::uint64_t written_ = 0;

  std::unordered_map<std::string, SharedSpace> spaces_;  // Only on the bus's thread
  std::unordered_map<std::string, SharedSpace> routes_;  // By subscription
  StreamSessions sessions_;
  StreamOutbox outbox_;
  StreamSenders senders_;
  StreamPast past_;
  std::optional<socketio::Offset> position_;                // Read and handed out up to there.
  Guarded<std::optional<socketio::Offset>> told_position_;  // The same for other threads, later.
  socketio::Offset live_from_;                              // What is before is only kept.
  std::uint64_t connection_ = 0;                            // Counts them.
  bool is_current_ = false;    // There was nothing more to read just now.
  bool has_gap_ = false;       // Seen in what is being read.
  unsigned failed_reads_ = 0;  // In a row, at one position.
  std::multimap<socketio::Offset, std::function<void(bool)>> behind_;  // Wait for that position.
};

}  // namespace coterie::redis
