// SPDX-License-Identifier: MIT
#include "api/json_shapes.hpp"

#include <gtest/gtest.h>

#include "support/endpoints.hpp"

namespace coterie::tests {
namespace {

// Nouns with everything filled in, to see what leaves the server, and in which order.
class JsonShapes : public testing::Test {
 protected:
  JsonShapes() {
    file.id = 3;
    file.create_at = file.update_at = FakeClock().wall();
    file.path = "avatar/abc";
    file.type = "avatar";
    file.url = "http://localhost:3000/files/avatar/abc";
    file.create_by_id = 7;
    user.id = 7;
    user.username = "alice1";
    user.email = "alice@example.org";
    user.nickname = "Alice";
    user.avatar_id = 3;
    user.avatar = file;
    user.password = "a hash";
    user.is_admin = true;
    group.id = 5;
    group.name = "garden";
    group.invite_code = "the way in";
    group.cover_id = 3;
    group.create_by_id = 7;
    group.last_seq = 9;
    group.cover = file;
    message.id = 11;
    message.content = "hello";
    message.user_id = 7;
    message.group_id = 5;
    message.user = user;
    message.seq = 9;
    conversation.id = 13;
    conversation.user_role = chat::Role::owner;
    conversation.user_id = 7;
    conversation.group_id = 5;
    conversation.group = group;
    conversation.recent = message;
    conversation.unread = 2;
  }

  chat::File file;
  chat::User user;
  chat::Group group;
  chat::Message message;
  chat::Conversation conversation;
};

// What was written, read as any client would.
JsonObject read(const JsonText& written) {
  const auto value = parse_json(written.text);
  EXPECT_TRUE(value && value->is_object()) << written.text;
  return value && value->is_object() ? value->get_object() : JsonObject();
}
JsonObject first_of(const JsonText& written) {
  const auto value = parse_json(written.text);
  EXPECT_TRUE(value && value->is_array() && !value->get_array().empty()) << written.text;
  return value->at(0).as_object();
}

constexpr const char* file_names = "id createAt updateAt path type url createById";
constexpr const char* user_names = "id createAt updateAt username nickname avatarId avatar";

TEST_F(JsonShapes, of_a_file) {
  const JsonObject object = read(api::file_json(file));
  EXPECT_EQ(names_of(object), file_names);
  EXPECT_EQ(object.at("createAt").as_string(), "2026-11-24T14:56:29.286Z");
  EXPECT_EQ(object.at("type").as_string(), "avatar");
}

TEST_F(JsonShapes, of_a_file_just_made) {
  EXPECT_EQ(names_of(read(api::new_file_json(file))),
            "path type url createById id createAt updateAt");
}

TEST_F(JsonShapes, of_a_picture_have_what_is_known_of_it_behind_everything_else) {
  file.width = 3000;
  EXPECT_EQ(names_of(read(api::file_json(file))), file_names);  // A width alone is of no use.
  file.height = 2000;
  file.thumbnail = "thumbnail/abc";
  file.thumbnail_url = "http://localhost:3000/files/thumbnail/abc";
  const JsonObject object = read(api::file_json(file));
  EXPECT_EQ(names_of(object), std::string(file_names) + " width height thumbnail");
  EXPECT_EQ(object.at("width").as_int64(), 3000);
  EXPECT_EQ(object.at("thumbnail").as_string(), file.thumbnail_url);
  EXPECT_EQ(names_of(read(api::new_file_json(file))),
            "path type url createById id createAt updateAt width height thumbnail");
}

TEST_F(JsonShapes, of_a_video_just_sent) {
  message.type = chat::MessageType::video;
  message.file_id = 3;
  message.cover_id = 4;
  EXPECT_EQ(names_of(read(api::new_video_json(message))),
            "userId groupId type fileId coverId content id createAt updateAt seq");
}

TEST_F(JsonShapes, of_someone_else_have_no_address) {
  const JsonObject object = read(api::user_json(user));
  EXPECT_EQ(names_of(object), user_names);
  EXPECT_EQ(names_of(object.at("avatar").as_object()), file_names);
}

TEST_F(JsonShapes, of_oneself_tell_an_administrator_what_one_may) {
  EXPECT_EQ(names_of(read(api::own_user_json(user))),
            "id createAt updateAt username email nickname avatarId avatar isAdmin");
}

TEST_F(JsonShapes, of_oneself_have_the_address) {
  user.is_admin = false;
  EXPECT_EQ(names_of(read(api::own_user_json(user))),
            "id createAt updateAt username email nickname avatarId avatar");
  const JsonObject logged_in = read(api::logged_in_json({user, "a token"}));
  EXPECT_EQ(names_of(logged_in), "user token");
  EXPECT_EQ(names_of(logged_in.at("user").as_object()),
            "id createAt updateAt username email nickname avatarId");
}

TEST_F(JsonShapes, of_a_user_without_names_and_picture_have_nulls) {
  user.nickname.reset();
  user.avatar_id.reset();
  user.avatar.reset();
  const JsonObject object = read(api::user_json(user));
  EXPECT_EQ(names_of(object), user_names);
  for (const char* name : {"nickname", "avatarId", "avatar"}) {
    EXPECT_TRUE(object.at(name).is_null()) << name;
  }
}

TEST_F(JsonShapes, of_a_group_have_no_invite_code) {
  const JsonObject lists = read(api::group_lists_json({{group}, {}}));
  EXPECT_EQ(names_of(lists), "owner member");
  EXPECT_TRUE(lists.at("member").as_array().empty());
  const JsonObject object = lists.at("owner").at(0).as_object();
  EXPECT_EQ(names_of(object), "id createAt updateAt name description coverId createById cover");
  EXPECT_TRUE(object.at("description").is_null());
}

TEST_F(JsonShapes, of_a_group_just_made_have_the_invite_code) {
  EXPECT_EQ(names_of(read(api::new_group_json(group))),
            "name description coverId createById inviteCode id createAt updateAt");
}

TEST_F(JsonShapes, of_a_groups_detail_have_the_invite_code_for_its_owner_only) {
  EXPECT_EQ(names_of(read(api::group_detail_json({group, {user}, true}))),
            "id createAt updateAt name description inviteCode coverId createById cover users");
  const JsonObject object = read(api::group_detail_json({group, {user}, false}));
  EXPECT_EQ(names_of(object),
            "id createAt updateAt name description coverId createById cover users");
  EXPECT_EQ(names_of(object.at("users").as_array().at(0).as_object()), user_names);
}

TEST_F(JsonShapes, of_a_message_have_its_author_and_its_files) {
  message.type = chat::MessageType::video;
  message.file = file;
  const JsonObject object = read(api::message_json(message));
  EXPECT_EQ(names_of(object),
            "id createAt updateAt type content userId groupId coverId fileId user file cover seq");
  EXPECT_EQ(object.at("type").as_int64(), 2);
  EXPECT_EQ(names_of(object.at("user").as_object()), user_names);
  EXPECT_EQ(names_of(object.at("file").as_object()), file_names);
  EXPECT_TRUE(object.at("cover").is_null());
}

TEST_F(JsonShapes, of_a_message_that_was_just_sent_have_its_senders_name_for_it) {
  message.client_msg_id = "mine";
  for (const JsonText& written :
       {api::message_json(message), api::new_text_json(message, Json(5)),
        api::new_image_json(message), api::new_video_json(message), api::sent_json({message})}) {
    const JsonObject object = read(written);
    EXPECT_EQ(object.at("seq").as_int64(), 9);
    EXPECT_EQ(object.at("clientMsgId").as_string(), "mine");
    EXPECT_FALSE(object.contains("isDuplicate"));
  }
  EXPECT_TRUE(read(api::sent_json({message, true})).at("isDuplicate").as_bool());
}

TEST_F(JsonShapes, of_what_was_missed) {
  const JsonObject object = read(api::missed_json({5, 9, false, {message}}));
  EXPECT_EQ(names_of(object), "groupId lastSeq hasMore messages");
  EXPECT_EQ(object.at("lastSeq").as_int64(), 9);
  EXPECT_EQ(object.at("messages").at(0).at("id").as_int64(), 11);
}

TEST_F(JsonShapes, of_what_was_missed_in_several_groups_say_why_there_is_nothing) {
  const chat::Conversations::Position positions[] = {{5, 0}, {6, 0}};
  const Result<chat::Conversations::Missed> all[] = {chat::Conversations::Missed{5, 9, true, {}},
                                                     Error("not_in_group")};
  const JsonObject object = read(api::all_missed_json(positions, all));
  EXPECT_EQ(names_of(object.at("groups").at(0).as_object()), "groupId lastSeq hasMore messages");
  EXPECT_EQ(names_of(object.at("groups").at(1).as_object()), "groupId error");
  EXPECT_EQ(object.at("groups").at(1).at("groupId").as_int64(), 6);
}

TEST_F(JsonShapes, of_a_page_are_those_of_its_messages) {
  const std::vector<chat::Message> page{message, message};
  const std::string one = api::message_json(message).text;
  EXPECT_EQ(api::messages_json(page).text, "[" + one + "," + one + "]");
  EXPECT_EQ(api::messages_json({}).text, "[]");
}

TEST_F(JsonShapes, of_a_text_just_sent_echo_the_group_as_it_was_asked_for) {
  const JsonObject object = read(api::new_text_json(message, Json("5")));
  EXPECT_EQ(names_of(object),
            "userId groupId content type coverId fileId id createAt updateAt seq");
  EXPECT_EQ(object.at("groupId").as_string(), "5");
  EXPECT_EQ(read(api::new_text_json(message, Json(5))).at("groupId").as_int64(), 5);
}

TEST_F(JsonShapes, of_a_picture_just_sent) {
  message.type = chat::MessageType::image;
  message.content.reset();
  message.file_id = 3;
  const JsonObject object = read(api::new_image_json(message));
  EXPECT_EQ(names_of(object),
            "userId groupId type fileId content coverId id createAt updateAt seq");
  EXPECT_EQ(object.at("type").as_int64(), 1);
  EXPECT_TRUE(object.at("content").is_null());
}

TEST_F(JsonShapes, of_a_conversation) {
  const JsonObject object = first_of(api::conversations_json({&conversation, 1}));
  EXPECT_EQ(
      names_of(object),
      "id createAt updateAt userRole lastMsgId userId groupId group recentMsg unreadNum lastSeq");
  EXPECT_EQ(names_of(object.at("group").as_object()),
            "id createAt updateAt name description inviteCode coverId createById cover");
  EXPECT_EQ(names_of(object.at("recentMsg").as_object()),
            "id createAt updateAt type content userId groupId coverId fileId user seq");
  EXPECT_EQ(names_of(object.at("recentMsg").at("user").as_object()),
            "id createAt updateAt username nickname avatarId");
  EXPECT_EQ(object.at("unreadNum").as_int64(), 2);
}

TEST_F(JsonShapes, of_a_members_conversation_have_no_invite_code_and_may_have_no_message) {
  conversation.user_role = chat::Role::member;
  conversation.recent.reset();
  const JsonObject object = first_of(api::conversations_json({&conversation, 1}));
  EXPECT_FALSE(object.at("group").as_object().contains("inviteCode"));
  EXPECT_TRUE(object.at("recentMsg").is_null());
  EXPECT_EQ(object.at("userRole").as_int64(), 1);
}

TEST_F(JsonShapes, of_a_read_mark_have_no_group) {
  EXPECT_EQ(names_of(read(api::read_mark_json(conversation))),
            "id createAt updateAt userRole lastMsgId userId groupId recentMsg unreadNum lastSeq");
}

TEST_F(JsonShapes, never_hold_a_password_or_who_else_is_an_admin) {
  EXPECT_EQ(api::own_user_json(user).text.find("a hash"), std::string::npos);
  for (const auto& [text] :
       {api::user_json(user), api::logged_in_json({user, "a token"}), api::message_json(message),
        api::read_mark_json(conversation), api::conversations_json({&conversation, 1}),
        api::group_detail_json({group, {user}, true})}) {
    EXPECT_EQ(text.find("a hash"), std::string::npos);
    EXPECT_EQ(text.find("assword"), std::string::npos);
    EXPECT_EQ(text.find("dmin"), std::string::npos);
  }
}

}  // namespace
}  // namespace coterie::tests
