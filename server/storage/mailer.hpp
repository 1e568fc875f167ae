// SEAM: one letter out. Written to the log where no mail server is configured, else sent by SMTP.
// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "base/result.hpp"

namespace coterie::storage {

class Mailer {
 public:
  virtual ~Mailer() = default;
  // Sends a registration code. Error "mail_failed": it has not gone out. Blocks.
  virtual Result<void> send_code(const std::string& email, const std::string& code) = 0;
};

}  // namespace coterie::storage
