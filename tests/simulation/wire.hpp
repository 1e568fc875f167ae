// A client's end of a connection, and the network it goes through: slow, in pieces, or cut.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/clock.hpp"
#include "world.hpp"

namespace coterie::simulation {

// What a request was for; answers come in the order of the requests.
enum class Question : unsigned char { handshake, poll, post, upgrade };

class Wire {
 public:
  // The ends of a new connection: ours, and the one that the server gets.
  static std::pair<int, int> ends(bool has_small_buffers);

  Wire(World& world, int fd);
  ~Wire();
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;

  void write(std::string_view bytes) { outgoing_.append(bytes); }
  void ask(Question question, std::string_view request) {
    questions.push_back(question);
    is_last_ = request.find("\r\nConnection: close\r\n") != std::string_view::npos;
    write(request);
  }
  // Moves some bytes in either direction, as the network likes.
  void pump();

  // The stream ends here; what has not been pumped is lost.
  void cut();
  // The client sends no more, but reads on.
  void half_close();
  // Nobody is there: what was not sent never will be, and for so long nothing is read.
  void fall_silent(milliseconds time) {
    outgoing_.clear();
    freeze(time);
  }
  // Nothing is pumped for so long.
  void freeze(milliseconds time) { frozen_until_ = world_.clock.now() + time; }
  bool is_frozen() const { return frozen_until_ > world_.clock.now(); }

  bool is_open() const { return fd_ >= 0; }
  // The server has ended the stream, and all it said is in incoming.
  bool has_ended() const { return has_ended_ || fd_ < 0; }
  bool has_sent_all() const { return outgoing_.empty(); }
  // Nothing is under way in either direction, and nothing has moved for so long.
  bool is_quiet_for(milliseconds time) const;
  bool is_idle() const {
    return !is_last_ && questions.empty() && incoming.empty() && !has_ended() && has_sent_all() &&
           !is_frozen();
  }

  std::string incoming;
  std::deque<Question> questions;  // Not answered yet.

 private:
  enum class Mood : unsigned char { swift, plain, shredded };
  std::size_t piece(std::size_t waiting);

  World& world_;
  int fd_;
  Mood mood_;
  std::string outgoing_;
  bool has_ended_ = false;
  bool is_last_ = false;  // The server was asked to end the stream behind its answer.
  TimePoint frozen_until_;
  TimePoint moved_at_;
};

// What the server says over HTTP.
struct HttpAnswer {
  int status = 0;
  std::string body;
};
// Takes the next whole answer out of `incoming`; a 101 has no body, and frames may follow it.
std::optional<HttpAnswer> take_answer(std::string& incoming);

// A frame of the server: whole, not masked.
struct ServerFrame {
  unsigned opcode = 0;
  std::string payload;
};
// Takes the next whole frame; `broken` is set when it is none that a server may send.
std::optional<ServerFrame> take_frame(std::string& incoming, bool& broken);

}  // namespace coterie::simulation
