// SPDX-License-Identifier: MIT
#include "chat/passwords.hpp"

#include <openssl/crypto.h>
#include <openssl/sha.h>
#include <sodium.h>

#include <array>

#include "base/blocking.hpp"
#include "base/check.hpp"
#include "base/hex.hpp"

namespace coterie::chat {

namespace {

struct Limits {
  unsigned long long operations;
  std::size_t bytes;
};

Limits limits_of(Passwords::Cost cost) {
  if (cost == Passwords::Cost::light) return {1, 8 * 1024 * 1024};
  return {crypto_pwhash_OPSLIMIT_INTERACTIVE, crypto_pwhash_MEMLIMIT_INTERACTIVE};
}

class Slot {
 public:
  explicit Slot(std::counting_semaphore<2>& slots) : slots_(slots) { slots_.acquire(); }
  ~Slot() { slots_.release(); }
  Slot(const Slot&) = delete;
  Slot& operator=(const Slot&) = delete;

 private:
  std::counting_semaphore<2>& slots_;
};

// The seed system's hashes: 40 hexadecimal digits, unsalted.
bool is_sha1(std::string_view hash) {
  return hash.size() == 40 && hash.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

std::string sha1_of(std::string_view text) {
  std::array<unsigned char, SHA_DIGEST_LENGTH> digest;
  SHA1(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  return to_hex(digest);
}

}  // namespace

std::string Passwords::hash(std::string_view password) {
  COTERIE_CHECK(may_block() && sodium_init() >= 0);
  const Limits limits = limits_of(cost_);
  std::array<char, crypto_pwhash_STRBYTES> text{};
  const Slot slot(slots_);
  COTERIE_CHECK(crypto_pwhash_str(text.data(), password.data(), password.size(), limits.operations,
                                  limits.bytes) == 0);
  return text.data();
}

Passwords::Verdict Passwords::verify(const std::string& hash, std::string_view password) {
  COTERIE_CHECK(may_block() && sodium_init() >= 0);
  if (is_sha1(hash)) {
    const bool is_right = CRYPTO_memcmp(sha1_of(password).data(), hash.data(), hash.size()) == 0;
    return {is_right, is_right};
  }
  if (hash.size() >= crypto_pwhash_STRBYTES) return {false, false};
  const Limits limits = limits_of(cost_);
  const Slot slot(slots_);
  if (crypto_pwhash_str_verify(hash.c_str(), password.data(), password.size()) != 0) {
    return {false, false};
  }
  return {true, crypto_pwhash_str_needs_rehash(hash.c_str(), limits.operations, limits.bytes) != 0};
}

}  // namespace coterie::chat
