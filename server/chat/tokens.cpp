// SPDX-License-Identifier: MIT
#include "chat/tokens.hpp"

#include <algorithm>
#include <jwt/jwt.hpp>

namespace coterie::chat {

namespace {

constexpr std::size_t token_bytes_max = 1024;

// Three parts of base64url. The library reads beyond its tables for bytes that are none.
bool is_shaped_like_a_token(std::string_view token) {
  const auto is_base64url = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  };
  for (int parts = 1;; ++parts) {
    const std::string_view part = token.substr(0, token.find('.'));
    // Of four characters each, the last of two or more.
    if (part.empty() || part.size() % 4 == 1 || !std::ranges::all_of(part, is_base64url)) {
      return false;
    }
    token.remove_prefix(part.size());
    if (token.empty()) return parts == 3;
    token.remove_prefix(1);
  }
}

}  // namespace

std::string Tokens::issue(std::int64_t user_id) const {
  const auto issued =
      std::chrono::floor<std::chrono::seconds>(clock_.wall()).time_since_epoch().count();
  jwt::jwt_object token{jwt::params::algorithm("HS256"), jwt::params::secret(secret_)};
  token.add_claim("id", user_id).add_claim("iat", issued);
  token.add_claim("jti", random_id(random_, 12));
  return token.signature();
}

std::optional<std::int64_t> Tokens::verify(std::string_view token) const {
  if (token.size() > token_bytes_max || !is_shaped_like_a_token(token)) return std::nullopt;
  try {
    std::error_code problem;
    const auto decoded =
        jwt::decode(std::string(token), jwt::params::algorithms({"HS256"}), problem,
                    jwt::params::secret(secret_), jwt::params::verify(true));
    // The library fills the payload in even when it has found something wrong.
    if (problem || !decoded.has_claim("id")) return std::nullopt;
    const auto& id = decoded.payload().create_json_obj().at("id");
    if (!id.is_number_integer()) return std::nullopt;
    return id.get<std::int64_t>();
  } catch (const std::exception&) {
    return std::nullopt;  // Not even shaped like a token.
  }
}

}  // namespace coterie::chat
