// SPDX-License-Identifier: MIT
#include "net/multipart.hpp"

#include <gtest/gtest.h>

#include <string>

#include "support/pieces.hpp"

namespace coterie::net {
namespace {

// What happened, as text: "[name|filename|type]content;" for each part, then "." or "!why".
std::string read(std::string_view body, std::size_t piece_size, std::string boundary,
                 MultipartParser::Limits limits) {
  std::string log;
  MultipartParser parser(std::move(boundary),
                         {[&log](const PartHead& part) {
                            log += "[" + part.name + "|" + part.filename.value_or("-") + "|" +
                                   part.content_type + "]";
                            return true;
                          },
                          [&log](std::string_view piece) {
                            EXPECT_FALSE(piece.empty());
                            log += piece;
                            return true;
                          },
                          [&log] {
                            log += ";";
                            return true;
                          }},
                         limits);
  for (const std::string_view piece : test::pieces(body, piece_size)) {
    if (const auto fed = parser.feed(piece); !fed) {
      EXPECT_EQ(fed.error().code, "bad_multipart");
      return log + "!" + fed.error().detail;
    }
  }
  if (const auto ended = parser.finish(); !ended) return log + "!" + ended.error().detail;
  return log + ".";
}

// The same however it is cut.
std::string read(std::string_view body, std::string boundary = "b",
                 MultipartParser::Limits limits = {}) {
  const std::string whole = read(body, body.size() + 1, boundary, limits);
  for (std::size_t size = 1; size <= body.size(); ++size) {
    EXPECT_EQ(read(body, size, boundary, limits), whole) << "in pieces of " << size;
  }
  return whole;
}

std::string part(std::string_view disposition, std::string_view content) {
  return "--b\r\nContent-Disposition: form-data; " + std::string(disposition) + "\r\n\r\n" +
         std::string(content) + "\r\n";
}

TEST(Multipart, reads_fields_and_files) {
  EXPECT_EQ(read(part("name=\"groupId\"", "7") +
                 "--b\r\ncontent-TYPE: image/png\r\n"
                 "content-disposition: form-data; name=\"file\"; filename=\"a.png\"\r\n\r\n"
                 "\x89PNG\r\n\r\n--b--\r\n"),
            "[groupId|-|]7;[file|a.png|image/png]\x89PNG\r\n;.");
}

TEST(Multipart, reads_a_form_without_parts) {
  EXPECT_EQ(read("--b--\r\n"), ".");
}

TEST(Multipart, reads_empty_parts) {
  EXPECT_EQ(read(part("name=a", "") + part("name=b", "x") + "--b--"), "[a|-|];[b|-|]x;.");
}

TEST(Multipart, reads_an_empty_part_that_shares_its_line_end_with_the_delimiter) {
  EXPECT_EQ(read("--b\r\nContent-Disposition: form-data; name=a\r\n\r\n--b--"), "[a|-|];.");
}

TEST(Multipart, reads_a_part_without_a_head) {
  EXPECT_EQ(read("--b\r\n\r\nhello\r\n--b--"), "[|-|]hello;.");
}

TEST(Multipart, ignores_what_stands_before_and_behind) {
  EXPECT_EQ(read("preamble\r\n--bogus\r\n" + part("name=a", "x") + "--b--epilogue\r\n--b\r\n"),
            "!Malformed part header");
  EXPECT_EQ(read("preamble\r\n" + part("name=a", "x") + "--b--epilogue\r\n--b\r\n"), "[a|-|]x;.");
}

TEST(Multipart, allows_blanks_behind_a_delimiter) {
  EXPECT_EQ(read("--b \t\r\nContent-Disposition: form-data; name=a\r\n\r\nx\r\n--b  --"),
            "[a|-|]x;.");
}

TEST(Multipart, keeps_content_that_looks_almost_like_a_delimiter) {
  const std::string content = "\r\n--\r\n-\r\r\n--\n--c\r\n--\r\n\r";
  EXPECT_EQ(read(part("name=a", content) + "--b--"), "[a|-|]" + content + ";.");
  const std::string delimiter = "\r\n--boundary";
  for (std::size_t size = 1; size < delimiter.size(); ++size) {
    const std::string almost = delimiter.substr(0, size) + "_";
    const std::string body = "--boundary\r\n\r\n" + almost + "\r\n--boundary--";
    EXPECT_EQ(read(body, "boundary"), "[|-|]" + almost + ";.") << size;
  }
}

TEST(Multipart, begins_with_a_delimiter_at_a_line_start_only) {
  EXPECT_EQ(read("x--b\r\n" + part("name=a", "x--b--") + "--b--"), "[a|-|]x--b--;.");
}

TEST(Multipart, wants_the_final_delimiter) {
  EXPECT_EQ(read(""), "!Unexpected end of form");
  EXPECT_EQ(read("--b"), "!Unexpected end of form");
  EXPECT_EQ(read("--b-"), "!Unexpected end of form");
  EXPECT_EQ(read("--b\r\nContent-Disp"), "!Unexpected end of form");
  EXPECT_EQ(read("nothing of the kind"), "!Unexpected end of form");
  EXPECT_EQ(read(part("name=a", "x")).back(), 'm');
  EXPECT_EQ(read(part("name=a", "x") + "--b\r\n"), "[a|-|]x;!Unexpected end of form");
}

TEST(Multipart, refuses_what_may_not_follow_a_delimiter) {
  EXPECT_EQ(read("--bx\r\n\r\n"), "!Malformed part header");
  EXPECT_EQ(read("--b\n\n\n"), "!Malformed part header");
  EXPECT_EQ(read("--b-x"), "!Malformed part header");
}

TEST(Multipart, counts_parts) {
  MultipartParser::Limits limits;
  limits.parts_max = 2;
  EXPECT_EQ(read(part("name=a", "") + part("name=a", "") + "--b--", "b", limits),
            "[a|-|];[a|-|];.");
  EXPECT_EQ(
      read(part("name=a", "") + part("name=a", "") + part("name=a", "") + "--b--", "b", limits),
      "[a|-|];[a|-|];!Too many parts");
}

TEST(Multipart, bounds_the_size_of_a_part_head_to_the_byte) {
  MultipartParser::Limits limits;
  limits.head_bytes_max = 60;
  const auto with = [](std::size_t size) {
    const std::string head = "Content-Disposition: form-data; name=\"\"";
    return "--b\r\nContent-Disposition: form-data; name=\"" + std::string(size - head.size(), 'x') +
           "\"\r\n\r\ncontent\r\n--b--";
  };
  EXPECT_TRUE(read(with(60), "b", limits).ends_with("content;."));
  EXPECT_EQ(read(with(61), "b", limits), "!Part header too large");
  EXPECT_EQ(read("--b\r\n" + std::string(100, 'x'), "b", limits), "!Part header too large");
}

TEST(Multipart, hands_on_content_without_collecting_it) {
  std::size_t largest = 0;
  std::size_t total = 0;
  MultipartParser parser("b", {[](const PartHead&) { return true; },
                               [&](std::string_view piece) {
                                 largest = std::max(largest, piece.size());
                                 total += piece.size();
                                 return true;
                               },
                               [] { return true; }});
  ASSERT_TRUE(parser.feed("--b\r\n\r\n"));
  const std::string piece(1000, 'x');
  for (int i = 0; i < 1000; ++i) ASSERT_TRUE(parser.feed(piece));
  EXPECT_LE(largest, 1010u);
  EXPECT_GE(total, 999'990u);
}

TEST(Multipart, reads_names_in_quotes_and_out_of_them) {
  EXPECT_EQ(read(part(R"(name="a;b"; filename="c\"d;e.txt")", "") + "--b--"),
            "[a;b|c\"d;e.txt|];.");
  EXPECT_EQ(read(part("NAME = a ;filename=\"\"", "") + "--b--"), "[a||];.");
  EXPECT_EQ(read(part("x=y; name=\"\xE6\xBC\xA2\"", "") + "--b--"), "[\xE6\xBC\xA2|-|];.");
  EXPECT_EQ(read(part("filename=only.txt", "") + "--b--"), "[|only.txt|];.");
  EXPECT_EQ(read(part("name=\"never closed", "") + "--b--"), "[never closed|-|];.");
}

TEST(Multipart, stops_when_a_handler_has_had_enough) {
  const std::string body = part("name=a", "x") + part("name=b", "y") + "--b--";
  for (int stop_at = 0; stop_at < 3; ++stop_at) {
    int calls = 0;
    const auto go_on = [&](int which) {
      ++calls;
      return which != stop_at;
    };
    MultipartParser parser(
        "b", {[&](const PartHead&) { return go_on(0); }, [&](std::string_view) { return go_on(1); },
              [&] { return go_on(2); }});
    const auto fed = parser.feed(body);
    ASSERT_FALSE(fed);
    EXPECT_EQ(fed.error().code, "stopped");
    EXPECT_EQ(calls, stop_at + 1);
  }
}

TEST(MultipartBoundary, is_found_in_the_content_type) {
  EXPECT_EQ(multipart_boundary("multipart/form-data; boundary=abc"), "abc");
  EXPECT_EQ(multipart_boundary("Multipart/Form-Data;charset=utf-8; Boundary=\"a b;c\""), "a b;c");
  EXPECT_EQ(multipart_boundary("multipart/form-data; boundary=abc ; x=y"), "abc");
}

TEST(MultipartBoundary, is_empty_when_there_is_no_usable_one) {
  EXPECT_EQ(multipart_boundary("multipart/form-data"), "");
  EXPECT_EQ(multipart_boundary("multipart/form-data; boundary="), "");
  EXPECT_EQ(multipart_boundary("multipart/form-data; boundary"), "");
  EXPECT_EQ(multipart_boundary("multipart/form-data; boundary=" + std::string(71, 'x')), "");
  EXPECT_EQ(multipart_boundary("multipart/form-data; boundary=" + std::string(70, 'x')),
            std::string(70, 'x'));
}

TEST(MultipartBoundary, is_nothing_for_other_types) {
  EXPECT_EQ(multipart_boundary(""), std::nullopt);
  EXPECT_EQ(multipart_boundary("application/json; boundary=abc"), std::nullopt);
  EXPECT_EQ(multipart_boundary("multipart/mixed; boundary=abc"), std::nullopt);
}

}  // namespace
}  // namespace coterie::net
