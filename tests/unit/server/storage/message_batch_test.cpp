// SPDX-License-Identifier: MIT
#include "storage/message_batch.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <map>

#include "storage/group_commit.hpp"
#include "support/stored_rows.hpp"

namespace coterie::tests {
namespace {

using storage::DriverFailure;
using storage::GroupCommit;
using storage::Message;
using storage::Sent;
using Numbers = std::vector<std::int64_t>;

class MessageBatch : public OnEveryEngine {
 protected:
  void SetUp() override {
    OnEveryEngine::SetUp();
    alice = add_user("alice1");
    bobby = add_user("bobby1");
    garden = add_group(alice, "garden");
    kitchen = add_group(alice, "kitchen");
  }

  Message named(const std::string& name, const std::string& content = "hello") const {
    Message message = text(alice, garden, content);
    message.client_msg_id = name;
    return message;
  }
  std::vector<Result<Sent>> store(const std::vector<Message>& messages) {
    std::vector<const Message*> all;
    for (const Message& each : messages) all.push_back(&each);
    auto stored = database.write([&](Driver& db) -> Result<std::vector<Result<Sent>>> {
      return storage::store_messages(db, all);
    });
    EXPECT_TRUE(stored) << stored.error().detail;
    return stored ? *stored : std::vector<Result<Sent>>();
  }
  // The numbers of a group's messages, in the order of their ids.
  Numbers seqs_in(const storage::Group& group) {
    Numbers seqs;
    for (const Message& each : read([&](Driver& db) {
           return storage::messages_before(db, group.id, std::nullopt, 100'000);
         })) {
      seqs.insert(seqs.begin(), each.seq);
    }
    return seqs;
  }
  std::int64_t last_in(const storage::Group& group) {
    return read([&](Driver& db) { return storage::last_seqs(db, {&group.id, 1}); }).front();
  }
  static Numbers up_to(std::int64_t last) {
    Numbers all;
    for (std::int64_t seq = 1; seq <= last; ++seq) all.push_back(seq);
    return all;
  }

  storage::User alice;
  storage::User bobby;
  storage::Group garden;
  storage::Group kitchen;
  std::vector<Message> announced;
  GroupCommit group_commit{database, keep(announced)};
};

TEST_P(MessageBatch, is_numbered_from_one_on_in_each_group) {
  const auto first = store({text(alice, garden, "1"), text(alice, kitchen, "1"),
                            text(bobby, garden, "2"), text(alice, garden, "3")});
  ASSERT_EQ(first.size(), 4U);
  EXPECT_EQ(first[3]->message.seq, 3);
  store({text(alice, kitchen, "2"), text(alice, garden, "4")});
  EXPECT_EQ(seqs_in(garden), up_to(4));
  EXPECT_EQ(seqs_in(kitchen), up_to(2));
  EXPECT_EQ(last_in(garden), 4);
  EXPECT_EQ(last_in(kitchen), 2);
}

TEST_P(MessageBatch, leaves_the_groups_own_times_alone) {
  clock.advance(std::chrono::seconds(5));
  store({text(alice, garden, "1")});
  const auto found = read([&](Driver& db) { return storage::find_group(db, garden.id); });
  EXPECT_EQ(found->update_at, garden.update_at);
  EXPECT_EQ(found->last_seq, 1);
}

TEST_P(MessageBatch, that_is_rolled_back_leaves_no_hole) {
  store({text(alice, garden, "1")});
  bool is_full = true;
  watch = [&is_full](std::string_view sql) {
    if (is_full && sql == "COMMIT") throw DriverFailure(Error("storage_full", "no space left"));
  };
  EXPECT_EQ(code_of(group_commit.append(text(alice, garden, "lost"))), "storage_full");
  is_full = false;
  EXPECT_EQ(group_commit.append(text(alice, garden, "2"))->message.seq, 2);
  EXPECT_EQ(seqs_in(garden), up_to(2));
}

TEST_P(MessageBatch, with_one_that_cannot_be_stored_leaves_no_hole) {
  storage::Group nowhere;
  nowhere.id = 4711;
  together(16, [&](int index) {
    for (int i = 0; i < 10; ++i) {
      const bool is_bad = (index + i) % 4 == 0;
      const auto sent = group_commit.append(text(alice, is_bad ? nowhere : garden, "one of many"));
      EXPECT_EQ(code_of(sent), is_bad ? "foreign_key_violation" : "");
    }
  });
  EXPECT_EQ(seqs_in(garden), up_to(120));
  Numbers heard;
  for (const Message& each : announced) heard.push_back(each.seq);
  EXPECT_EQ(heard, up_to(120));
}

TEST_P(MessageBatch, costs_one_statement_more_for_each_group_and_none_for_each_message) {
  std::map<std::string, int> statements;
  watch = [&](std::string_view sql) { ++statements[std::string(sql.substr(0, 14))]; };
  std::vector<Message> messages;
  for (int i = 0; i < 64; ++i) messages.push_back(text(alice, i % 3 ? garden : kitchen, "x"));
  store(messages);
  std::map<std::string, int> wanted{
      {R"(UPDATE "group")", 2}, {R"(INSERT INTO "g)", 1}, {R"(SELECT m."id",)", 1}, {"COMMIT", 1}};
  EXPECT_EQ(statements, wanted);

  statements.clear();
  for (int i = 0; i < 64; ++i)
    messages[static_cast<std::size_t>(i)].client_msg_id = fmt::format("{}", i);
  store(messages);
  wanted.insert({{R"(SELECT "userId)", 1}, {R"(INSERT INTO "s)", 1}});
  EXPECT_EQ(statements, wanted);
}

// Of every size from one message on, in as many parts as that takes.
TEST_P(MessageBatch, comes_back_as_it_is_stored_and_in_its_order) {
  const auto picture = add_file(alice, "image", "image/of_a_cat");
  std::int64_t id = 0;
  for (const int size : {1, 2, 3, 7, 63, 64, 65, 130}) {
    std::vector<Message> messages;
    for (int i = 0; i < size; ++i) {
      messages.push_back(text(i % 2 ? alice : bobby, garden, fmt::format("{} of {}", i, size)));
    }
    if (size == 130) {
      messages[70].type = storage::MessageType::image;
      messages[70].content = std::nullopt;
      messages[70].file_id = picture.id;
    }
    const auto all = store(messages);
    ASSERT_EQ(all.size(), messages.size());
    for (std::size_t i = 0; i < all.size(); ++i) {
      const Message& stored = all[i]->message;
      EXPECT_EQ(stored.content, messages[i].content);
      EXPECT_EQ(stored.user.id, messages[i].user_id);
      EXPECT_EQ(stored.create_at, messages[i].create_at);
      EXPECT_EQ(stored.file ? stored.file->path : "", messages[i].file_id ? picture.path : "");
      EXPECT_GT(stored.id, id);
      id = stored.id;
    }
  }
  EXPECT_EQ(seqs_in(garden), up_to(335));
}

TEST_P(MessageBatch, stores_what_has_a_name_once) {
  const auto first = group_commit.append(named("mine"));
  ASSERT_TRUE(first) << first.error().detail;
  EXPECT_FALSE(first->is_repeat);
  EXPECT_EQ(first->message.client_msg_id, "mine");
  const auto again = group_commit.append(named("mine"));
  ASSERT_TRUE(again) << again.error().detail;
  EXPECT_TRUE(again->is_repeat);
  EXPECT_EQ(again->message.id, first->message.id);
  EXPECT_EQ(again->message.seq, 1);
  EXPECT_EQ(again->message.client_msg_id, "mine");
  EXPECT_EQ(again->message.user.username, "alice1");
  EXPECT_EQ(announced.size(), 1U);
  EXPECT_EQ(seqs_in(garden), up_to(1));
}

TEST_P(MessageBatch, knows_a_text_again_whatever_is_in_it) {
  using std::string_literals::operator""s;
  int count = 0;
  for (const std::string& content : {"a\0b"s, "line\r\nbreak  "s, "\xF0\x9F\x98\x80"s, " "s}) {
    const auto name = std::to_string(++count);
    EXPECT_FALSE(store({named(name, content)})[0]->is_repeat) << name;
    EXPECT_TRUE(store({named(name, content)})[0]->is_repeat) << name;
    EXPECT_EQ(code_of(store({named(name, content + " ")})[0]), "client_msg_id_taken") << name;
  }
}

TEST_P(MessageBatch, that_has_a_name_twice_stores_it_once) {
  const auto all = store({named("one"), text(bobby, garden, "between"), named("one"), named("two"),
                          named("one", "something else")});
  ASSERT_EQ(all.size(), 5U);
  EXPECT_FALSE(all[0]->is_repeat);
  EXPECT_TRUE(all[2]->is_repeat);
  EXPECT_EQ(all[2]->message.id, all[0]->message.id);
  EXPECT_FALSE(all[3]->is_repeat);
  EXPECT_EQ(code_of(all[4]), "client_msg_id_taken");
  EXPECT_EQ(seqs_in(garden), up_to(3));
}

TEST_P(MessageBatch, takes_a_name_for_one_message_of_one_user) {
  store({named("mine")});
  auto other = named("mine");
  other.group_id = kitchen.id;
  EXPECT_EQ(code_of(store({other})[0]), "client_msg_id_taken");
  other = named("mine");
  other.type = storage::MessageType::image;
  EXPECT_EQ(code_of(store({other})[0]), "client_msg_id_taken");
  EXPECT_EQ(code_of(store({named("mine", "other words")})[0]), "client_msg_id_taken");
  other = named("mine", "of somebody else");
  other.user_id = bobby.id;
  EXPECT_FALSE(store({other})[0]->is_repeat);
  for (const char* name : {"Mine", "mine ", " mine", "m\xC3\xADne"}) {
    EXPECT_FALSE(store({named(name)})[0]->is_repeat) << name;
  }
  EXPECT_EQ(seqs_in(garden), up_to(6));
  EXPECT_EQ(last_in(kitchen), 0);
}

TEST_P(MessageBatch, of_many_threads_stores_each_name_once) {
  constexpr int names = 20;
  std::atomic<int> stored = 0;
  together(8, [&](int) {
    for (int i = 0; i < names; ++i) {
      const auto sent = group_commit.append(named(std::to_string(i)));
      ASSERT_TRUE(sent) << sent.error().detail;
      if (!sent->is_repeat) ++stored;
    }
  });
  EXPECT_EQ(stored, names);
  EXPECT_EQ(announced.size(), static_cast<std::size_t>(names));
  EXPECT_EQ(seqs_in(garden), up_to(names));
}

TEST_P(MessageBatch, finds_what_another_server_has_stored_at_the_same_moment) {
  if (GetParam().dialect == storage::Dialect::sqlite) return;  // It has one writer.
  storage::Database second(GetParam().connect(folder, "chat"), {GetParam().dialect, 4});
  GroupCommit elsewhere(second, [](auto) {});
  std::int64_t id = 0;
  watch = [&](std::string_view sql) {
    // The name has been looked for, and was not there.
    if (id != 0 || !sql.starts_with(R"(UPDATE "group")")) return;
    const auto sent = elsewhere.append(named("mine"));
    ASSERT_TRUE(sent) << sent.error().detail;
    id = sent->message.id;
  };
  const auto sent = group_commit.append(named("mine"));
  ASSERT_TRUE(sent) << sent.error().detail;
  EXPECT_TRUE(sent->is_repeat);
  EXPECT_EQ(sent->message.id, id);
  EXPECT_TRUE(announced.empty());
  EXPECT_EQ(seqs_in(garden), up_to(1));
}

// Two servers with threads of their own, all of whom write into the same groups.
TEST_P(MessageBatch, of_two_servers_leaves_no_hole_and_no_double) {
  constexpr int threads = 8;
  constexpr int each = 40;
  std::vector<storage::Group> groups{garden, kitchen};
  for (int i = 0; i < 4; ++i) groups.push_back(add_group(alice, fmt::format("group-{}", i)));
  storage::Database second(GetParam().connect(folder, "chat"), {GetParam().dialect, 64});
  std::vector<Message> announced_there;
  GroupCommit elsewhere(second, keep(announced_there));
  together(2 * threads, [&](int index) {
    GroupCommit& server = index % 2 == 0 ? group_commit : elsewhere;
    for (int i = 0; i < each; ++i) {
      // Those of one server go through the groups forwards, those of the other backwards.
      const int step = index % 2 == 0 ? i : each - i;
      const auto& group = groups[static_cast<std::size_t>(index / 2 + step) % groups.size()];
      Message message = text(alice, group, "one of many");
      // Every fourth has a name, which somebody of the other server uses, too.
      if (i % 4 == 0) message.client_msg_id = fmt::format("{}/{}", group.id, i / 4);
      const auto sent = server.append(message);
      ASSERT_TRUE(sent) << sent.error().code << ": " << sent.error().detail;
    }
  });
  std::map<std::int64_t, Numbers> heard;
  for (const auto* all : {&announced, &announced_there}) {
    std::map<std::int64_t, std::int64_t> last;
    for (const Message& message : *all) {
      EXPECT_GT(message.seq, last[message.group_id]);
      last[message.group_id] = message.seq;
      heard[message.group_id].push_back(message.seq);
    }
  }
  for (const auto& group : groups) {
    EXPECT_EQ(seqs_in(group), up_to(last_in(group))) << "in the order of ids";
    std::ranges::sort(heard[group.id]);
    EXPECT_EQ(heard[group.id], up_to(last_in(group)));
  }
}

INSTANTIATE_TEST_SUITE_P(Storage, MessageBatch, testing::ValuesIn(engines()), engine_name);

}  // namespace
}  // namespace coterie::tests
