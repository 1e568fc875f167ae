// SPDX-License-Identifier: MIT
#include "base/hex.hpp"

#include <gtest/gtest.h>

#include <array>

namespace coterie {
namespace {

TEST(Hex, writes_two_digits_a_byte) {
  const std::array<unsigned char, 5> bytes{0x00, 0x0F, 0x7F, 0xA0, 0xFF};
  EXPECT_EQ(to_hex(bytes), "000f7fa0ff");
}

TEST(Hex, of_nothing_is_nothing) {
  EXPECT_EQ(to_hex({}), "");
}

}  // namespace
}  // namespace coterie
