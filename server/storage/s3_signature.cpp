// SPDX-License-Identifier: MIT
#include "storage/s3_signature.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>

#include "base/check.hpp"
#include "base/hex.hpp"

namespace coterie::storage {

namespace {

constexpr std::string_view algorithm = "AWS4-HMAC-SHA256";

std::string hex_of(std::string_view bytes) {
  return to_hex({reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()});
}

std::string sha256(std::string_view text) {
  std::string digest(EVP_MAX_MD_SIZE, '\0');
  unsigned size = 0;
  COTERIE_CHECK(EVP_Digest(text.data(), text.size(),
                           reinterpret_cast<unsigned char*>(digest.data()), &size, EVP_sha256(),
                           nullptr) == 1);
  digest.resize(size);
  return digest;
}

std::string hmac(std::string_view key, std::string_view text) {
  std::string digest(EVP_MAX_MD_SIZE, '\0');
  unsigned size = 0;
  COTERIE_CHECK(HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
                     reinterpret_cast<const unsigned char*>(text.data()), text.size(),
                     reinterpret_cast<unsigned char*>(digest.data()), &size) != nullptr);
  digest.resize(size);
  return digest;
}

// "a=b&c=d", encoded and sorted as the canonical request wants it.
std::string canonical_query(const NamedTexts& query) {
  NamedTexts encoded;
  for (const auto& [name, value] : query) {
    encoded.emplace_back(percent_encode(name), percent_encode(value));
  }
  std::ranges::sort(encoded);
  std::string text;
  for (const auto& [name, value] : encoded) {
    text += fmt::format("{}{}={}", text.empty() ? "" : "&", name, value);
  }
  return text;
}

}  // namespace

std::string percent_encode(std::string_view text, bool is_path) {
  std::string encoded;
  for (const char c : text) {
    const bool is_alphanumeric =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (is_alphanumeric || std::string_view("-_.~").find(c) != std::string_view::npos ||
        (is_path && c == '/')) {
      encoded += c;
    } else {
      encoded += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return encoded;
}

std::string presign(const S3Permit& permit, const S3Key& key, WallTime now,
                    std::chrono::seconds life) {
  const auto seconds = fmt::gmtime(std::chrono::system_clock::to_time_t(now));
  const std::string date = fmt::format("{:%Y%m%d}", seconds);
  const std::string time = fmt::format("{:%Y%m%dT%H%M%SZ}", seconds);
  const std::string scope = fmt::format("{}/{}/s3/aws4_request", date, key.region);

  NamedTexts headers = permit.headers;
  headers.emplace_back("host", permit.host);
  std::ranges::sort(headers);
  std::string header_lines;
  std::string header_names;
  for (const auto& [name, value] : headers) {
    header_lines += fmt::format("{}:{}\n", name, value);
    header_names += fmt::format("{}{}", header_names.empty() ? "" : ";", name);
  }

  NamedTexts query = permit.query;
  query.emplace_back("X-Amz-Algorithm", algorithm);
  query.emplace_back("X-Amz-Credential", key.access_key + "/" + scope);
  query.emplace_back("X-Amz-Date", time);
  query.emplace_back("X-Amz-Expires", std::to_string(life.count()));
  query.emplace_back("X-Amz-SignedHeaders", header_names);
  const std::string signed_query = canonical_query(query);
  const std::string path = percent_encode(permit.path, true);

  const std::string request = fmt::format("{}\n{}\n{}\n{}\n{}\nUNSIGNED-PAYLOAD", permit.method,
                                          path, signed_query, header_lines, header_names);
  const std::string to_sign =
      fmt::format("{}\n{}\n{}\n{}", algorithm, time, scope, hex_of(sha256(request)));
  const std::string signing_key =
      hmac(hmac(hmac(hmac("AWS4" + key.secret_key, date), key.region), "s3"), "aws4_request");
  return fmt::format("{}?{}&X-Amz-Signature={}", path, signed_query,
                     hex_of(hmac(signing_key, to_sign)));
}

}  // namespace coterie::storage
