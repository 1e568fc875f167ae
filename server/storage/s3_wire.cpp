// SPDX-License-Identifier: MIT
#include "storage/s3_wire.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/log.hpp"
#include "storage/s3_xml.hpp"

namespace coterie::storage {

namespace {

constexpr int attempts_max = 3;  // Longer troubles are the client's to wait out.
constexpr auto first_pause = std::chrono::milliseconds(100);

// S3 begins a long answer with 200 before it knows how it ends, so an error may stand in its body.
bool is_passing_failure(const S3Question& question, const S3Answer& answer) {
  if (answer.status >= 500 || answer.status == 429) return true;
  return question.method == "POST" && answer.status == 200 &&
         !xml_elements(answer.body, "Error").empty();
}

Error failure(const S3Question& question, std::string_view why) {
  std::string detail = fmt::format("{} {}: {}", question.method,
                                   question.path.empty() ? "bucket" : question.path, why);
  log::warn("S3: {}", detail);
  return Error("files_unavailable", std::move(detail));
}

}  // namespace

std::string s3_url(const S3Place& place, std::string_view base, std::string_view method,
                   std::string_view path, const NamedTexts& query, const NamedTexts& headers,
                   WallTime now, std::chrono::seconds life) {
  const std::size_t host_at = base.find("://") + 3;
  const std::string_view scheme = base.substr(0, host_at);
  std::string host(base.substr(host_at));
  std::string whole_path = fmt::format("/{}", path);
  if (place.has_path_style) {
    whole_path = path.empty() ? "/" + place.bucket : "/" + place.bucket + whole_path;
  } else {
    host = place.bucket + "." + host;
  }
  return fmt::format("{}{}{}", scheme, host,
                     presign({method, host, whole_path, query, headers}, place.key, now, life));
}

S3Body text_body(std::string text) {
  const std::uint64_t size = text.size();
  return {size, [text = std::move(text)](std::uint64_t offset, char* target, std::size_t room) {
            const std::size_t length = std::min<std::size_t>(room, text.size() - offset);
            std::memcpy(target, text.data() + offset, length);
            return length;
          }};
}

Error refusal(const S3Question& question, const S3Answer& answer) {
  const std::string code = xml_text(answer.body, "Code");
  const std::string message = xml_text(answer.body, "Message");
  return failure(question, fmt::format("{}{}{}{}{}", answer.status, code.empty() ? "" : " ", code,
                                       message.empty() ? "" : ": ", message));
}

Result<S3Answer> ask(S3Wire& wire, const S3Question& question) {
  for (int attempt = 1;; ++attempt) {
    auto answer = wire.exchange(question);
    if (answer && !is_passing_failure(question, *answer)) return answer;
    if (attempt == attempts_max) {
      return answer ? refusal(question, *answer) : failure(question, answer.error().detail);
    }
    wire.pause(first_pause * attempt * attempt);
  }
}

}  // namespace coterie::storage
