// SPDX-License-Identifier: MIT
#include "redis/msgpack.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "support/hex.hpp"

namespace coterie::redis {
namespace {

using socketio::Args;
using test::from_hex;
using test::to_hex;

// As JSON, with the bytes that stand aside behind it.
std::string shown(const Result<Unpacked>& unpacked) {
  if (!unpacked) return std::string(unpacked.error().code);
  std::string text = to_text(unpacked->value);
  for (const SharedBytes& bytes : unpacked->attachments) text += " " + to_hex(bytes.view());
  return text;
}
std::string read(std::string_view hex, const MsgpackLimits& limits = {}) {
  return shown(read_msgpack(from_hex(hex), limits));
}
std::string written(std::string_view json, std::vector<SharedBytes> attachments = {}) {
  std::string target;
  write_msgpack(parse_json(json).value(), Args({}, std::move(attachments)), target);
  return to_hex(target);
}

struct Case {
  std::string_view hex;
  std::string_view json;
};

// What notepack.io 3 writes, and we as well.
constexpr Case same[]{
    {"c0", "null"},
    {"c2", "false"},
    {"c3", "true"},
    {"00", "0"},
    {"7f", "127"},
    {"cc80", "128"},
    {"cd0100", "256"},
    {"ce00011170", "70000"},
    {"cf000000e8d4a51000", "1000000000000"},
    {"ff", "-1"},
    {"e0", "-32"},
    {"d0df", "-33"},
    {"d1ff7f", "-129"},
    {"d2ffff7fff", "-32769"},
    {"d3ffffffff7fffffff", "-2147483649"},
    {"cb3ff8000000000000", "1.5"},
    {"a0", R"("")"},
    {"a2c3a9", R"("é")"},
    {"90", "[]"},
    {"9401a374776f81a57468726565c092c3c2", R"([1,"two",{"three":null},[true,false]])"},
    {"80", "{}"},
};

TEST(Msgpack, reads_and_writes_as_the_reference_does) {
  for (const auto& [hex, json] : same) {
    EXPECT_EQ(read(hex), json) << hex;
    EXPECT_EQ(written(json), hex) << json;
  }
}

TEST(Msgpack, reads_what_others_may_write) {
  constexpr Case cases[]{
      {"ca3fc00000", "1.5"},
      {"cb3ff0000000000000", "1"},
      {"cb7ff8000000000000", "null"},
      {"cfffffffffffffffff", "18446744073709551616"},
      {"cf0020000000000000", "9007199254740992"},
      {"d38000000000000000", "-9223372036854775808"},
      {"d001", "1"},
      {"d10001", "1"},
      {"d203000000", "50331648"},
      {"d90161", R"("a")"},
      {"da000161", R"("a")"},
      {"db0000000161", R"("a")"},
      {"dc000101", "[1]"},
      {"dd0000000101", "[1]"},
      {"de0001a16101", R"({"a":1})"},
      {"df00000001a16101", R"({"a":1})"},
      {"810701", R"({"7":1})"},
      {"82a16101a16102", R"({"a":2})"},
      {"d6ff6553f100", R"("2023-11-14T22:13:20.000Z")"},
      {"d7ff1d5353006553f100", R"("2023-11-14T22:13:20.123Z")"},
      {"c70cff075bca00000000006553f100", R"("2023-11-14T22:13:20.123Z")"},
      {"c70cff00000000ffffffffffffffff", "null"},  // Before 1970.
      {"d7000000018bcfe5687b", R"("2023-11-14T22:13:20.123Z")"},
      {"d40000", "null"},
      {"92d4000001", "[null,1]"},
      {"82a161d40000a16201", R"({"b":1})"},
      {"c4020708", R"({"_placeholder":true,"num":0} 0708)"},
      {"92c50001ffc60000000100",
       R"([{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}] ff 00)"},
      {"c70100aa", R"({"_placeholder":true,"num":0} aa)"},
      {"d405aa", R"([5,{"_placeholder":true,"num":0}] aa)"},
      {"c80001feaa", R"([-2,{"_placeholder":true,"num":0}] aa)"},
  };
  for (const auto& [hex, json] : cases) EXPECT_EQ(read(hex), json) << hex;
}

TEST(Msgpack, refuses_what_is_no_value) {
  for (const char* hex :
       {"",           "c1",         "91",         "a161a1",     "cc",           "cd00",   "c4",
        "c402ff",     "d4",         "d400",       "d7ff00",     "81",           "81a161", "0000",
        "dd7fffffff", "df7fffffff", "dbffffffff", "c6ffffffff", "c9ffffffff00", "a1ff",   "81c001",
        "8190c0",     "81c3c0",     "81c40161c0"}) {
    EXPECT_EQ(read(hex), "bad_msgpack") << hex;
  }
}

TEST(Msgpack, what_only_looks_like_an_attachment_is_a_value_where_there_is_none) {
  const std::string look_alike = "82ac5f706c616365686f6c646572c3a36e756d00";
  EXPECT_EQ(read(look_alike), R"({"_placeholder":true,"num":0})");
  EXPECT_EQ(written(R"({"_placeholder":true,"num":0})"), look_alike);
  EXPECT_EQ(read("92c401aa" + look_alike), "bad_msgpack");
  EXPECT_EQ(read("92" + look_alike + "c401aa"), "bad_msgpack");
  EXPECT_EQ(read("9281ac5f706c616365686f6c646572c2c401aa"),
            R"([{"_placeholder":false},{"_placeholder":true,"num":0}] aa)");
}

TEST(Msgpack, is_bounded) {
  const auto nested = [](std::size_t depth) {
    std::string hex;
    for (std::size_t i = 0; i < depth; ++i) hex += "91";
    return hex + "c0";
  };
  EXPECT_EQ(read(nested(cluster_depth_max)).size(), 2 * cluster_depth_max + 4);
  EXPECT_EQ(read(nested(cluster_depth_max + 1)), "bad_msgpack");
  EXPECT_EQ(read("90", {.depth_max = 0}), "bad_msgpack");
  EXPECT_EQ(read("80", {.depth_max = 0}), "bad_msgpack");
  EXPECT_EQ(read("d405aa", {.depth_max = 0}), "bad_msgpack");
  EXPECT_EQ(read(nested(400'000)), "bad_msgpack");
  EXPECT_EQ(shown(read_msgpack(std::string(400'000, '\x81'))), "bad_msgpack");  // Maps as keys.
  EXPECT_EQ(read("93010203", {.values_max = 4}), "[1,2,3]");
  EXPECT_EQ(read("93010203", {.values_max = 3}), "bad_msgpack");
  EXPECT_EQ(read("92c400c400", {.attachments_max = 1}), "bad_msgpack");
}

TEST(Msgpack, writes_lengths_of_every_width) {
  const auto begin = [](const std::string& json) { return written(json).substr(0, 10); };
  const auto text = [](std::size_t size) { return '"' + std::string(size, 'a') + '"'; };
  const auto list = [](std::size_t size) {
    std::string json = "[0";
    for (std::size_t i = 1; i < size; ++i) json += ",0";
    return json + "]";
  };
  EXPECT_EQ(begin(text(31)), "bf61616161");
  EXPECT_EQ(begin(text(32)), "d920616161");
  EXPECT_EQ(begin(text(256)), "da01006161");
  EXPECT_EQ(begin(text(65'536)), "db00010000");
  EXPECT_EQ(begin(list(15)), "9f00000000");
  EXPECT_EQ(begin(list(16)), "dc00100000");
  EXPECT_EQ(begin(list(65'536)), "dd00010000");
  const std::string bytes_of = R"({"_placeholder":true,"num":0})";
  const auto bytes = [&](std::size_t size) {
    return written(bytes_of, {SharedBytes(std::string(size, 'b'))}).substr(0, 10);
  };
  EXPECT_EQ(bytes(0), "c400");
  EXPECT_EQ(bytes(255), "c4ff626262");
  EXPECT_EQ(bytes(256), "c501006262");
  EXPECT_EQ(bytes(65'536), "c600010000");
  EXPECT_EQ(written("1e20"), "cb4415af1d78b58c40");
  EXPECT_EQ(written("18446744073709551615"), "cfffffffffffffffff");
}

}  // namespace
}  // namespace coterie::redis
