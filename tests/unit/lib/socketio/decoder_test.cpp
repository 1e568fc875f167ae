// SPDX-License-Identifier: MIT
#include "socketio/decoder.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

namespace coterie::socketio {
namespace {

const Limits limits;

// A packet as one line: "type nsp id data #attachments"; "error" or "collecting" for none.
std::string line(const Result<std::optional<Packet>>& result) {
  if (!result) {
    EXPECT_EQ(result.error().code, "bad_packet");
    EXPECT_FALSE(result.error().detail.empty());
    return "error";
  }
  if (!*result) return "collecting";
  const Packet& packet = **result;
  std::string text = std::string(1, static_cast<char>(packet.type)) + " " + packet.nsp + " " +
                     (packet.id ? std::to_string(*packet.id) : "-") + " " + to_text(packet.data);
  for (const SharedBytes& bytes : packet.attachments) text += " #" + std::string(bytes.view());
  return text;
}

std::string decode(std::string_view text) {
  Decoder decoder(limits);
  return line(decoder.on_text(text));
}

// A text and its attachments; the first answer that is no "collecting".
std::string decode(std::string_view text, const std::vector<std::string>& attachments) {
  Decoder decoder(limits);
  std::string last = line(decoder.on_text(text));
  for (const std::string& attachment : attachments) {
    if (last != "collecting") break;
    EXPECT_TRUE(decoder.is_collecting());
    last = line(decoder.on_binary(attachment));
  }
  return last;
}

TEST(Decoder, reads_connects) {
  EXPECT_EQ(decode("0"), "0 / - null");
  EXPECT_EQ(decode("0{}"), "0 / - {}");
  EXPECT_EQ(decode(R"(0{"token":"123"})"), R"(0 / - {"token":"123"})");
  EXPECT_EQ(decode("0/admin"), "0 /admin - null");
  EXPECT_EQ(decode("0/admin,"), "0 /admin - null");
  EXPECT_EQ(decode(R"(0/admin,{"token":"123"})"), R"(0 /admin - {"token":"123"})");
  EXPECT_EQ(decode("0/a?x=1,{}"), "0 /a?x=1 - {}");
}

TEST(Decoder, reads_disconnects) {
  EXPECT_EQ(decode("1"), "1 / - null");
  EXPECT_EQ(decode("1/admin"), "1 /admin - null");
  EXPECT_EQ(decode("1/admin,"), "1 /admin - null");
}

TEST(Decoder, reads_events) {
  EXPECT_EQ(decode(R"(2["a",1,{}])"), R"(2 / - ["a",1,{}])");
  EXPECT_EQ(decode(R"(21["a",1,{}])"), R"(2 / 1 ["a",1,{}])");
  EXPECT_EQ(decode(R"(2/test,["a"])"), R"(2 /test - ["a"])");
  EXPECT_EQ(decode(R"(2/test,456["a"])"), R"(2 /test 456 ["a"])");
  EXPECT_EQ(decode(R"(2["a"] )"), R"(2 / - ["a"])");
  EXPECT_EQ(decode("2[\"\xE6\xBC\xA2\"]"), "2 / - [\"\xE6\xBC\xA2\"]");
}

TEST(Decoder, takes_a_number_for_the_name_of_an_event) {
  EXPECT_EQ(decode("2[1,2]"), R"(2 / - ["1",2])");
  EXPECT_EQ(decode("2[0.5]"), R"(2 / - ["0.5"])");
  EXPECT_EQ(decode("2[1e400]"), "error");  // Not the event "null".
  EXPECT_EQ(decode("2[-1e400,2]"), "error");
}

TEST(Decoder, lets_an_event_be_called_error) {
  EXPECT_EQ(decode(R"(2["error"])"), R"(2 / - ["error"])");
  EXPECT_EQ(decode(R"(2["connection"])"), R"(2 / - ["connection"])");
  EXPECT_EQ(decode(R"(2[""])"), R"(2 / - [""])");
}

TEST(Decoder, reads_acks) {
  EXPECT_EQ(decode("3123[]"), "3 / 123 []");
  EXPECT_EQ(decode(R"(3/test,123[1,"a"])"), R"(3 /test 123 [1,"a"])");
  EXPECT_EQ(decode("30[null]"), "3 / 0 [null]");
}

TEST(Decoder, collects_attachments_in_their_order) {
  EXPECT_EQ(decode(R"(51-["a",{"_placeholder":true,"num":0}])", {"x"}),
            R"(2 / - ["a",{"_placeholder":true,"num":0}] #x)");
  EXPECT_EQ(
      decode(R"(52-/nsp,12["a",{"deep":[{"_placeholder":true,"num":1}]},{"_placeholder":true,)"
             R"("num":0}])",
             {"x", ""}),
      R"(2 /nsp 12 ["a",{"deep":[{"_placeholder":true,"num":1}]},{"_placeholder":true,)"
      R"("num":0}] #x #)");
  EXPECT_EQ(decode(R"(61-12[{"_placeholder":true,"num":0}])", {"x"}),
            R"(3 / 12 [{"_placeholder":true,"num":0}] #x)");
}

TEST(Decoder, takes_up_to_ten_attachments) {
  EXPECT_EQ(decode(R"(510-["a"])", std::vector<std::string>(9, "x")), "collecting");
  EXPECT_NE(decode(R"(510-["a"])", std::vector<std::string>(10, "x")), "collecting");
  EXPECT_EQ(decode(R"(511-["a"])"), "error");
}

TEST(Decoder, is_ready_for_the_next_packet_after_the_last_attachment) {
  Decoder decoder(limits);
  EXPECT_EQ(line(decoder.on_text(R"(51-["a"])")), "collecting");
  EXPECT_EQ(line(decoder.on_binary("x")), R"(2 / - ["a"] #x)");
  EXPECT_FALSE(decoder.is_collecting());
  EXPECT_EQ(line(decoder.on_text(R"(2["b"])")), R"(2 / - ["b"])");
  EXPECT_EQ(line(decoder.on_binary("x")), "error");
}

TEST(Decoder, lets_attachments_be_named_twice_or_not_at_all) {
  EXPECT_EQ(decode(R"(51-["a",{"_placeholder":true,"num":0},{"_placeholder":true,"num":0}])", {"x"})
                .substr(0, 1),
            "2");
  EXPECT_EQ(decode(R"(51-["a"])", {"x"}), R"(2 / - ["a"] #x)");
}

TEST(Decoder, takes_what_looks_like_a_placeholder_in_a_plain_packet_as_it_is) {
  EXPECT_EQ(decode(R"(2["a",{"_placeholder":true,"num":7}])"),
            R"(2 / - ["a",{"_placeholder":true,"num":7}])");
  EXPECT_EQ(decode(R"(51-["a",{"_placeholder":false,"num":7}])", {"x"}).substr(0, 1), "2");
}

TEST(Decoder, refuses_placeholders_that_name_no_attachment) {
  for (const char* number : {"\"splice\"", "-1", "1", "1000000000", "null", "true", "[]", "{}",
                             "0.5", "1e400", "18446744073709551615", "-0.0"}) {
    const std::string text =
        R"(51-["hello",{"_placeholder":true,"num":)" + std::string(number) + "}]";
    EXPECT_EQ(decode(text, {"x"}), "error") << number;
  }
  EXPECT_EQ(decode(R"(51-["hello",{"_placeholder":true}])", {"x"}), "error");
  EXPECT_EQ(decode(R"(51-["hello",[[{"a":{"_placeholder":true,"num":1}}]]])", {"x"}), "error");
}

// The invalid packets of the reference parser's own tests.
TEST(Decoder, refuses_what_the_reference_refuses) {
  for (const char* text :
       {R"(442["some","data")", R"(0/admin,"invalid")", "0[]", "1/admin,{}", R"(2/admin,"invalid")",
        "2/admin,{}", R"(2[{"toString":"foo"}])", R"(2[true,"foo"])", R"(2[null,"bar"])",
        R"(2["connect"])", R"(2["disconnect","123"])", "5", "51", "5a-", "51.23-", "999", "",
        R"(50-["a"])", R"(511-["a"])"}) {
    EXPECT_EQ(decode(text), "error") << text;
  }
}

TEST(Decoder, refuses_every_reserved_name) {
  for (const char* name : {"connect", "connect_error", "disconnect", "disconnecting", "newListener",
                           "removeListener"}) {
    EXPECT_TRUE(is_reserved_event(name));
    EXPECT_EQ(decode("2[\"" + std::string(name) + "\"]"), "error") << name;
    EXPECT_EQ(decode("51-[\"" + std::string(name) + "\"]"), "error") << name;
  }
  EXPECT_FALSE(is_reserved_event("error"));
  EXPECT_FALSE(is_reserved_event("Connect"));
  EXPECT_FALSE(is_reserved_event(""));
}

TEST(Decoder, refuses_payloads_of_the_wrong_kind) {
  for (const char* text : {"0null",    "0\"a\"",

                           "0/a,b,{}", "1{}",        "1[]",    "1null", "2",
                           "2null",    "2{}",        "2\"a\"", "2[]",   "2[[]]",
                           "2/admin",  "3",          "3[]",    "31",    "31{}",
                           "31null",   "3/a,1\"x\"", "4",      "4{}",   R"(4{"message":"x"})",
                           "4\"x\"",   "51-",        "51-{}",  "51-[]", "61-[]",
                           "61-1{}",   "61-1"}) {
    EXPECT_EQ(decode(text), "error") << text;
  }
}

TEST(Decoder, refuses_what_is_no_json) {
  for (const char* text : {R"(2["a")", R"(2["a"]])", R"(2["a"]["b"])", "2[a]", "2['a']",
                           R"(2["a",])", "2[\"\xFF\"]", R"(2["\ud800"])", "0{", "30["}) {
    EXPECT_EQ(decode(text), "error") << text;
  }
}

TEST(Decoder, refuses_white_space_in_front_of_a_payload) {
  for (const char* text : {R"(2 ["a"])", "2\t[\"a\"]", R"(21 ["a"])", R"(2/a, ["a"])", "0 {}",
                           "0\n{}", "31 []", R"(51- ["a"])"}) {
    EXPECT_EQ(decode(text), "error") << text;
  }
  EXPECT_EQ(decode("2[ \"a\" ]\r\n\t "), R"(2 / - ["a"])");
}

TEST(Decoder, refuses_types_it_does_not_know) {
  for (const char* text : {"7", "8[]", "9", "a", " 2[\"a\"]", "-1", "\x1E", "/admin"}) {
    EXPECT_EQ(decode(text), "error") << text;
  }
}

TEST(Decoder, reads_ids_as_far_as_a_client_can_count) {
  EXPECT_EQ(decode(R"(29007199254740991["a"])"), R"(2 / 9007199254740991 ["a"])");
  EXPECT_EQ(decode(R"(29007199254740992["a"])"), "error");
  EXPECT_EQ(decode(R"(299999999999999999["a"])"), "error");
  EXPECT_EQ(decode("2" + std::string(900'000, '1') + R"(["a"])"), "error");
  EXPECT_EQ(decode(R"(2 1["a"])"), "error");
  EXPECT_EQ(decode(R"(2-1["a"])"), "error");
}

TEST(Decoder, bounds_the_number_of_attachments_by_its_digits) {
  EXPECT_EQ(decode(R"(5999999999-["a"])"), "error");
  EXPECT_EQ(decode("5" + std::string(900'000, '1') + R"(-["a"])"), "error");
  EXPECT_EQ(decode(R"(51e1-["a"])"), "error");
  EXPECT_EQ(decode(R"(5 1-["a"])"), "error");
  EXPECT_EQ(decode(R"(5-1-["a"])"), "error");
  EXPECT_EQ(decode(R"(500-["a"])"), "error");
}

TEST(Decoder, bounds_the_name_of_a_namespace) {
  EXPECT_EQ(decode("0/" + std::string(255, 'a')).substr(0, 2), "0 ");
  EXPECT_EQ(decode("0/" + std::string(256, 'a')), "error");
  EXPECT_EQ(decode("0/" + std::string(900'000, 'a')), "error");
}

TEST(Decoder, bounds_how_deep_a_payload_nests) {
  const auto nested = [](std::size_t depth) {
    return R"(2["a",)" + std::string(depth, '[') + std::string(depth, ']') + "]";
  };
  EXPECT_EQ(decode(nested(60)).substr(0, 1), "2");
  EXPECT_EQ(decode(nested(400'000)), "error");
}

TEST(Decoder, bounds_the_bytes_of_attachments_together) {
  Limits small;
  small.attachment_bytes_max = 100;
  Decoder decoder(small);
  EXPECT_EQ(line(decoder.on_text(R"(53-["a"])")), "collecting");
  EXPECT_EQ(line(decoder.on_binary(std::string(50, 'x'))), "collecting");
  EXPECT_EQ(line(decoder.on_binary(std::string(51, 'x'))), "error");
}

TEST(Decoder, refuses_binary_data_that_nobody_announced) {
  Decoder decoder(limits);
  EXPECT_EQ(line(decoder.on_binary("x")), "error");
}

TEST(Decoder, refuses_text_in_place_of_an_attachment) {
  Decoder decoder(limits);
  EXPECT_EQ(line(decoder.on_text(R"(51-["a"])")), "collecting");
  EXPECT_EQ(line(decoder.on_text(R"(2["b"])")), "error");
}

}  // namespace
}  // namespace coterie::socketio
