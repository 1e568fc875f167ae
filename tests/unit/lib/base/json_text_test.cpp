// SPDX-License-Identifier: MIT
#include "base/json_text.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

namespace coterie {
namespace {

struct Leaf {
  std::string name;
  std::optional<std::int64_t> weight;
};
void add_leaf(JsonObjectWriter& to, const Leaf& leaf) {
  to.add("name", leaf.name);
  to.add("weight", leaf.weight);
}

TEST(JsonText, of_single_values_is_what_write_json_writes) {
  const auto value_of = [](const auto& value) {
    return json_object([&](JsonObjectWriter& to) { to.add("value", value); }).text;
  };
  const auto as_json = [](Json value) { return to_text(JsonObject{{"value", std::move(value)}}); };
  for (const std::int64_t number : {std::int64_t{0}, std::numeric_limits<std::int64_t>::min(),
                                    std::numeric_limits<std::int64_t>::max()}) {
    EXPECT_EQ(value_of(number), as_json(number));
  }
  EXPECT_EQ(value_of(-7), R"({"value":-7})");
  EXPECT_EQ(value_of(true), R"({"value":true})");
  EXPECT_EQ(value_of(false), R"({"value":false})");
  EXPECT_EQ(value_of(nullptr), R"({"value":null})");
  EXPECT_EQ(value_of(std::optional<std::string>()), R"({"value":null})");
  EXPECT_EQ(value_of(std::optional<std::string>("")), R"({"value":""})");
  EXPECT_EQ(value_of(Json(JsonArray{1, "2"})), R"({"value":[1,"2"]})");
  EXPECT_EQ(value_of(WallTime(std::chrono::milliseconds(1795532189286))),
            R"({"value":"2026-11-24T14:56:29.286Z"})");
  const std::string every_escape = "\"\\\b\f\n\r\t\x01 plain, then again: \" \u00fc\U0001F600";
  EXPECT_EQ(value_of(every_escape), as_json(Json(every_escape)));
}

TEST(JsonText, has_its_properties_in_the_order_in_which_they_are_added) {
  const auto text = json_object([](JsonObjectWriter& to) {
    to.add("z", 1);
    to.add("a", 2);
  });
  EXPECT_EQ(text.text, R"({"z":1,"a":2})");
  EXPECT_EQ(json_object([](JsonObjectWriter&) {}).text, "{}");
}

TEST(JsonText, nests_shapes) {
  const std::vector<Leaf> leaves{{"one", 1}, {"two", {}}};
  const auto text = json_object([&](JsonObjectWriter& to) {
    to.object("first", add_leaf, leaves[0]);
    to.array("all", leaves, add_leaf);
    to.array("none", std::vector<Leaf>(), add_leaf);
    to.add("last", true);
  });
  EXPECT_EQ(text.text, R"({"first":{"name":"one","weight":1},)"
                       R"("all":[{"name":"one","weight":1},{"name":"two","weight":null}],)"
                       R"("none":[],"last":true})");
}

TEST(JsonText, of_many_is_an_array) {
  const std::vector<Leaf> leaves{{"one", 1}, {"two", 2}};
  EXPECT_EQ(json_array(leaves, add_leaf, 1).text,
            R"([{"name":"one","weight":1},{"name":"two","weight":2}])");
}

TEST(JsonText, follows_what_is_there) {
  std::string text = "before: ";
  JsonObjectWriter::write(text, add_leaf, Leaf{"one", 1});
  EXPECT_EQ(text, R"(before: {"name":"one","weight":1})");
}

}  // namespace
}  // namespace coterie
