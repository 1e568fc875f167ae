// SPDX-License-Identifier: MIT
#include "storage/smtp_mailer.hpp"

#include <curl/curl.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <openssl/evp.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <string_view>

#include "base/blocking.hpp"
#include "base/check.hpp"
#include "base/log.hpp"
#include "base/random.hpp"

namespace coterie::storage {

namespace {

constexpr std::size_t base64_columns = 76;

std::string base64(std::string_view text) {
  std::string result((text.size() + 2) / 3 * 4 + 1, '\0');
  EVP_EncodeBlock(reinterpret_cast<unsigned char*>(result.data()),
                  reinterpret_cast<const unsigned char*>(text.data()),
                  static_cast<int>(text.size()));
  result.pop_back();
  return result;
}

std::string base64_lines(std::string_view text) {
  const std::string whole = base64(text);
  std::string lines;
  for (std::size_t at = 0; at < whole.size(); at += base64_columns) {
    lines.append(whole, at, base64_columns).append("\r\n");
  }
  return lines;
}

std::string part(std::string_view type, std::string_view text) {
  return fmt::format(
      "Content-Type: {}; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n{}", type,
      base64_lines(text));
}

struct Reader {
  std::string_view rest;

  static std::size_t read(char* target, std::size_t size, std::size_t count, void* user) {
    auto& reader = *static_cast<Reader*>(user);
    const std::size_t length = std::min(size * count, reader.rest.size());
    std::memcpy(target, reader.rest.data(), length);
    reader.rest.remove_prefix(length);
    return length;
  }
};

struct Free {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

void set_server(CURL* curl, const SmtpMailer::Settings& settings) {
  const std::string url = fmt::format("{}://{}:{}", settings.is_secure ? "smtps" : "smtp",
                                      settings.host, settings.port);
  curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
  const long tls = settings.wants_starttls ? CURLUSESSL_ALL : CURLUSESSL_TRY;
  curl_easy_setopt(curl, CURLOPT_USE_SSL, tls);
  if (!settings.authority.empty()) {
    curl_easy_setopt(curl, CURLOPT_CAINFO, settings.authority.c_str());
  }
  if (!settings.user.empty()) {
    curl_easy_setopt(curl, CURLOPT_USERNAME, settings.user.c_str());
    curl_easy_setopt(curl, CURLOPT_PASSWORD, settings.password.c_str());
  }
  const auto seconds = static_cast<long>(settings.patience.count());
  curl_easy_setopt(curl, CURLOPT_TIMEOUT, seconds);
  curl_easy_setopt(curl, CURLOPT_SERVER_RESPONSE_TIMEOUT, seconds);
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
}

// Cuts the connection of a letter that has failed: the cleanup would say QUIT, and wait for an
// answer from who may have none.
void hang_up(CURL* curl) {
  curl_socket_t socket = CURL_SOCKET_BAD;
  curl_easy_getinfo(curl, CURLINFO_ACTIVESOCKET, &socket);
  if (socket != CURL_SOCKET_BAD) ::shutdown(socket, SHUT_RDWR);
}

}  // namespace

bool is_clean_address(std::string_view address) {
  return !address.empty() && std::ranges::none_of(address, [](unsigned char c) {
    return c < 0x21 || c == 0x7F || c == '<' || c == '>';
  });
}

std::string compose_code_mail(const std::string& from, const std::string& to,
                              const std::string& code, WallTime now,
                              const std::string& message_id) {
  const std::string boundary = "=_" + message_id.substr(0, message_id.find('@'));
  const std::string plain = fmt::format(
      "验证码：{0}\n三分钟内有效。\n\nYour verification code: {0}\nIt is valid for three "
      "minutes.\n",
      code);
  const std::string html = fmt::format(
      "<p>验证码（三分钟内有效） · Your verification code, valid for three minutes:</p>"
      "<div style=\"width: 100px;height: 35px;\">{}</div>",
      code);
  const auto seconds = std::chrono::system_clock::to_time_t(now);
  return fmt::format(
      "From: <{}>\r\nTo: <{}>\r\nSubject: =?utf-8?B?{}?=\r\nDate: {:%a, %d %b %Y %H:%M:%S} "
      "+0000\r\n"
      "Message-ID: <{}>\r\nAuto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
      "Content-Type: multipart/alternative; boundary=\"{}\"\r\n\r\n"
      "--{}\r\n{}--{}\r\n{}--{}--\r\n",
      from, to, base64("验证码 Verification code"), fmt::gmtime(seconds), message_id, boundary,
      boundary, part("text/plain", plain), boundary, part("text/html", html), boundary);
}

Result<void> SmtpMailer::send_code(const std::string& email, const std::string& code) {
  COTERIE_CHECK(may_block());
  const auto failed = [this](std::string_view why) {
    log::warn("a letter could not be sent by {}: {}", settings_.host, why);
    return Error("mail_failed", std::string(why));
  };
  if (!is_clean_address(email) || !is_clean_address(settings_.from)) {
    return failed("the sender's or the receiver's address is no address");
  }
  const std::string domain = settings_.from.substr(settings_.from.find('@') + 1);
  const std::string letter = compose_code_mail(settings_.from, email, code, system_clock().wall(),
                                               random_id(system_random(), 20) + "@" + domain);
  const std::unique_ptr<CURL, Free> handle(curl_easy_init());
  const std::unique_ptr<curl_slist, Free> receivers(
      curl_slist_append(nullptr, ("<" + email + ">").c_str()));
  COTERIE_CHECK(handle && receivers);
  Reader reader{letter};
  CURL* curl = handle.get();
  std::array<char, CURL_ERROR_SIZE> words{};
  set_server(curl, settings_);
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, words.data());
  curl_easy_setopt(curl, CURLOPT_MAIL_FROM, ("<" + settings_.from + ">").c_str());
  curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, receivers.get());
  curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
  curl_easy_setopt(curl, CURLOPT_READFUNCTION, &Reader::read);
  curl_easy_setopt(curl, CURLOPT_READDATA, &reader);
  if (const CURLcode result = curl_easy_perform(curl); result != CURLE_OK) {
    hang_up(curl);
    return failed(words[0] == '\0' ? curl_easy_strerror(result) : words.data());
  }
  return {};
}

}  // namespace coterie::storage
