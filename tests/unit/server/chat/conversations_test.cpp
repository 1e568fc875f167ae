// SPDX-License-Identifier: MIT
#include "chat/conversations.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "support/house.hpp"

namespace coterie::tests {
namespace {

using namespace std::chrono_literals;
using chat::Message;

class ConversationsTest : public House {
 protected:
  void SetUp() override {
    House::SetUp();
    alice = add_actor("alice1");
    bobby = add_actor("bobby1");
    carol = add_actor("carol1");
    group = add_group(alice, "garden");
    ASSERT_TRUE(groups.join(bobby, group.invite_code));
  }
  Message say(const chat::Actor& actor, const std::string& text) {
    auto sent = conversations.send_text(actor, group.id, text);
    EXPECT_TRUE(sent) << sent.error().code;
    return sent->message;
  }
  std::vector<std::string> history(std::optional<std::int64_t> cursor, std::int64_t size) {
    const auto page = conversations.history(alice, {group.id, cursor, size});
    EXPECT_TRUE(page);
    std::vector<std::string> contents;
    for (const Message& each : *page) contents.push_back(each.content.value_or("(none)"));
    return contents;
  }
  chat::Conversation conversation(const chat::Actor& actor) {
    return conversations.list(actor)->at(0);
  }

  chat::Actor alice;
  chat::Actor bobby;
  chat::Actor carol;  // Not in the group.
  chat::Group group;
};

using Texts = std::vector<std::string>;

TEST_F(ConversationsTest, a_text_is_stored_and_announced_with_its_author) {
  const Message message = say(bobby, "hello");
  EXPECT_EQ(message.user_id, bobby.user_id);
  EXPECT_EQ(message.create_at, clock.wall());
  const auto heard = announced.with([](const auto& list) { return list; });
  ASSERT_EQ(heard.size(), 1U);
  EXPECT_EQ(heard[0].id, message.id);
  EXPECT_EQ(heard[0].content, "hello");
  EXPECT_EQ(heard[0].user.username, "bobby1");
  EXPECT_EQ(history(std::nullopt, 10), Texts{"hello"});
}

TEST_F(ConversationsTest, a_picture_is_announced_with_its_link_and_its_authors_avatar) {
  const auto avatar = add_file(bobby, chat::FileKind::avatar);
  ASSERT_TRUE(accounts->set_avatar(bobby, avatar.id));
  const auto file = add_file(bobby, chat::FileKind::image);
  const auto sent = conversations.send_image(bobby, group.id, file.id);
  ASSERT_TRUE(sent) << sent.error().code;
  EXPECT_EQ(sent->message.type, chat::MessageType::image);
  const auto heard = announced.with([](const auto& list) { return list; });
  ASSERT_EQ(heard.size(), 1U);
  ASSERT_TRUE(heard[0].file && heard[0].user.avatar);
  EXPECT_EQ(heard[0].file->url, blobs.url(file.path));
  EXPECT_EQ(heard[0].user.avatar->url, blobs.url(avatar.path));
}

TEST_F(ConversationsTest, a_stranger_can_neither_send_nor_read) {
  say(alice, "between us");
  EXPECT_EQ(code_of(conversations.send_text(carol, group.id, "let me in")), "not_in_group");
  EXPECT_EQ(code_of(conversations.send_image(carol, group.id, 1)), "not_in_group");
  EXPECT_EQ(code_of(conversations.history(carol, {group.id, std::nullopt, 10})), "not_in_group");
  EXPECT_EQ(code_of(conversations.history(alice, {4711, std::nullopt, 10})), "not_in_group");
  EXPECT_TRUE(conversations.list(carol)->empty());
  EXPECT_EQ(count_rows("group_message"), 1);
}

TEST_F(ConversationsTest, a_stranger_who_has_joined_can_send_at_once) {
  EXPECT_EQ(code_of(conversations.send_text(carol, group.id, "let me in")), "not_in_group");
  ASSERT_TRUE(groups.join(carol, group.invite_code));
  EXPECT_EQ(code_of(conversations.send_text(carol, group.id, "here I am")), "");
}

TEST_F(ConversationsTest, the_history_comes_in_pages_of_bounded_size) {
  for (int i = 0; i < 120; ++i) say(alice, std::to_string(i));
  EXPECT_EQ(history(std::nullopt, 3), (Texts{"119", "118", "117"}));
  EXPECT_EQ(history(std::nullopt, 0).size(), 10U);
  EXPECT_EQ(history(std::nullopt, 100).size(), 100U);
  EXPECT_EQ(history(std::nullopt, 101).size(), 100U);
  EXPECT_EQ(history(std::nullopt, 1'000'000).size(), 100U);
}

TEST_F(ConversationsTest, the_history_goes_on_where_a_page_has_ended) {
  for (int i = 0; i < 25; ++i) say(alice, std::to_string(i));
  Texts all;
  std::optional<std::int64_t> cursor;
  for (;;) {
    const auto page = conversations.history(bobby, {group.id, cursor, 10});
    ASSERT_TRUE(page);
    if (page->empty()) break;
    for (const Message& each : *page) all.push_back(*each.content);
    cursor = page->back().id;
  }
  ASSERT_EQ(all.size(), 25U);
  EXPECT_EQ(all.front(), "24");
  EXPECT_EQ(all.back(), "0");
}

TEST_F(ConversationsTest, the_list_counts_what_each_has_not_read) {
  const Message first = say(alice, "one");
  say(alice, "two");
  ASSERT_TRUE(conversations.mark_read(alice, conversation(alice).id, first.id));
  EXPECT_EQ(conversation(alice).unread, 1);
  EXPECT_EQ(conversation(bobby).unread, 2);
}

TEST_F(ConversationsTest, the_list_has_the_newest_activity_first) {
  clock.advance(1s);
  const auto other = add_group(alice, "kitchen");
  EXPECT_EQ(conversations.list(alice)->at(0).group_id, other.id);
  clock.advance(1s);
  say(bobby, "news");
  EXPECT_EQ(conversations.list(alice)->at(0).group_id, group.id);
  EXPECT_EQ(conversations.list(alice)->at(0).recent->content, "news");
}

TEST_F(ConversationsTest, the_read_mark_moves_forward_only) {
  const Message first = say(alice, "one");
  const Message second = say(alice, "two");
  const auto id = conversation(bobby).id;
  auto marked = conversations.mark_read(bobby, id, second.id);
  ASSERT_TRUE(marked && *marked);
  EXPECT_EQ((*marked)->last_msg_id, second.id);
  EXPECT_EQ((*marked)->unread, 0);
  marked = conversations.mark_read(bobby, id, first.id);
  ASSERT_TRUE(marked && *marked);
  EXPECT_EQ((*marked)->last_msg_id, second.id);
}

TEST_F(ConversationsTest, the_read_mark_moves_only_to_a_message_of_that_group) {
  const auto other = add_group(alice, "kitchen");
  const auto elsewhere = conversations.send_text(alice, other.id, "not here");
  ASSERT_TRUE(elsewhere);
  say(alice, "one");
  const auto id = conversation(bobby).id;
  for (const std::int64_t bad :
       {elsewhere->message.id, std::int64_t{4711}, std::int64_t{0}, std::int64_t{-1}}) {
    EXPECT_EQ(code_of(conversations.mark_read(bobby, id, bad)), "message_unknown") << bad;
  }
  EXPECT_EQ(conversation(bobby).last_msg_id, std::nullopt);
}

TEST_F(ConversationsTest, the_read_mark_of_someone_else_is_nobodys_to_move) {
  const Message message = say(alice, "one");
  const auto marked = conversations.mark_read(bobby, conversation(alice).id, message.id);
  ASSERT_TRUE(marked);
  EXPECT_FALSE(*marked);
  EXPECT_EQ(conversation(alice).last_msg_id, std::nullopt);
  EXPECT_FALSE(*conversations.mark_read(bobby, 4711, message.id));
}

TEST_F(ConversationsTest, sends_of_many_threads_are_announced_in_the_order_of_their_ids) {
  together(16, [&](int index) {
    for (int i = 0; i < 20; ++i) {
      const auto& actor = index % 2 == 0 ? alice : bobby;
      ASSERT_TRUE(conversations.send_text(actor, group.id, "one of many"));
    }
  });
  const auto heard = announced.with([](const auto& list) { return list; });
  EXPECT_EQ(heard.size(), 320U);
  EXPECT_EQ(std::ranges::adjacent_find(heard, std::ranges::greater_equal(), &Message::id),
            heard.end());
}

TEST_F(ConversationsTest, what_was_missed_comes_oldest_first_and_says_whether_there_is_more) {
  for (int i = 1; i <= 5; ++i) say(alice, std::to_string(i));
  const auto missed = [&](std::int64_t after_seq, std::int64_t size) {
    const chat::Conversations::Position position{group.id, after_seq};
    return *conversations.sync(bobby, {&position, 1}, size)->front();
  };
  const auto seqs = [](const chat::Conversations::Missed& found) {
    std::vector<std::int64_t> all;
    for (const Message& each : found.messages) all.push_back(each.seq);
    return all;
  };
  using Numbers = std::vector<std::int64_t>;
  EXPECT_EQ(seqs(missed(0, 0)), (Numbers{1, 2, 3, 4, 5}));
  EXPECT_FALSE(missed(0, 5).has_more);
  EXPECT_EQ(seqs(missed(1, 2)), (Numbers{2, 3}));
  EXPECT_TRUE(missed(1, 2).has_more);
  EXPECT_FALSE(missed(3, 2).has_more);
  EXPECT_EQ(seqs(missed(5, 2)), Numbers());
  EXPECT_EQ(missed(99, 2).last_seq, 5);
  EXPECT_EQ(conversation(bobby).group.last_seq, 5);
}

TEST_F(ConversationsTest, what_was_missed_goes_on_behind_rows_that_somebody_has_removed) {
  for (int i = 1; i <= 20; ++i) say(alice, std::to_string(i));
  ASSERT_TRUE(database.write([](storage::Driver& db) -> Result<void> {
    db.run(R"(DELETE FROM "group_message" WHERE "seq" > 3 AND "seq" <> 15)");
    return {};
  }));
  const auto missed = [&](std::int64_t after_seq, std::int64_t size) {
    const chat::Conversations::Position position{group.id, after_seq};
    return *conversations.sync(bobby, {&position, 1}, size)->front();
  };
  EXPECT_EQ(missed(2, 1).messages.front().seq, 3);
  EXPECT_TRUE(missed(2, 1).has_more);
  EXPECT_EQ(missed(3, 1).messages.front().seq, 15);
  EXPECT_FALSE(missed(3, 1).has_more);
  EXPECT_TRUE(missed(15, 1).messages.empty());
  EXPECT_FALSE(missed(15, 1).has_more);
}

TEST_F(ConversationsTest, what_was_missed_is_handed_out_in_pieces_that_a_client_can_swallow) {
  const auto other = add_group(alice, "kitchen");
  for (int i = 0; i < 400; ++i) {
    say(alice, "short");
    ASSERT_TRUE(conversations.send_text(alice, other.id, "short"));
  }
  const std::vector<chat::Conversations::Position> positions{{group.id, 0}, {other.id, 0}};
  auto all = *conversations.sync(alice, positions, 1'000'000);
  EXPECT_EQ(all[0]->messages.size(), 400U);
  EXPECT_FALSE(all[0]->has_more);
  EXPECT_EQ(all[1]->messages.size(), 100U);
  EXPECT_TRUE(all[1]->has_more);

  const std::string large(300'000, 'x');  // Longer than anything that may be sent today.
  for (int i = 0; i < 5; ++i) say(alice, large);
  const std::vector<chat::Conversations::Position> behind{{group.id, 400}, {other.id, 399}};
  all = *conversations.sync(alice, behind, 0);
  EXPECT_EQ(all[0]->messages.size(), 3U);
  EXPECT_TRUE(all[0]->has_more);
  EXPECT_TRUE(all[1]->messages.empty());
  EXPECT_TRUE(all[1]->has_more);

  say(alice, std::string(2'000'000, 'y'));
  const std::vector<chat::Conversations::Position> last{{group.id, 405}};
  EXPECT_EQ(conversations.sync(alice, last, 0)->front()->messages.size(), 1U);
}

TEST_F(ConversationsTest, a_stranger_is_told_so_in_the_place_of_what_was_missed) {
  const auto other = add_group(carol, "cellar");
  const std::vector<chat::Conversations::Position> positions{
      {group.id, 0}, {other.id, 0}, {4711, 0}};
  const auto all = conversations.sync(carol, positions, 0);
  ASSERT_TRUE(all);
  EXPECT_EQ(code_of((*all)[0]), "not_in_group");
  EXPECT_EQ((*all)[1]->last_seq, 0);
  EXPECT_EQ(code_of((*all)[2]), "not_in_group");
}

TEST_F(ConversationsTest, a_name_is_good_for_one_message_and_forgotten_after_seven_days) {
  const auto send = [&](const std::string& content) {
    return conversations.send_text(alice, group.id, content, "a name");
  };
  const auto first = send("hello");
  ASSERT_TRUE(first);
  EXPECT_EQ(code_of(send("something else")), "client_msg_id_taken");
  clock.advance(std::chrono::days(7) - 1s);
  ASSERT_TRUE(conversations.forget_sent());
  EXPECT_TRUE(send("hello")->is_repeat);
  clock.advance(1s);
  ASSERT_TRUE(conversations.forget_sent());
  EXPECT_EQ(count_rows("sent_message"), 0);
  EXPECT_FALSE(send("something else")->is_repeat);
  EXPECT_EQ(announced.with([](const auto& list) { return list.size(); }), 2U);
}

TEST_F(ConversationsTest, the_groups_to_hear_are_ones_own) {
  EXPECT_EQ(*conversations.groups_of(bobby), std::vector{group.id});
  EXPECT_EQ(*conversations.groups_of(carol), std::vector<std::int64_t>());
}

}  // namespace
}  // namespace coterie::tests
