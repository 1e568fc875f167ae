// What a handler of HTTP requests sees: Request, Response, and Reply, the right to answer once.
//
// Shapes: header names are compared without case (RFC 9110 5.1). Times are std::chrono, sizes
// bytes. Threads: a Request and a Response are plain values. A Reply may be moved to and used from
// any thread; its answer travels home to the connection's shard by itself.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "base/task.hpp"

namespace coterie::net {

class Shard;

// Header fields in the order they were sent.
class Fields {
 public:
  struct Field {
    std::string name;
    std::string value;
  };

  Fields() = default;
  Fields(std::initializer_list<Field> fields) : fields_(fields) {}

  void add(std::string name, std::string value) {
    fields_.push_back({std::move(name), std::move(value)});
  }
  void add(const Fields& more) {
    fields_.insert(fields_.end(), more.fields_.begin(), more.fields_.end());
  }
  // The value of the first field of that name; empty when there is none.
  std::string_view get(std::string_view name) const;
  bool has(std::string_view name) const;
  // Is `token` one of the comma-separated words in the fields of that name?
  bool has_token(std::string_view name, std::string_view token) const;
  // All values of that name as the one list they are (RFC 9110 5.3).
  std::string joined(std::string_view name) const;

  auto begin() const { return fields_.begin(); }
  auto end() const { return fields_.end(); }
  std::size_t size() const { return fields_.size(); }
  bool empty() const { return fields_.empty(); }

 private:
  std::vector<Field> fields_;
};

// Is `text` a token, such as a method or a field's name (RFC 9110 5.6.2)?
bool is_token(std::string_view text);
// May it stand in a field's value: no control character but the tab (RFC 9110 5.5)?
bool is_field_value(std::string_view text);
// Cuts the next part off a list in a field's value (`a; b="x,y", c`): up to a separator outside
// quotes, without the blanks around it. `rest` becomes what is behind.
std::string_view next_part(std::string_view& rest, char separator);

// "a=1&b=%20" taken apart: names and values percent-decoded, "+" read as a space, in their order.
// Of a name that comes twice the last value wins.
class Query {
 public:
  Query() = default;
  explicit Query(std::string_view raw);

  std::string_view get(std::string_view name) const;
  bool has(std::string_view name) const;
  auto begin() const { return items_.begin(); }
  auto end() const { return items_.end(); }
  std::size_t size() const { return items_.size(); }

 private:
  std::vector<std::pair<std::string, std::string>> items_;
};

// Percent-decoding of one path segment or query word; nullopt when an escape is malformed.
std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space = false);

struct Request {
  std::string method;  // "GET": as sent, upper case by convention.
  std::string target;  // Path and query exactly as asked.
  Fields fields;
  std::string body;        // Whole, for routes that buffer; empty for routes with a sink.
  std::string remote;      // The client's address (net/networks), "127.0.0.1", without the port.
  bool is_secure = false;  // It came over TLS that ends in this process.
  // What the route's pattern named, decoded: for "/api/group/:id" the pair {"id", "7"}.
  std::vector<std::pair<std::string, std::string>> params;

  std::string_view path() const;       // The target up to "?", still encoded.
  std::string_view raw_query() const;  // The target behind "?", still encoded; may be empty.
  std::string_view param(std::string_view name) const;
};

// Bytes of a response that are read piece by piece on a worker, such as a file.
class BodySource {
 public:
  virtual ~BodySource() = default;
  // The next at most `size_max` bytes; empty at the end. May block.
  virtual Result<std::string> read(std::size_t size_max) = 0;
};

struct Response {
  int status = 200;
  Fields fields;     // Without Content-Length, Connection and Date: the connection writes those.
  std::string body;  // Ignored when there is a source.
  std::unique_ptr<BodySource> source;
  std::uint64_t source_size = 0;  // Exactly how many bytes the source will give.
  bool close = false;             // Close the connection after this response.
};

// A short plain answer.
Response text_response(int status, std::string body,
                       std::string_view type = "text/plain; charset=utf-8");

// The right, and the duty, to answer one request. A Reply that is destroyed unused answers 500.
class Reply {
 public:
  using Send = std::function<void(Response)>;
  using Watch = std::function<void(Task)>;

  Reply() = default;
  // `send` must be callable from any thread; `watch` is for on_abort().
  explicit Reply(Send send, Watch watch = {}) : send_(std::move(send)), watch_(std::move(watch)) {}
  Reply(Reply&& other) noexcept
      : send_(std::exchange(other.send_, nullptr)), watch_(std::exchange(other.watch_, nullptr)) {}
  Reply& operator=(Reply&& other) noexcept {
    if (this != &other) {
      abandon();
      send_ = std::exchange(other.send_, nullptr);
      watch_ = std::exchange(other.watch_, nullptr);
    }
    return *this;
  }
  ~Reply() { abandon(); }

  // `aborted` runs on the connection's shard when the client leaves before the answer. Only to be
  // called on that shard: in the handler.
  void on_abort(Task aborted) {
    if (watch_) watch_(std::move(aborted));
  }

  explicit operator bool() const { return static_cast<bool>(send_); }

  // The same right, whose answer will carry these fields, too.
  Reply with(Fields fields) &&;

  // Answers; the second call is a bug. An answer to a client that has left goes nowhere.
  void operator()(Response response);

 private:
  void abandon();

  Send send_;
  Watch watch_;
};

using Handler = std::function<void(Request, Reply)>;

// A request body that is consumed piece by piece on a worker, so that its size never decides our
// memory. Calls come one at a time, in order, each on some worker thread where blocking is allowed.
//
// Exactly one of finish() and abort() is the last call. The sink owns the Reply.
class BodySink {
 public:
  virtual ~BodySink() = default;
  // False: no more is wanted. The rest of the body is read and thrown away (within reason), then
  // finish() is called, which answers what is wrong.
  virtual bool write(std::string_view piece) = 0;
  // The whole body has come: answer now.
  virtual void finish() = 0;
  // The client left, stalled or broke the protocol: leave nothing behind. No answer can be heard.
  virtual void abort() = 0;
};

// Called on the shard with the request's head (its body is empty): must not block.
using SinkFactory = std::function<std::unique_ptr<BodySink>(Request, Reply)>;

}  // namespace coterie::net
