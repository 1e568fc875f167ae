// An S3 server that answers as a test says, and remembers what it was asked.
// SPDX-License-Identifier: MIT
#pragma once

#include <deque>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "storage/s3_wire.hpp"
#include "support/fake_clock.hpp"

namespace coterie::tests {

class ScriptedS3 final : public storage::S3Wire {
 public:
  explicit ScriptedS3(FakeClock& clock) : clock_(clock) {}

  Result<storage::S3Answer> exchange(const storage::S3Question& question) override {
    std::string line(question.method);
    if (!question.path.empty()) line += " " + question.path;
    for (const auto& [name, value] : question.query) line += " " + name + "=" + value;
    if (!question.media_type.empty()) line += " " + question.media_type;
    if (!question.range.empty()) line += " " + question.range;
    asked.push_back(std::move(line));
    bodies.push_back(read(question.body));
    if (answers.empty()) return Error("files_unavailable", "nobody is there");
    auto answer = std::move(answers.front());
    answers.pop_front();
    return answer;
  }
  void pause(std::chrono::milliseconds time) override {
    clock_.advance(time);
    ++pauses;
  }

  // What it will answer next: then nobody is there.
  void say(int status, std::string body = "", std::string entity_tag = "") {
    storage::S3Answer answer;
    answer.status = status;
    answer.size = body.size();
    answer.body = std::move(body);
    answer.entity_tag = std::move(entity_tag);
    answers.emplace_back(std::move(answer));
  }
  void say_nothing() { answers.emplace_back(Error("files_unavailable", "connection refused")); }

  std::deque<Result<storage::S3Answer>> answers;
  std::vector<std::string> asked;
  std::vector<std::string> bodies;
  int pauses = 0;

 private:
  static std::string read(const std::optional<storage::S3Body>& body) {
    std::string bytes(body ? body->size : 0, '\0');
    std::size_t at = 0;
    while (at < bytes.size()) at += body->read(at, bytes.data() + at, bytes.size() - at);
    return bytes;
  }

  FakeClock& clock_;
};

}  // namespace coterie::tests
