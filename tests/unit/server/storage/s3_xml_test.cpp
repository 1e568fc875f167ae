// SPDX-License-Identifier: MIT
#include "storage/s3_xml.hpp"

#include <gtest/gtest.h>

namespace coterie::tests {
namespace {

using storage::xml_elements;
using storage::xml_of_location;
using storage::xml_of_parts;
using storage::xml_text;
using Elements = std::vector<std::string_view>;

TEST(S3Xml, elements_are_found_by_name_and_in_order) {
  const std::string_view xml =
      "<?xml version='1.0'?>\n<L xmlns=\"x\"><C><Key>a</Key></C><C/><C></C></L>";
  EXPECT_EQ(xml_elements(xml, "C"), (Elements{"<Key>a</Key>", ""}));
  EXPECT_EQ(xml_elements(xml, "Key"), Elements{"a"});
  EXPECT_EQ(xml_elements(xml, "Ke"), Elements());
}

TEST(S3Xml, text_is_the_first_and_its_entities_are_resolved) {
  EXPECT_EQ(xml_text("<ETag>&quot;a&amp;b&lt;&gt;&apos;&#34;&quot;</ETag><ETag>2</ETag>", "ETag"),
            "\"a&b<>'\"\"");
  EXPECT_EQ(xml_text("<A>&unknown; & &amp</A>", "A"), "&unknown; & &amp");
  EXPECT_EQ(xml_text("<B>1</B>", "A"), "");
}

TEST(S3Xml, what_is_broken_off_is_not_there) {
  for (const char* xml : {"", "<", "<A", "<A>", "<A>text", "<A>text</A", "</A>text<A>", "<A/>"}) {
    EXPECT_EQ(xml_elements(xml, "A"), Elements()) << xml;
  }
}

TEST(S3Xml, parts_are_numbered_from_one_and_escaped) {
  EXPECT_EQ(xml_of_parts({"\"a\"", "b<"}),
            "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>&quot;a&quot;</ETag>"
            "</Part><Part><PartNumber>2</PartNumber><ETag>b&lt;</ETag></Part>"
            "</CompleteMultipartUpload>");
  EXPECT_EQ(xml_text(xml_of_location("eu&1"), "LocationConstraint"), "eu&1");
}

}  // namespace
}  // namespace coterie::tests
