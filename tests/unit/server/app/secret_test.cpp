// SPDX-License-Identifier: MIT
#include "app/secret.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <set>

#include "base/guarded.hpp"
#include "support/temp_folder.hpp"
#include "support/together.hpp"

namespace coterie::tests {
namespace {

class Secret : public testing::Test {
 protected:
  const AllowBlocking blocking;
  const TempFolder folder;
  const std::string path = folder / "secret";
};

TEST_F(Secret, is_made_once_and_kept) {
  const auto made = app::load_or_make_secret(path);
  ASSERT_TRUE(made) << made.error().detail;
  EXPECT_EQ(made->size(), 64U);
  EXPECT_EQ(read_file(path), *made);
  EXPECT_EQ(*app::load_or_make_secret(path), *made);
  EXPECT_EQ(files_below(folder.string()), std::vector<std::string>{"secret"});
}

TEST_F(Secret, can_be_read_by_its_owner_only) {
  ASSERT_TRUE(app::load_or_make_secret(path));
  struct stat facts{};
  ASSERT_EQ(::stat(path.c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777U, 0600U);
}

TEST_F(Secret, differs_from_folder_to_folder) {
  const TempFolder other;
  EXPECT_NE(*app::load_or_make_secret(path), *app::load_or_make_secret(other / "secret"));
}

TEST_F(Secret, is_the_same_for_all_who_start_at_once) {
  Guarded<std::set<std::string>> secrets;
  together(8, [&](int) {
    const auto secret = app::load_or_make_secret(path);
    ASSERT_TRUE(secret) << secret.error().detail;
    secrets.with([&](auto& set) { set.insert(*secret); });
  });
  EXPECT_EQ(secrets.with([](const auto& set) { return set.size(); }), 1U);
  EXPECT_EQ(files_below(folder.string()), std::vector<std::string>{"secret"});
}

TEST_F(Secret, may_be_written_by_hand_with_a_line_end) {
  write_file(path, "sixteen letters.\n");
  EXPECT_EQ(*app::load_or_make_secret(path), "sixteen letters.");
}

TEST_F(Secret, that_is_too_short_is_refused) {
  for (const char* text : {"", "\n", "short", "fifteen letters\n"}) {
    write_file(path, text);
    const auto refused = app::load_or_make_secret(path);
    ASSERT_FALSE(refused) << text;
    EXPECT_EQ(refused.error().code, "bad_secret");
    EXPECT_NE(refused.error().detail.find(path), std::string::npos);
  }
}

TEST_F(Secret, cannot_be_made_in_a_folder_that_is_not_there) {
  EXPECT_EQ(code_of(app::load_or_make_secret(folder / "missing/secret")), "bad_secret");
  EXPECT_EQ(code_of(app::load_or_make_secret(folder.string())), "bad_secret");
}

}  // namespace
}  // namespace coterie::tests
