// SPDX-License-Identifier: MIT
#include "storage/local_blob_store.hpp"

#include <gtest/gtest.h>

#include "net/http.hpp"
#include "support/fake_clock.hpp"
#include "support/temp_folder.hpp"
#include "support/together.hpp"

namespace coterie::tests {
namespace {

using namespace std::chrono_literals;
using storage::LocalBlobStore;
using Names = std::vector<std::string>;

constexpr std::string_view picture = "\x89PNG\r\n\x1A\n and more bytes";

class LocalBlobStoreTest : public testing::Test {
 protected:
  struct Link {
    std::string path;
    std::string expires;
    std::string signature;
  };

  void SetUp() override { ASSERT_TRUE(store.prepare()); }

  void put(std::string_view path, std::string_view bytes) {
    auto writer = store.create(path);
    ASSERT_TRUE(writer) << writer.error().detail;
    ASSERT_TRUE((*writer)->write(bytes));
    ASSERT_TRUE((*writer)->commit());
  }
  Names files() const { return files_below(folder.string()); }
  // Takes a link apart, as a client's request would bring it.
  Link link_to(std::string_view path) const {
    const std::string url = store.url(path);
    const net::Query query(std::string_view(url).substr(url.find('?') + 1));
    return {std::string(path), std::string(query.get("expires")),
            std::string(query.get("signature"))};
  }
  bool allows(const Link& link) const {
    return store.allows(link.path, link.expires, link.signature);
  }

  const AllowBlocking blocking;
  const TempFolder folder;
  FakeClock clock;
  LocalBlobStore store{{folder.string(), "http://localhost:3000", "a secret of a test"}, clock};
};

TEST_F(LocalBlobStoreTest, a_committed_file_is_all_that_is_left) {
  put("image/abc", picture);
  EXPECT_EQ(files(), Names{"image/abc"});
  EXPECT_EQ(read_file(folder / "image/abc"), picture);
}

TEST_F(LocalBlobStoreTest, a_writer_given_up_leaves_nothing) {
  {
    auto writer = store.create("image/abc");
    ASSERT_TRUE(writer);
    ASSERT_TRUE((*writer)->write(picture));
    EXPECT_EQ(files().size(), 1U);
  }
  EXPECT_EQ(files(), Names());
}

TEST_F(LocalBlobStoreTest, what_a_crash_has_left_half_written_is_forgotten_at_the_next_start) {
  put("image/abc", picture);
  write_file(folder / "uploads/half-written", "bytes");
  ASSERT_TRUE(store.prepare());
  EXPECT_EQ(files(), Names{"image/abc"});
}

TEST_F(LocalBlobStoreTest, what_is_old_is_listed_in_pages) {
  Names all;
  for (int i = 0; i < 7; ++i) {
    all.push_back((i % 2 ? "image/abc" : "video/abc") + std::to_string(i));
    put(all.back(), picture);
  }
  std::ranges::sort(all);
  write_file(folder / "a file of nobody's", "bytes");
  write_file(folder / "image/not.a.name", "bytes");
  write_file(folder / "uploads/half-written", "bytes");
  std::filesystem::create_directories(folder / "image/folder");
  const auto listed = [&](WallTime time) {
    Names found;
    EXPECT_TRUE(store.each_older_than(time, 3, [&](const Names& page) -> Result<void> {
      EXPECT_TRUE(page.size() <= 3 && !page.empty());
      found.insert(found.end(), page.begin(), page.end());
      return {};
    }));
    std::ranges::sort(found);
    return found;
  };
  const WallTime now = system_clock().wall();
  EXPECT_EQ(listed(now + 1h), all);
  EXPECT_EQ(listed(now - 1h), Names());
  set_written(folder / all.back(), now - 25h);
  EXPECT_EQ(listed(now - 24h), Names{all.back()});
}

TEST_F(LocalBlobStoreTest, a_listing_may_remove_what_it_finds_and_ends_with_an_error) {
  for (int i = 0; i < 5; ++i) put("image/abc" + std::to_string(i), picture);
  const WallTime later = system_clock().wall() + 1h;
  int pages = 0;
  EXPECT_EQ(code_of(store.each_older_than(later, 1,
                                          [&](const Names&) -> Result<void> {
                                            ++pages;
                                            return Error("busy");
                                          })),
            "busy");
  EXPECT_EQ(pages, 1);
  EXPECT_TRUE(store.each_older_than(
      later, 2, [&](const Names& page) -> Result<void> { return store.remove(page.front()); }));
  EXPECT_EQ(files().size(), 2U);
}

TEST_F(LocalBlobStoreTest, uploads_that_nobody_goes_on_with_are_forgotten) {
  const WallTime now = system_clock().wall();
  write_file(folder / "uploads/old", "bytes");
  set_written(folder / "uploads/old", now - 25h);
  auto writer = store.create("image/abc");
  ASSERT_TRUE(writer && (*writer)->write(picture));
  ASSERT_TRUE(store.forget_unfinished(now - 24h));
  EXPECT_EQ(files().size(), 1U);
  ASSERT_TRUE((*writer)->commit());
  EXPECT_EQ(files(), Names{"image/abc"});
}

TEST_F(LocalBlobStoreTest, a_program_finds_the_file_at_its_place) {
  put("image/abc", picture);
  EXPECT_EQ(read_file(store.place("image/abc")), picture);
}

TEST_F(LocalBlobStoreTest, no_path_leads_out_of_the_folder) {
  const TempFolder outside;
  write_file(outside / "secret", "do not read me");
  write_file(folder / "secret", "nor me");
  for (const std::string& path : {std::string("../secret"), std::string("image/../secret"),
                                  std::string("secret"), outside / "secret"}) {
    EXPECT_EQ(code_of(store.open(path)), "file_unknown") << path;
  }
}

TEST_F(LocalBlobStoreTest, a_symbolic_link_is_not_followed) {
  write_file(folder / "secret", "do not read me");
  std::filesystem::create_directories(folder / "image");
  std::filesystem::create_symlink(folder / "secret", folder / "image/abc");
  EXPECT_FALSE(store.open("image/abc"));
}

TEST_F(LocalBlobStoreTest, a_link_names_the_public_address_and_the_path) {
  const std::string url = store.url("image/abc");
  EXPECT_TRUE(url.starts_with("http://localhost:3000/files/image/abc?expires=")) << url;
  EXPECT_NE(url.find("&signature="), std::string::npos);
}

TEST_F(LocalBlobStoreTest, a_link_allows_its_file_for_a_day_and_at_most_an_hour_more) {
  const Link link = link_to("image/abc");
  EXPECT_TRUE(allows(link));
  clock.advance(24h);
  EXPECT_TRUE(allows(link));
  clock.advance(1h + 1s);
  EXPECT_FALSE(allows(link));
}

TEST_F(LocalBlobStoreTest, a_link_that_was_altered_allows_nothing) {
  const Link link = link_to("image/abc");
  const auto altered = [&](auto alter) {
    Link other = link;
    alter(other);
    return other;
  };
  const auto later = std::to_string(std::stoll(link.expires) + 1);
  for (const Link& bad : {
           altered([](Link& each) { each.path = "image/abd"; }),
           altered([&](Link& each) { each.expires = later; }),
           altered([](Link& each) { each.expires = ""; }),
           altered([](Link& each) { each.expires = "for ever"; }),
           altered([](Link& each) { each.expires += " "; }),
           altered([](Link& each) { each.expires = "99999999999999999999999"; }),
           altered([](Link& each) { each.signature = ""; }),
           altered([](Link& each) { each.signature.pop_back(); }),
           altered([](Link& each) { each.signature[0] = each.signature[0] == 'a' ? 'b' : 'a'; }),
           altered([](Link& each) { each.signature += "00"; }),
       }) {
    EXPECT_FALSE(allows(bad)) << bad.path << " " << bad.expires << " " << bad.signature;
  }
  EXPECT_TRUE(allows(link));
}

TEST_F(LocalBlobStoreTest, a_link_signed_with_another_secret_allows_nothing) {
  const LocalBlobStore other({folder.string(), "http://localhost:3000", "another secret"}, clock);
  const Link link = link_to("image/abc");
  EXPECT_FALSE(other.allows(link.path, link.expires, link.signature));
}

TEST_F(LocalBlobStoreTest, a_link_stays_the_same_within_the_hour) {
  const std::string url = store.url("image/abc");  // At 14:56:29.
  clock.advance(3min);
  EXPECT_EQ(store.url("image/abc"), url);
  clock.advance(31s);
  EXPECT_NE(store.url("image/abc"), url);
  EXPECT_NE(store.url("image/abd"), store.url("image/abc"));
}

}  // namespace
}  // namespace coterie::tests
