// Mailer over SMTP: one connection a letter, TLS and log-in as configured.
//
// A server's certificate must be good wherever TLS is used. What goes wrong is in the log, with the
// mail server's words; the client hears only that there is no mail now.
// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>

#include "base/clock.hpp"
#include "storage/mailer.hpp"

namespace coterie::storage {

class SmtpMailer final : public Mailer {
 public:
  struct Settings {
    std::string host;
    std::uint16_t port = 465;
    bool is_secure = true;        // TLS from the first byte; else STARTTLS where it is offered.
    bool wants_starttls = false;  // And no letter where it is not.
    std::string user;             // Empty: no log-in.
    std::string password;
    std::string from;
    std::string authority;              // PEM file of who signs its certificate; empty: as usual.
    std::chrono::seconds patience{15};  // For the whole letter.
  };

  explicit SmtpMailer(Settings settings) : settings_(std::move(settings)) {}

  Result<void> send_code(const std::string& email, const std::string& code) override;

 private:
  const Settings settings_;
};

// May it stand in a header and in a command: nothing that could begin another one?
bool is_clean_address(std::string_view address);

// The whole letter, header and body (RFC 5322, RFC 2046 5.1.4): in Chinese and English, plain and
// HTML. The addresses must be clean.
std::string compose_code_mail(const std::string& from, const std::string& to,
                              const std::string& code, WallTime now, const std::string& message_id);

}  // namespace coterie::storage
