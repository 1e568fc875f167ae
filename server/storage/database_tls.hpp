// Whether the way to a database server is encrypted, and what proves that it is the right one.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace coterie::storage {

struct DatabaseTls {
  // `prefer`: where the server offers it, whoever it is; `require`: or not at all; `verify`: and
  // its certificate must be good for its name.
  enum class Mode : std::uint8_t { off, prefer, require, verify };

  Mode mode = Mode::prefer;
  std::string authority = {};  // PEM file of who signs; empty: whom this machine trusts.

  // Where Debian and most others keep those.
  static constexpr std::string_view trusted_by_machine = "/etc/ssl/certs/ca-certificates.crt";
  std::string authority_file() const {
    return authority.empty() ? std::string(trusted_by_machine) : authority;
  }
};

}  // namespace coterie::storage
