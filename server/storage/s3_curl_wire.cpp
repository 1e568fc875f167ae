// The S3Wire of libcurl: URLs are signed, so curl need not know about S3.
// SPDX-License-Identifier: MIT
#include <curl/curl.h>
#include <fmt/format.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "base/blocking.hpp"
#include "base/check.hpp"
#include "base/guarded.hpp"
#include "storage/s3_wire.hpp"

namespace coterie::storage {

namespace {

constexpr auto question_life = std::chrono::minutes(15);  // Clocks may differ by as much.
constexpr long connect_seconds_max = 5;
// Not one byte for so long, in either direction, and the exchange has failed.
constexpr long stall_seconds_max = 20;

struct Free {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using Handle = std::unique_ptr<CURL, Free>;
using HeaderList = std::unique_ptr<curl_slist, Free>;

// Where curl's callbacks read and write during one exchange.
struct Exchange {
  const S3Body* body = nullptr;
  std::uint64_t sent = 0;
  std::size_t answer_bytes_max = 0;
  std::string answer;

  static std::size_t read(char* target, std::size_t size, std::size_t count, void* user) {
    auto& self = *static_cast<Exchange*>(user);
    const auto left = self.body->size - self.sent;
    if (left == 0) return 0;
    const auto room = static_cast<std::size_t>(std::min<std::uint64_t>(size * count, left));
    const std::size_t length = self.body->read(self.sent, target, room);
    if (length == 0) return CURL_READFUNC_ABORT;
    self.sent += length;
    return length;
  }
  static int seek(void* user, curl_off_t offset, int origin) {
    if (origin != SEEK_SET) return CURL_SEEKFUNC_FAIL;
    static_cast<Exchange*>(user)->sent = static_cast<std::uint64_t>(offset);
    return CURL_SEEKFUNC_OK;
  }
  static std::size_t write(char* bytes, std::size_t size, std::size_t count, void* user) {
    auto& self = *static_cast<Exchange*>(user);
    if (self.answer.size() + size * count > self.answer_bytes_max) return 0;
    self.answer.append(bytes, size * count);
    return size * count;
  }
};

std::string header_of(CURL* curl, const char* name) {
  curl_header* header = nullptr;
  const auto found = curl_easy_header(curl, name, 0, CURLH_HEADER, -1, &header);
  return found == CURLHE_OK ? std::string(header->value) : std::string();
}

void set_method(CURL* curl, const S3Question& question, Exchange& exchange) {
  if (question.method == "HEAD") {
    curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
    return;
  }
  if (question.body || question.method == "PUT" || question.method == "POST") {
    static const S3Body nothing;
    exchange.body = question.body ? &*question.body : &nothing;
    curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(curl, CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(exchange.body->size));
    curl_easy_setopt(curl, CURLOPT_READFUNCTION, &Exchange::read);
    curl_easy_setopt(curl, CURLOPT_READDATA, &exchange);
    curl_easy_setopt(curl, CURLOPT_SEEKFUNCTION, &Exchange::seek);
    curl_easy_setopt(curl, CURLOPT_SEEKDATA, &exchange);
  }
  curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, std::string(question.method).c_str());
}

int should_end(void* is_stopped, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return *static_cast<std::atomic<bool>*>(is_stopped) ? 1 : 0;
}

void set_bounds(CURL* curl) {
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, connect_seconds_max);
  curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
  curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, stall_seconds_max);
}

class CurlWire final : public S3Wire {
 public:
  CurlWire(S3Place place, const Clock& clock) : place_(std::move(place)), clock_(clock) {
    static const CURLcode started = curl_global_init(CURL_GLOBAL_DEFAULT);
    COTERIE_CHECK(started == CURLE_OK);
  }

  Result<S3Answer> exchange(const S3Question& question) override {
    COTERIE_CHECK(may_block());
    Handle handle = borrow();
    CURL* curl = handle.get();
    curl_easy_reset(curl);  // Its connection stays.
    Exchange exchange;
    exchange.answer_bytes_max = question.answer_bytes_max;
    NamedTexts headers;
    if (!question.media_type.empty()) headers.emplace_back("content-type", question.media_type);
    const std::string url = s3_url(place_, place_.endpoint, question.method, question.path,
                                   question.query, headers, clock_.wall(), question_life);
    // Signatures leave no room for what curl would add; "Expect" would cost a second.
    HeaderList list(curl_slist_append(nullptr, "Expect:"));
    for (const auto& [name, value] : headers) {
      list.reset(curl_slist_append(list.release(), (name + ": " + value).c_str()));
    }
    curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
    curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, list.get());
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, &Exchange::write);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &exchange);
    curl_easy_setopt(curl, CURLOPT_FILETIME, 1L);
    if (!question.range.empty()) curl_easy_setopt(curl, CURLOPT_RANGE, question.range.c_str());
    set_method(curl, question, exchange);
    set_bounds(curl);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, &should_end);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, &is_stopped_);
    const CURLcode ended = curl_easy_perform(curl);
    if (ended != CURLE_OK) return Error("files_unavailable", curl_easy_strerror(ended));
    S3Answer answer = read_answer(curl, std::move(exchange.answer));
    idle_.with([&](auto& idle) { idle.push_back(std::move(handle)); });
    return answer;
  }

  void pause(std::chrono::milliseconds time) override {
    COTERIE_CHECK(may_block());
    std::this_thread::sleep_for(time);
  }

  void stop() override { is_stopped_ = true; }

 private:
  // There are as many handles as threads have ever asked at once.
  Handle borrow() {
    Handle handle = idle_.with([](auto& idle) {
      Handle last;
      if (!idle.empty()) {
        last = std::move(idle.back());
        idle.pop_back();
      }
      return last;
    });
    if (!handle) handle.reset(curl_easy_init());
    COTERIE_CHECK(handle != nullptr);
    return handle;
  }

  static S3Answer read_answer(CURL* curl, std::string body) {
    S3Answer answer;
    long status = 0;
    curl_off_t size = 0;
    curl_off_t modified = -1;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(curl, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &size);
    curl_easy_getinfo(curl, CURLINFO_FILETIME_T, &modified);
    answer.status = static_cast<int>(status);
    answer.body = std::move(body);
    answer.entity_tag = header_of(curl, "ETag");
    answer.media_type = header_of(curl, "Content-Type");
    answer.size = static_cast<std::uint64_t>(std::max<curl_off_t>(size, 0));
    answer.modified = WallTime(std::chrono::seconds(std::max<curl_off_t>(modified, 0)));
    return answer;
  }

  const S3Place place_;
  const Clock& clock_;
  std::atomic<bool> is_stopped_ = false;
  Guarded<std::vector<Handle>> idle_;
};

}  // namespace

std::unique_ptr<S3Wire> make_curl_wire(S3Place place, const Clock& clock) {
  return std::make_unique<CurlWire>(std::move(place), clock);
}

}  // namespace coterie::storage
