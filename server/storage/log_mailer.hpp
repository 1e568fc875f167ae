// Mailer for a server without mail: the code is written to the log, for the operator to pass on.
// SPDX-License-Identifier: MIT
#pragma once

#include "base/log.hpp"
#include "storage/mailer.hpp"

namespace coterie::storage {

class LogMailer final : public Mailer {
 public:
  Result<void> send_code(const std::string& email, const std::string& code) override {
    log::info("mail code for {}: {} (no SMTP server is configured: set EMAIL_HOST)", email, code);
    return {};
  }
};

}  // namespace coterie::storage
