// SPDX-License-Identifier: MIT
#include "socketio/arguments.hpp"

#include <gtest/gtest.h>

#include <string>

namespace coterie::socketio {
namespace {

const std::string first_place = R"({"_placeholder":true,"num":0})";
const std::string second_place = R"({"_placeholder":true,"num":1})";

Args args(std::string_view array, std::vector<SharedBytes> attachments = {}) {
  return Args(parse_json(array)->as_array(), std::move(attachments));
}

TEST(Arguments, are_the_elements_of_an_array) {
  EXPECT_EQ(arguments().text, "");
  EXPECT_EQ(arguments(1, -2, "three", true, nullptr, std::string("six")).text,
            R"(1,-2,"three",true,null,"six")");
  EXPECT_EQ(arguments(Json(JsonArray{1}), JsonObject{{"a", 1}}).text, R"([1],{"a":1})");
}

TEST(Arguments, take_text_that_is_json_already) {
  EXPECT_EQ(arguments(1, RawJson{R"({"a": 1})"}, 2).text, R"(1,{"a": 1},2)");
}

TEST(Arguments, take_bytes_as_attachments) {
  const Arguments two = arguments("a", Binary{SharedBytes(std::string_view("x"))}, 1,
                                  Binary{SharedBytes(std::string_view("y"))});
  EXPECT_EQ(two.text, "\"a\"," + first_place + ",1," + second_place);
  ASSERT_EQ(two.attachments.size(), 2u);
  EXPECT_EQ(two.attachments[1].view(), "y");
}

TEST(Arguments, relay_what_came_in) {
  const Args came = args("[1," + first_place + "]", {SharedBytes(std::string_view("x"))});
  const Arguments gone = arguments("said", came);
  EXPECT_EQ(gone.text, R"("said",1,)" + first_place);
  EXPECT_EQ(gone.attachments.size(), 1u);
  EXPECT_EQ(arguments(came, Binary{SharedBytes(std::string_view("y"))}).text,
            "1," + first_place + "," + second_place);
  EXPECT_EQ(arguments(Args()).text, "");
}

TEST(Arguments, put_bytes_inside_a_value) {
  Arguments nested = arguments("said");
  const Json photo = nested.attach(SharedBytes(std::string_view("x")));
  const Json sound = nested.attach(SharedBytes(std::string_view("y")));
  nested.add(Json{{"photo", photo}, {"more", JsonArray{sound}}});
  EXPECT_EQ(nested.text,
            R"("said",{"photo":)" + first_place + R"(,"more":[)" + second_place + "]}");
  EXPECT_EQ(nested.attachments.at(1).view(), "y");
}

TEST(Arguments, are_taken_over_by_others_with_their_attachments) {
  Arguments inner;
  inner.add(Json{{"deep", inner.attach(SharedBytes(std::string_view("x")))}});
  const Arguments outer = arguments(1, inner, "last", Binary{SharedBytes(std::string_view("y"))});
  EXPECT_EQ(outer.text, R"(1,{"deep":)" + first_place + R"(},"last",)" + second_place);
  ASSERT_EQ(outer.attachments.size(), 2u);
  EXPECT_EQ(outer.attachments[0].view(), "x");
  EXPECT_EQ(arguments(Arguments(), 1, Arguments()).text, "1");
}

TEST(ArgumentsDeathTest, must_not_take_over_attachments_behind_others) {
  const Arguments inner = arguments(Binary{SharedBytes(std::string_view("x"))});
  EXPECT_DEATH(arguments(Binary{SharedBytes(std::string_view("y"))}, inner), "CHECK failed");
  EXPECT_DEATH(arguments(inner, inner), "CHECK failed");
}

TEST(ArgumentsDeathTest, must_not_relay_attachments_behind_others) {
  const Args came = args("[" + first_place + "]", {SharedBytes(std::string_view("x"))});
  EXPECT_DEATH(arguments(Binary{SharedBytes(std::string_view("y"))}, came), "CHECK failed");
}

TEST(Args, are_null_beyond_their_end) {
  const Args two = args(R"([1,"b"])");
  EXPECT_EQ(two.size(), 2u);
  EXPECT_EQ(two[1].as_string(), "b");
  EXPECT_TRUE(two[2].is_null());
  EXPECT_TRUE(Args()[0].is_null());
}

TEST(Args, find_the_bytes_that_a_value_stands_for) {
  const Args both = args(R"([{"deep":)" + second_place + "}," + first_place + "]",
                         {SharedBytes(std::string_view("x")), SharedBytes(std::string_view("y"))});
  EXPECT_EQ(both.binary(both[1])->view(), "x");
  EXPECT_EQ(both.binary(both[0].as_object().at("deep"))->view(), "y");
  EXPECT_EQ(both.binary(both[0]), nullptr);
}

TEST(Args, find_no_bytes_for_anything_else) {
  const Args one = args("[]", {SharedBytes(std::string_view("x"))});
  for (const char* value :
       {"null", "0", R"("x")", "[]", "{}", R"({"num":0})", R"({"_placeholder":true})",
        R"({"_placeholder":false,"num":0})", R"({"_placeholder":1,"num":0})",
        R"({"_placeholder":true,"num":1})", R"({"_placeholder":true,"num":-1})",
        R"({"_placeholder":true,"num":"0"})", R"({"_placeholder":true,"num":0.0})"}) {
    EXPECT_EQ(one.binary(parse_json(value).value()), nullptr) << value;
  }
}

}  // namespace
}  // namespace coterie::socketio
