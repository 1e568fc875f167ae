// SPDX-License-Identifier: MIT
#include "net/networks.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "net/http.hpp"

namespace coterie::net {
namespace {

Networks networks(std::string_view text) {
  auto parsed = Networks::parse(text);
  EXPECT_TRUE(parsed) << text;
  return parsed ? *parsed : Networks();
}

bool contains(std::string_view list, std::string_view address) {
  return networks(list).contains(*Address::parse(address));
}

TEST(Networks, hold_what_their_first_bits_say) {
  EXPECT_TRUE(contains("10.0.0.0/8", "10.255.0.1"));
  EXPECT_FALSE(contains("10.0.0.0/8", "11.0.0.0"));
  EXPECT_TRUE(contains("192.0.2.128/25", "192.0.2.129"));
  EXPECT_FALSE(contains("192.0.2.128/25", "192.0.2.127"));
  EXPECT_TRUE(contains("192.0.2.1", "192.0.2.1"));
  EXPECT_FALSE(contains("192.0.2.1", "192.0.2.2"));
  EXPECT_TRUE(contains("0.0.0.0/0", "203.0.113.7"));
  EXPECT_FALSE(contains("0.0.0.0/0", "2001:db8::1")) << "all of one family is not all of the other";
  EXPECT_TRUE(contains("2001:db8::/33", "2001:db8:7fff::1"));
  EXPECT_FALSE(contains("2001:db8::/33", "2001:db8:8000::1"));
  EXPECT_TRUE(contains("::/0", "192.0.2.1"));
  EXPECT_TRUE(contains(" 127.0.0.1 ,\t::1,10.0.0.0/8 ", "::1"));
  EXPECT_TRUE(contains("10.1.2.3/8", "10.9.9.9")) << "bits behind the mask do not count";
}

TEST(Networks, know_an_address_of_ipv4_in_the_clothes_of_ipv6) {
  EXPECT_TRUE(contains("10.0.0.0/8", "::ffff:10.0.0.1"));
  EXPECT_EQ(Address::parse("::ffff:192.0.2.1")->text(), "192.0.2.1");
  EXPECT_EQ(Address::parse("2001:DB8:0:0:0:0:0:1")->text(), "2001:db8::1");
}

TEST(Networks, say_which_part_is_wrong) {
  const std::vector<std::pair<std::string, std::string>> wrong{
      {"10.0.0.0/33", "10.0.0.0/33"},
      {"::1/129", "::1/129"},
      {"10.0.0.0/", "10.0.0.0/"},
      {"10.0.0.0/-1", "10.0.0.0/-1"},
      {"10.0.0.0/8x", "10.0.0.0/8x"},
      {"10.0.0/8", "10.0.0/8"},
      {"localhost", "localhost"},
      {"127.0.0.1, proxy", "proxy"},
      {"127.0.0.1,,::1", ""},
      {"[::1]", "[::1]"},
      {std::string("127.0.0.1\0", 10), std::string("127.0.0.1\0", 10)},
  };
  for (const auto& [text, part] : wrong) {
    const auto parsed = Networks::parse(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().code, "bad_networks");
    EXPECT_EQ(parsed.error().detail, part);
  }
  EXPECT_TRUE(networks("").empty());
  EXPECT_TRUE(networks("  ").empty());
}

// -- whom a request comes from --------------------------------------------------------------------

constexpr const char* ours = "10.0.0.0/8, ::1";

std::string client(const Fields& fields, const std::string& peer = "10.0.0.1") {
  return client_address(networks(ours), peer, fields);
}
std::string by_list(const std::string& list) {
  return client({{"X-Forwarded-For", list}});
}
std::string by_forwarded(const std::string& list) {
  return client({{"forwarded", list}});
}

TEST(ClientAddress, is_the_peers_where_nobody_is_trusted) {
  const Fields claims{{"X-Forwarded-For", "198.51.100.1"}};
  EXPECT_EQ(client_address({}, "10.0.0.1", claims), "10.0.0.1");
  EXPECT_EQ(client(claims, "203.0.113.9"), "203.0.113.9");
  EXPECT_EQ(client(claims, "not an address"), "not an address");
  EXPECT_EQ(client({}), "10.0.0.1");
}

TEST(ClientAddress, is_the_last_that_is_none_of_our_proxies) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"198.51.100.1", "198.51.100.1"},
      {"198.51.100.1, 10.0.0.7", "198.51.100.1"},
      {"192.0.2.66, 198.51.100.1,10.0.0.7, 10.3.0.1", "198.51.100.1"},
      {"10.0.0.9, 10.0.0.7", "10.0.0.9"},
      {"2001:DB8::1", "2001:db8::1"},
      {"[2001:db8::1]:4711", "2001:db8::1"},
      {"198.51.100.1:4711", "198.51.100.1"},
      {"::ffff:198.51.100.1", "198.51.100.1"},
  };
  for (const auto& [list, expected] : cases) EXPECT_EQ(by_list(list), expected) << list;
}

TEST(ClientAddress, does_not_believe_what_stands_before_it) {
  // Each ends with what our proxy has added: whatever a client writes in front is of no use to it.
  for (const std::string claimed :
       {"127.0.0.1", "10.0.0.7", "\"", "\"10.0.0.7", "\\", "[", "a, b, c", ",,,,", "unknown",
        "10.0.0.7\", \"", "99999999999999999999"}) {
    EXPECT_EQ(by_list(claimed + ", 198.51.100.1"), "198.51.100.1") << claimed;
    EXPECT_EQ(by_forwarded("for=" + claimed + ", for=198.51.100.1"), "198.51.100.1") << claimed;
  }
  EXPECT_EQ(client({{"X-Forwarded-For", "192.0.2.1"}, {"x-forwarded-for", "198.51.100.1"}}),
            "198.51.100.1")
      << "fields of one name are one list";
}

TEST(ClientAddress, is_the_proxys_when_that_names_nobody) {
  for (const std::string nobody : {"", " ", ",", "unknown", "_hidden", "198.51.100.1, ",
                                   "198.51.100.1, unknown", "300.1.1.1", "1.2.3", "[::1", "::g"}) {
    EXPECT_EQ(by_list(nobody), "10.0.0.1") << nobody;
  }
  EXPECT_EQ(by_list("198.51.100.1, nonsense, 10.0.0.7"), "10.0.0.7");
}

TEST(ClientAddress, is_read_from_forwarded_as_well) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"for=198.51.100.1", "198.51.100.1"},
      {"For=198.51.100.1;proto=https;by=10.0.0.1", "198.51.100.1"},
      {"proto=https; FOR=\"198.51.100.1:4711\"", "198.51.100.1"},
      {"for=\"[2001:db8::1]:4711\"", "2001:db8::1"},
      {"for=192.0.2.1, for=198.51.100.1, for=10.0.0.7", "198.51.100.1"},
      {"for=unknown", "10.0.0.1"},
      {"for=_x", "10.0.0.1"},
      {"proto=https", "10.0.0.1"},
      {"for", "10.0.0.1"},
      {"for=", "10.0.0.1"},
      {"for=\"", "10.0.0.1"},
  };
  for (const auto& [list, expected] : cases) EXPECT_EQ(by_forwarded(list), expected) << list;
  EXPECT_EQ(client({{"Forwarded", "for=192.0.2.66"}, {"X-Forwarded-For", "198.51.100.1"}}),
            "198.51.100.1");
}

TEST(ClientAddress, is_found_within_reason) {
  std::string list = "198.51.100.1";
  for (int i = 0; i < 5000; ++i) list += ", 10.0.0.7";
  EXPECT_EQ(by_list(list), "10.0.0.7");
  EXPECT_EQ(by_list(std::string(16'000, ',')), "10.0.0.1");
}

}  // namespace
}  // namespace coterie::net
