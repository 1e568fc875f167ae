// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "storage/smtp_mailer.hpp"
#include "support/fake_clock.hpp"

namespace coterie::tests {
namespace {

using Texts = std::vector<std::string>;

Texts lines_of(std::string_view text) {
  Texts lines;
  while (!text.empty()) {
    const std::size_t end = text.find("\r\n");
    EXPECT_NE(end, std::string_view::npos) << "a line without its end: " << text;
    if (end == std::string_view::npos) break;
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(end + 2);
  }
  return lines;
}

std::string from_base64(std::string_view text) {
  constexpr std::string_view alphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string bytes;
  unsigned bits = 0;
  int count = 0;
  for (const char c : text) {
    const std::size_t digit = alphabet.find(c);
    if (digit == std::string_view::npos) continue;
    bits = bits << 6 | static_cast<unsigned>(digit);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    bytes += static_cast<char>(bits >> count & 0xFF);
  }
  return bytes;
}

class CodeMail : public testing::Test {
 protected:
  // The letter's header fields by their names.
  std::map<std::string, std::string> header() const {
    std::map<std::string, std::string> fields;
    for (const std::string& line : lines_of(letter)) {
      if (line.empty()) break;
      const std::size_t colon = line.find(": ");
      EXPECT_NE(colon, std::string::npos) << line;
      fields[line.substr(0, colon)] = line.substr(colon + 2);
    }
    return fields;
  }
  // The bodies of the parts, each with its Content-Type in front.
  std::vector<std::pair<std::string, Texts>> parts() const {
    const std::string type = header()["Content-Type"];
    const std::size_t quote = type.find('"');
    const std::string delimiter = "--" + type.substr(quote + 1, type.rfind('"') - quote - 1);
    std::vector<std::pair<std::string, Texts>> found;
    bool is_body = false;
    for (const std::string& line : lines_of(letter)) {
      if (line == delimiter) {
        found.emplace_back();
        is_body = false;
      } else if (line == delimiter + "--") {
        has_ended = true;
        break;
      } else if (!found.empty() && !is_body) {
        if (line.starts_with("Content-Type: ")) found.back().first = line.substr(14);
        if (line.starts_with("Content-Transfer-Encoding: ")) EXPECT_TRUE(line.ends_with(" base64"));
        is_body = line.empty();
      } else if (!found.empty()) {
        found.back().second.push_back(line);
      }
    }
    return found;
  }
  static std::string decoded(const Texts& lines) {
    std::string all;
    for (const std::string& line : lines) all += line;
    return from_base64(all);
  }

  const std::string letter = storage::compose_code_mail(
      "chat@example.org", "alice@example.org", "012345", FakeClock().wall(), "id42@example.org");
  mutable bool has_ended = false;
};

TEST_F(CodeMail, has_the_header_that_a_letter_needs) {
  auto fields = header();
  EXPECT_EQ(fields["From"], "<chat@example.org>");
  EXPECT_EQ(fields["To"], "<alice@example.org>");
  EXPECT_EQ(fields["Date"], "Tue, 24 Nov 2026 14:56:29 +0000");
  EXPECT_EQ(fields["Message-ID"], "<id42@example.org>");
  EXPECT_EQ(fields["MIME-Version"], "1.0");
  EXPECT_TRUE(fields["Content-Type"].starts_with("multipart/alternative; boundary=\""));
  const std::string subject = fields["Subject"];
  ASSERT_TRUE(subject.starts_with("=?utf-8?B?") && subject.ends_with("?=")) << subject;
  EXPECT_LE(subject.size(), 75U);  // RFC 2047, 2.
  EXPECT_NE(from_base64(subject.substr(10)).find("Verification code"), std::string::npos);
}

TEST(CleanAddress, holds_nothing_that_could_begin_a_header_or_a_command) {
  EXPECT_TRUE(storage::is_clean_address("o'neil+chat@example.org"));
  for (const char* address : {"", "a@b.cc\r\nBcc: c@d.ee", "a@b.cc\nX: y", "a@b.cc> SIZE=1",
                              "<a@b.cc", "a b@c.dd", "a@b.cc\t", "a@b.cc\x7F"}) {
    EXPECT_FALSE(storage::is_clean_address(address)) << address;
  }
}

TEST_F(CodeMail, has_a_plain_part_and_then_an_html_part) {
  const auto found = parts();
  ASSERT_EQ(found.size(), 2U);
  EXPECT_TRUE(has_ended);
  EXPECT_EQ(found[0].first, "text/plain; charset=utf-8");
  EXPECT_EQ(found[1].first, "text/html; charset=utf-8");
}

TEST_F(CodeMail, has_the_code_in_both_parts) {
  const auto found = parts();
  ASSERT_EQ(found.size(), 2U);
  EXPECT_NE(decoded(found[0].second).find("Your verification code: 012345"), std::string::npos);
  EXPECT_NE(
      decoded(found[1].second).find(R"(<div style="width: 100px;height: 35px;">012345</div>)"),
      std::string::npos);
}

TEST_F(CodeMail, has_short_lines_of_seven_bit_text_only) {
  for (const std::string& line : lines_of(letter)) {
    EXPECT_LE(line.size(), 78U) << line;
    for (const char c : line) EXPECT_TRUE(c >= 0x20 && c < 0x7F) << line;
  }
  for (const auto& [type, lines] : parts()) {
    for (const std::string& line : lines) EXPECT_LE(line.size(), 76U) << line;
  }
}

}  // namespace
}  // namespace coterie::tests
