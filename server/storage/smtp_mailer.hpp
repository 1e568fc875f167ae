// Mailer over SMTP: one connection a letter, TLS and log-in as configured.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "base/clock.hpp"
#include "storage/mailer.hpp"

namespace coterie::storage {

class SmtpMailer final : public Mailer {
 public:
  struct Settings {
    std::string host;
    std::uint16_t port = 465;
    bool is_secure = true;  // TLS from the first byte; else STARTTLS where it is offered.
    std::string user;       // Empty: no log-in.
    std::string password;
    std::string from;
  };

  explicit SmtpMailer(Settings settings) : settings_(std::move(settings)) {}

  Result<void> send_code(const std::string& email, const std::string& code) override;

 private:
  const Settings settings_;
};

// The whole letter, header and body (RFC 5322, RFC 2045): in Chinese and English, plain and HTML.
std::string compose_code_mail(const std::string& from, const std::string& to,
                              const std::string& code, WallTime now, const std::string& message_id);

}  // namespace coterie::storage
