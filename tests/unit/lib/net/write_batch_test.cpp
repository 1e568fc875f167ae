// Where the kernel gives us no io_uring there is no batch, and the first tests have nothing to try.
// SPDX-License-Identifier: MIT
#include "net/write_batch.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "net/connection.hpp"
#include "net/shard.hpp"

namespace coterie::net {
namespace {

// A connection of nobody, and the other end of its stream.
struct Pair {
  Pair() {
    int ends[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
    peer = ends[1];
    connection = std::make_unique<Connection>(ends[0], "peer", 1024 * 1024);
  }
  ~Pair() { hang_up(); }
  void hang_up() {
    if (peer >= 0) ::close(peer);
    peer = -1;
  }
  std::string heard() const {
    std::string text(1024 * 1024, '\0');
    const ssize_t count = ::read(peer, text.data(), text.size());
    text.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
    return text;
  }

  int peer;
  std::unique_ptr<Connection> connection;
};

using Texts = std::vector<std::string_view>;

void add(WriteBatch& batch, Pair& pair, const Texts& texts) {
  const std::span<iovec> room = batch.room();
  ASSERT_GE(room.size(), texts.size());
  for (std::size_t i = 0; i < texts.size(); ++i) {
    room[i] = {const_cast<char*>(texts[i].data()), texts[i].size()};
  }
  batch.add(*pair.connection, texts.size());
}

TEST(WriteBatch, writes_to_all_and_says_how_much) {
  const auto batch = WriteBatch::open();
  if (!batch) return;
  const Texts texts = {"to ", "both"};
  const Texts more = {"again"};
  Pair one;
  Pair two;
  for (int round = 0; round < 1000; ++round) {  // Longer than any of the rings.
    add(*batch, one, texts);
    add(*batch, two, round % 2 == 0 ? texts : more);
    const auto written = batch->submit();
    ASSERT_EQ(written.size(), 2u);
    EXPECT_EQ(written[0].connection, one.connection.get());
    EXPECT_EQ(written[0].bytes, 7u);
    EXPECT_EQ(written[1].connection, two.connection.get());
    EXPECT_EQ(written[1].bytes, round % 2 == 0 ? 7u : 5u);
    ASSERT_EQ(one.heard(), "to both");
    ASSERT_EQ(two.heard(), round % 2 == 0 ? "to both" : "again");
  }
  EXPECT_TRUE(batch->submit().empty());
}

TEST(WriteBatch, leaves_what_the_kernel_does_not_take) {
  const auto batch = WriteBatch::open();
  if (!batch) return;
  Pair gone;
  gone.hang_up();
  Pair slow;
  Pair good;
  const std::string much(16 * 1024 * 1024, 'x');
  const Texts text = {"text"};
  const Texts flood = {much};
  add(*batch, gone, text);
  add(*batch, slow, flood);
  add(*batch, good, text);
  const auto first = batch->submit();
  EXPECT_EQ(first[0].bytes, 0u);
  EXPECT_GT(first[1].bytes, 0u);
  EXPECT_LT(first[1].bytes, much.size());
  EXPECT_EQ(first[2].bytes, 4u);
  add(*batch, slow, flood);
  EXPECT_EQ(batch->submit()[0].bytes, 0u);
}

TEST(WriteBatch, is_full_when_it_has_no_place_for_a_write_or_its_pieces) {
  const auto batch = WriteBatch::open();
  if (!batch) return;
  Pair pair;
  const Texts text = {"x"};
  for (unsigned i = 0; i < WriteBatch::writes_max; ++i) add(*batch, pair, text);
  EXPECT_TRUE(batch->room().empty());
  EXPECT_EQ(batch->submit().size(), WriteBatch::writes_max);
  EXPECT_EQ(pair.heard(), std::string(WriteBatch::writes_max, 'x'));
  std::size_t pieces = 0;
  for (std::size_t room = batch->room().size(); room > 0; room = batch->room().size()) {
    add(*batch, pair, Texts(room, "y"));
    pieces += room;
  }
  EXPECT_EQ(pieces, WriteBatch::pieces_max);
  batch->submit();
  EXPECT_EQ(pair.heard(), std::string(pieces, 'y'));
}

}  // namespace
}  // namespace coterie::net
