// SPDX-License-Identifier: MIT
#include "base/random.hpp"

#include <sys/random.h>

#include <array>
#include <cerrno>

#include "base/check.hpp"

namespace coterie {

namespace {

class SystemRandom final : public Random {
 public:
  void fill(std::span<unsigned char> bytes) override {
    while (!bytes.empty()) {
      const ssize_t count = getrandom(bytes.data(), bytes.size(), 0);
      if (count < 0 && errno == EINTR) continue;
      COTERIE_CHECK(count > 0);
      bytes = bytes.subspan(static_cast<std::size_t>(count));
    }
  }
};

}  // namespace

Random& system_random() {
  static SystemRandom random;
  return random;
}

std::string random_string(Random& random, std::size_t length, std::string_view alphabet) {
  COTERIE_CHECK(!alphabet.empty() && alphabet.size() <= 256);
  // Bytes at or above the last whole multiple of the alphabet would favour its first characters.
  const std::size_t fair = 256 - 256 % alphabet.size();
  std::string result;
  result.reserve(length);
  std::array<unsigned char, 64> bytes;
  while (result.size() < length) {
    random.fill(bytes);
    for (const unsigned char byte : bytes) {
      if (result.size() == length) break;
      if (byte < fair) result.push_back(alphabet[byte % alphabet.size()]);
    }
  }
  return result;
}

std::string random_id(Random& random, std::size_t length) {
  return random_string(random, length,
                       "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-");
}

}  // namespace coterie
