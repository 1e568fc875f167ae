// What every BlobStore promises, asked of each: of the folder always, of S3 where the variable
// COTERIE_TEST_S3 names one: "<endpoint> <bucket> <access key> <secret key>".
// SPDX-License-Identifier: MIT
#include "storage/blob_store.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "base/blocking.hpp"
#include "base/random.hpp"
#include "storage/local_blob_store.hpp"
#include "storage/s3_blob_store.hpp"
#include "support/temp_folder.hpp"
#include "support/together.hpp"

namespace coterie::tests {
namespace {

using namespace std::chrono_literals;
using storage::BlobStore;
using storage::LocalBlobStore;
using storage::S3BlobStore;
using Names = std::vector<std::string>;

constexpr std::string_view picture = "\x89PNG\r\n\x1A\n and more bytes";
constexpr std::size_t mebibyte = 1024 * 1024;

std::unique_ptr<BlobStore> make_store(const std::string& kind, const std::string& folder) {
  if (kind == "Folder") {
    return std::make_unique<LocalBlobStore>(
        LocalBlobStore::Options{folder, "http://localhost:3000", "a secret of a test"},
        system_clock());
  }
  storage::S3Place place;
  std::istringstream words(std::getenv("COTERIE_TEST_S3"));
  words >> place.endpoint >> place.bucket >> place.key.access_key >> place.key.secret_key;
  place.public_url = place.endpoint;
  place.key.region = "us-east-1";
  return std::make_unique<S3BlobStore>(S3BlobStore::Options{place, folder},
                                       storage::make_curl_wire(place, system_clock()),
                                       system_clock());
}

std::size_t resident_bytes() {
  std::ifstream file("/proc/self/statm");
  std::size_t all = 0;
  std::size_t resident = 0;
  file >> all >> resident;
  return resident * 4096;
}

class BlobStoreTest : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override { ASSERT_TRUE(store->prepare()); }

  std::string new_path() const { return "image/" + random_id(system_random(), 21); }
  void put(const std::string& path, std::string_view bytes) {
    auto writer = store->create(path);
    ASSERT_TRUE(writer) << writer.error().detail;
    ASSERT_TRUE((*writer)->write(bytes));
    const auto committed = (*writer)->commit();
    ASSERT_TRUE(committed) << committed.error().detail;
  }
  // Whether `path` is among the files older than `time`, listed two at a time.
  bool is_listed(const std::string& path, WallTime time) {
    bool is_found = false;
    const auto listed = store->each_older_than(time, 2, [&](const Names& page) -> Result<void> {
      EXPECT_LE(page.size(), 2U);
      is_found = is_found || std::ranges::find(page, path) != page.end();
      return {};
    });
    EXPECT_TRUE(listed) << listed.error().detail;
    return is_found;
  }

  const AllowBlocking blocking;
  const TempFolder folder;
  const std::unique_ptr<BlobStore> store = make_store(GetParam(), folder.string());
};

TEST_P(BlobStoreTest, a_committed_file_can_be_read_in_pieces) {
  const std::string path = new_path();
  put(path, picture);
  const auto blob = store->open(path);
  ASSERT_TRUE(blob) << blob.error().detail;
  EXPECT_EQ((*blob)->size(), picture.size());
  EXPECT_EQ((*blob)->media_type(), "image/png");
  EXPECT_LT(system_clock().wall() - (*blob)->modified(), 1min);
  EXPECT_EQ(*(*blob)->read(0, 1000), picture);
  EXPECT_EQ(*(*blob)->read(1, 3), "PNG");
  EXPECT_EQ(*(*blob)->read(picture.size(), 10), "");
  EXPECT_EQ(*(*blob)->read(picture.size() + 100, 10), "");
}

TEST_P(BlobStoreTest, a_file_is_not_there_before_it_is_committed) {
  const std::string path = new_path();
  auto writer = store->create(path);
  ASSERT_TRUE(writer);
  ASSERT_TRUE((*writer)->write(picture));
  EXPECT_EQ(code_of(store->open(path)), "file_unknown");
}

TEST_P(BlobStoreTest, a_removed_file_is_gone_and_removing_nothing_is_fine) {
  const std::string path = new_path();
  put(path, picture);
  ASSERT_TRUE(store->remove(path));
  EXPECT_EQ(code_of(store->open(path)), "file_unknown");
  EXPECT_TRUE(store->remove(path));
}

TEST_P(BlobStoreTest, an_empty_file_is_a_file) {
  const std::string path = new_path();
  put(path, "");
  const auto blob = store->open(path);
  ASSERT_TRUE(blob);
  EXPECT_EQ((*blob)->size(), 0U);
  EXPECT_EQ(*(*blob)->read(0, 10), "");
}

TEST_P(BlobStoreTest, names_that_are_no_paths_open_nothing) {
  for (const std::string& path :
       {std::string("../secret"), std::string("image/../secret"), std::string("image/../../x"),
        std::string("/etc/passwd"), std::string("secret"), std::string("./secret"),
        std::string("image/"), std::string("/abc"), std::string(""), std::string("image/a/b"),
        std::string("image/a.b"), std::string("image//a"), std::string("image/%2e%2e"),
        std::string("image\\a/b"), std::string("image/a\0b", 9), folder / "secret"}) {
    EXPECT_EQ(code_of(store->open(path)), "file_unknown") << path;
  }
}

TEST_P(BlobStoreTest, a_large_file_comes_back_as_it_was_written) {
  const std::string path = new_path();
  std::string piece(picture);
  piece.resize(mebibyte, 'x');
  auto writer = store->create(path);
  ASSERT_TRUE(writer);
  for (int index = 0; index < 34; ++index) {
    piece.back() = static_cast<char>(index);
    ASSERT_TRUE((*writer)->write(piece));
  }
  EXPECT_EQ(code_of(store->open(path)), "file_unknown");
  ASSERT_TRUE((*writer)->commit());
  writer->reset();
  const auto blob = store->open(path);
  ASSERT_TRUE(blob);
  EXPECT_EQ((*blob)->size(), 34 * mebibyte);
  EXPECT_EQ((*blob)->media_type(), "image/png");
  for (int index = 0; index < 34; ++index) {
    EXPECT_EQ(*(*blob)->read((index + 1) * mebibyte - 1, 1),
              std::string(1, static_cast<char>(index)));
  }
  EXPECT_TRUE(store->remove(path));
}

TEST_P(BlobStoreTest, files_are_listed_when_they_are_older) {
  const std::string path = new_path();
  for (const std::string& each : {path, new_path(), new_path()}) put(each, picture);
  const WallTime now = system_clock().wall();
  EXPECT_TRUE(is_listed(path, now + 1h));
  EXPECT_FALSE(is_listed(path, now - 1h));
  ASSERT_TRUE(store->remove(path));
  EXPECT_FALSE(is_listed(path, now + 1h));
}

TEST_P(BlobStoreTest, what_was_begun_long_ago_is_forgotten_and_what_was_written_is_not) {
  const std::string path = new_path();
  put(path, picture);
  auto unfinished = store->create(new_path());
  ASSERT_TRUE(unfinished);
  ASSERT_TRUE((*unfinished)->write(std::string(17 * mebibyte, 'x')));
  EXPECT_TRUE(store->forget_unfinished(system_clock().wall() - 1h));
  EXPECT_TRUE((*unfinished)->write("still there"));
  const auto forgotten = store->forget_unfinished(system_clock().wall() + 1h);
  EXPECT_TRUE(forgotten) << forgotten.error().detail;
  EXPECT_FALSE((*unfinished)->commit());
  EXPECT_TRUE(store->open(path));
}

TEST_P(BlobStoreTest, an_upload_of_any_size_costs_little_memory) {
  put(new_path(), picture);
  const std::string path = new_path();
  const std::string piece(64 * 1024, 'x');
  const std::size_t before = resident_bytes();
  std::size_t most = before;
  auto writer = store->create(path);
  ASSERT_TRUE(writer);
  for (std::size_t size = 0; size < 200 * mebibyte; size += piece.size()) {
    ASSERT_TRUE((*writer)->write(piece));
    if (size % mebibyte == 0) most = std::max(most, resident_bytes());
  }
  ASSERT_TRUE((*writer)->commit());
  most = std::max(most, resident_bytes());
  std::printf("200 MiB written, %zu KiB more memory\n", (most - before) / 1024);
  EXPECT_LT(most - before, 16 * mebibyte);
  EXPECT_TRUE(store->remove(path));
}

INSTANTIATE_TEST_SUITE_P(Stores, BlobStoreTest,
                         testing::ValuesIn(std::getenv("COTERIE_TEST_S3") ? Names{"Folder", "S3"}
                                                                          : Names{"Folder"}),
                         [](const auto& store) { return store.param; });

}  // namespace
}  // namespace coterie::tests
