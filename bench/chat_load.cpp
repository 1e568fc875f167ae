// SPDX-License-Identifier: MIT
#include "chat_load.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <memory>

#include "client.hpp"
#include "http_client.hpp"

namespace coterie::bench {

namespace {

constexpr double connect_seconds_max = 30;
constexpr double rest_seconds_max = 10;  // For what is on its way when the time is over.

std::int64_t number_behind(std::string_view text, std::string_view key) {
  const std::size_t at = text.find(key);
  std::int64_t number = -1;
  if (at != std::string_view::npos) {
    std::from_chars(text.data() + at + key.size(), text.data() + text.size(), number);
  }
  return number;
}

class Sending {
 public:
  Sending(const ChatSettings& settings, int group, const std::vector<std::string>& tokens)
      : settings_(settings),
        group_(group),
        tokens_(tokens),
        prefix_(fmt::format("[\"group-message:{}\"", group)) {}

  bool connect_all() {
    for (const std::string& token : tokens_) {
      members_.push_back(std::make_unique<Client>(
          settings_.target.port(members_.size()), "", token,
          [this](Client& client, std::string_view event) { on_event(client, event); }));
      crowd_.add(*members_.back());
      Client& member = *members_.back();
      const auto is_settled = [&] { return member.is_connected() || member.has_failed(); };
      if (!crowd_.turn_until(connect_seconds_max, is_settled) || member.has_failed()) return false;
    }
    // A server may look a log-in up after it has let it in: it hears events only then.
    crowd_.turn_until(1, [] { return false; });
    return std::ranges::none_of(members_, [](const auto& each) { return each->has_failed(); });
  }

  bool run() {
    const double before = settings_.target.cpu_seconds();
    const std::int64_t start = now_us();
    for (int i = 0; i < settings_.connections; ++i) {
      senders_.push_back(std::make_unique<HttpClient>(
          settings_.target.port(senders_.size()),
          [this](HttpClient& sender, int status, std::string_view) { on_answer(sender, status); }));
      crowd_.add(*senders_.back());
      send(*senders_.back());
    }
    crowd_.turn_until(settings_.seconds, [] { return false; });
    const double elapsed = static_cast<double>(now_us() - start) / 1e6;
    const std::int64_t in_time = stored_;
    is_sending_ = false;
    crowd_.turn_until(rest_seconds_max, [&] { return waiting_ == 0 && deliveries_ >= expected(); });
    return report(static_cast<double>(in_time) / elapsed, settings_.target.cpu_seconds() - before);
  }

 private:
  std::int64_t expected() const { return stored_ * static_cast<std::int64_t>(members_.size()); }

  void send(HttpClient& sender) {
    const std::string& token = tokens_[next_++ % tokens_.size()];
    sender.asked_at_us = now_us();
    const std::string body = fmt::format(R"({{"groupId":{},"content":"t={} {:x<80}"}})", group_,
                                         sender.asked_at_us, "hello");
    ++waiting_;
    sender.ask(
        fmt::format("POST /api/conversation/group/message/text HTTP/1.1\r\n"
                    "Host: 127.0.0.1\r\nAuthorization: Bearer {}\r\n"
                    "Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{}",
                    token, body.size(), body));
  }

  void on_answer(HttpClient& sender, int status) {
    --waiting_;
    answers_.add(now_us() - sender.asked_at_us);
    status == 201 ? ++stored_ : ++refused_;
    if (is_sending_) send(sender);
  }

  void on_event(Client& member, std::string_view event) {
    if (!event.starts_with(prefix_)) return;
    const std::int64_t id = number_behind(event, "\"id\":");
    if (id <= member.last_id) ++out_of_order_;
    member.last_id = std::max(member.last_id, id);
    if (++deliveries_ % 8 == 0) {
      latencies_.add(now_us() - number_behind(event, "\"content\":\"t="));
    }
  }

  bool report(double per_second, double cpu) {
    const auto count = static_cast<double>(std::max<std::int64_t>(deliveries_, 1));
    fmt::print(
        R"({{"verb":"send","messages":{},"refused":{},"unanswered":{},"deliveries":{},)"
        R"("missing":{},"out_of_order":{},"per_second":{:.1f},"cpu_seconds_per_million":{:.2f},)"
        R"("cpu_us_per_send":{:.1f},"answer_p50_us":{},"answer_p99_us":{},)"
        R"("p50_us":{},"p99_us":{},"p999_us":{}}})"
        "\n",
        stored_, refused_, waiting_, deliveries_, expected() - deliveries_, out_of_order_,
        per_second, cpu / count * 1e6,
        cpu / static_cast<double>(std::max<std::int64_t>(stored_, 1)) * 1e6, answers_.at(0.5),
        answers_.at(0.99), latencies_.at(0.5), latencies_.at(0.99), latencies_.at(0.999));
    return refused_ == 0 && waiting_ == 0 && deliveries_ == expected() && out_of_order_ == 0;
  }

  const ChatSettings settings_;
  const int group_;
  const std::vector<std::string>& tokens_;
  const std::string prefix_;
  Crowd crowd_;
  std::vector<std::unique_ptr<Client>> members_;
  std::vector<std::unique_ptr<HttpClient>> senders_;
  std::size_t next_ = 0;
  bool is_sending_ = true;
  std::int64_t waiting_ = 0;  // Requests without an answer.
  std::int64_t stored_ = 0;
  std::int64_t refused_ = 0;
  std::int64_t deliveries_ = 0;
  std::int64_t out_of_order_ = 0;
  Durations answers_;
  Durations latencies_;
};

}  // namespace

bool measure_sending(const ChatSettings& settings, int group,
                     const std::vector<std::string>& tokens) {
  Sending sending(settings, group, tokens);
  if (sending.connect_all()) return sending.run();
  fmt::print(stderr, "load: a member could not connect\n");
  return false;
}

bool measure_requests(const ChatSettings& settings, const std::vector<std::string>& requests,
                      int wanted, bool is_once) {
  Crowd crowd;
  Durations answers;
  std::size_t next = 0;
  std::int64_t waiting = 0;
  std::int64_t others = 0;
  std::int64_t bytes = 0;
  bool is_asking = true;
  const auto ask = [&](HttpClient& client) {
    if (!is_asking || (is_once && next == requests.size())) return;
    client.asked_at_us = now_us();
    ++waiting;
    client.ask(requests[next++ % requests.size()]);
  };
  const auto on_answer = [&](HttpClient& client, int status, std::string_view body) {
    --waiting;
    bytes += static_cast<std::int64_t>(body.size());
    if (status != wanted && ++others == 1) {
      fmt::print(stderr, "load: {} {}\n", status, body.substr(0, 300));
    }
    answers.add(now_us() - client.asked_at_us);
    ask(client);
  };
  const double before = settings.target.cpu_seconds();
  const std::int64_t start = now_us();
  std::vector<std::unique_ptr<HttpClient>> clients;
  for (int i = 0; i < settings.connections; ++i) {
    clients.push_back(
        std::make_unique<HttpClient>(settings.target.port(clients.size()), on_answer));
    crowd.add(*clients.back());
    ask(*clients.back());
  }
  crowd.turn_until(settings.seconds, [&] { return waiting == 0; });
  is_asking = false;
  crowd.turn_until(rest_seconds_max, [&] { return waiting == 0; });
  const double elapsed = static_cast<double>(now_us() - start) / 1e6;
  const double cpu = settings.target.cpu_seconds() - before;
  const auto count = static_cast<double>(std::max<std::size_t>(answers.count(), 1));
  fmt::print(R"({{"verb":"request","answers":{},"others":{},"unanswered":{},"bytes_each":{:.0f},)"
             R"("per_second":{:.1f},"cpu_seconds_per_thousand":{:.4f},)"
             R"("p50_us":{},"p95_us":{},"p99_us":{},"p999_us":{}}})"
             "\n",
             answers.count(), others, waiting, static_cast<double>(bytes) / count,
             static_cast<double>(answers.count()) / elapsed, cpu / count * 1e3, answers.at(0.5),
             answers.at(0.95), answers.at(0.99), answers.at(0.999));
  return others == 0 && waiting == 0 && answers.count() > 0;
}

std::vector<std::string> read_requests(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::vector<std::string> requests;
  for (std::string line; std::getline(file, line);) {
    std::string request(std::stoul(line), '\0');
    if (file.read(request.data(), static_cast<std::streamsize>(request.size()))) {
      requests.push_back(std::move(request));
    }
  }
  return requests;
}

std::vector<std::string> read_lines(const std::string& path) {
  std::ifstream file(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

}  // namespace coterie::bench
