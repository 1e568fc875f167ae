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

constexpr const char* file_names = "id createAt updateAt path type url createById";
constexpr const char* user_names = "id createAt updateAt username nickname avatarId avatar";

TEST_F(JsonShapes, of_a_file) {
  const JsonObject object = api::file_json(file);
  EXPECT_EQ(names_of(object), file_names);
  EXPECT_EQ(object.at("createAt").as_string(), "2026-11-24T14:56:29.286Z");
  EXPECT_EQ(object.at("type").as_string(), "avatar");
}

TEST_F(JsonShapes, of_a_file_just_made) {
  EXPECT_EQ(names_of(api::new_file_json(file)), "path type url createById id createAt updateAt");
}

TEST_F(JsonShapes, of_a_picture_have_what_is_known_of_it_behind_everything_else) {
  file.width = 3000;
  EXPECT_EQ(names_of(api::file_json(file)), file_names);  // A width alone is of no use.
  file.height = 2000;
  file.thumbnail = "thumbnail/abc";
  file.thumbnail_url = "http://localhost:3000/files/thumbnail/abc";
  const JsonObject object = api::file_json(file);
  EXPECT_EQ(names_of(object), std::string(file_names) + " width height thumbnail");
  EXPECT_EQ(object.at("width").as_int64(), 3000);
  EXPECT_EQ(object.at("thumbnail").as_string(), file.thumbnail_url);
  EXPECT_EQ(names_of(api::new_file_json(file)),
            "path type url createById id createAt updateAt width height thumbnail");
}

TEST_F(JsonShapes, of_a_video_just_sent) {
  message.type = chat::MessageType::video;
  message.file_id = 3;
  message.cover_id = 4;
  EXPECT_EQ(names_of(api::new_video_json(message)),
            "userId groupId type fileId coverId content id createAt updateAt seq");
}

TEST_F(JsonShapes, of_someone_else_have_no_address) {
  const JsonObject object = api::user_json(user);
  EXPECT_EQ(names_of(object), user_names);
  EXPECT_EQ(names_of(object.at("avatar").as_object()), file_names);
}

TEST_F(JsonShapes, of_oneself_tell_an_administrator_what_one_may) {
  EXPECT_EQ(names_of(api::own_user_json(user)),
            "id createAt updateAt username email nickname avatarId avatar isAdmin");
}

TEST_F(JsonShapes, of_oneself_have_the_address) {
  user.is_admin = false;
  EXPECT_EQ(names_of(api::own_user_json(user)),
            "id createAt updateAt username email nickname avatarId avatar");
  EXPECT_EQ(names_of(api::logged_in_user_json(user)),
            "id createAt updateAt username email nickname avatarId");
}

TEST_F(JsonShapes, of_a_user_without_names_and_picture_have_nulls) {
  user.nickname.reset();
  user.avatar_id.reset();
  user.avatar.reset();
  const JsonObject object = api::user_json(user);
  EXPECT_EQ(names_of(object), user_names);
  for (const char* name : {"nickname", "avatarId", "avatar"}) {
    EXPECT_TRUE(object.at(name).is_null()) << name;
  }
}

TEST_F(JsonShapes, of_a_group_have_no_invite_code) {
  const JsonObject object = api::group_json(group);
  EXPECT_EQ(names_of(object), "id createAt updateAt name description coverId createById cover");
  EXPECT_TRUE(object.at("description").is_null());
}

TEST_F(JsonShapes, of_a_group_just_made_have_the_invite_code) {
  EXPECT_EQ(names_of(api::new_group_json(group)),
            "name description coverId createById inviteCode id createAt updateAt");
}

TEST_F(JsonShapes, of_a_groups_detail_have_the_invite_code_for_its_owner_only) {
  EXPECT_EQ(names_of(api::group_detail_json({group, {user}, true})),
            "id createAt updateAt name description inviteCode coverId createById cover users");
  const JsonObject object = api::group_detail_json({group, {user}, false});
  EXPECT_EQ(names_of(object),
            "id createAt updateAt name description coverId createById cover users");
  EXPECT_EQ(names_of(object.at("users").as_array().at(0).as_object()), user_names);
}

TEST_F(JsonShapes, of_a_message_have_its_author_and_its_files) {
  message.type = chat::MessageType::video;
  message.file = file;
  const JsonObject object = api::message_json(message);
  EXPECT_EQ(names_of(object),
            "id createAt updateAt type content userId groupId coverId fileId user file cover seq");
  EXPECT_EQ(object.at("type").as_int64(), 2);
  EXPECT_EQ(names_of(object.at("user").as_object()), user_names);
  EXPECT_EQ(names_of(object.at("file").as_object()), file_names);
  EXPECT_TRUE(object.at("cover").is_null());
}

TEST_F(JsonShapes, of_a_message_that_was_just_sent_have_its_senders_name_for_it) {
  message.client_msg_id = "mine";
  for (const JsonObject& object :
       {api::message_json(message), api::new_text_json(message, Json(5)),
        api::new_image_json(message), api::new_video_json(message), api::sent_json({message})}) {
    EXPECT_EQ(object.at("seq").as_int64(), 9);
    EXPECT_EQ(object.at("clientMsgId").as_string(), "mine");
    EXPECT_FALSE(object.contains("isDuplicate"));
  }
  EXPECT_TRUE(api::sent_json({message, true}).at("isDuplicate").as_bool());
}

TEST_F(JsonShapes, of_what_was_missed) {
  const JsonObject object = api::missed_json({5, 9, false, {message}});
  EXPECT_EQ(names_of(object), "groupId lastSeq hasMore messages");
  EXPECT_EQ(object.at("lastSeq").as_int64(), 9);
  EXPECT_EQ(object.at("messages").at(0).at("id").as_int64(), 11);
}

TEST_F(JsonShapes, of_a_text_just_sent_echo_the_group_as_it_was_asked_for) {
  const JsonObject object = api::new_text_json(message, Json("5"));
  EXPECT_EQ(names_of(object),
            "userId groupId content type coverId fileId id createAt updateAt seq");
  EXPECT_EQ(object.at("groupId").as_string(), "5");
  EXPECT_EQ(api::new_text_json(message, Json(5)).at("groupId").as_int64(), 5);
}

TEST_F(JsonShapes, of_a_picture_just_sent) {
  message.type = chat::MessageType::image;
  message.content.reset();
  message.file_id = 3;
  const JsonObject object = api::new_image_json(message);
  EXPECT_EQ(names_of(object),
            "userId groupId type fileId content coverId id createAt updateAt seq");
  EXPECT_EQ(object.at("type").as_int64(), 1);
  EXPECT_TRUE(object.at("content").is_null());
}

TEST_F(JsonShapes, of_a_conversation) {
  const JsonObject object = api::conversation_json(conversation);
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
  const JsonObject object = api::conversation_json(conversation);
  EXPECT_FALSE(object.at("group").as_object().contains("inviteCode"));
  EXPECT_TRUE(object.at("recentMsg").is_null());
  EXPECT_EQ(object.at("userRole").as_int64(), 1);
}

TEST_F(JsonShapes, of_a_read_mark_have_no_group) {
  EXPECT_EQ(names_of(api::read_mark_json(conversation)),
            "id createAt updateAt userRole lastMsgId userId groupId recentMsg unreadNum lastSeq");
}

TEST_F(JsonShapes, never_hold_a_password_or_who_else_is_an_admin) {
  EXPECT_EQ(to_text(api::own_user_json(user)).find("a hash"), std::string::npos);
  for (const std::string& text :
       {to_text(api::user_json(user)), to_text(api::logged_in_user_json(user)),
        to_text(api::message_json(message)), to_text(api::conversation_json(conversation)),
        to_text(api::group_detail_json({group, {user}, true}))}) {
    EXPECT_EQ(text.find("a hash"), std::string::npos);
    EXPECT_EQ(text.find("assword"), std::string::npos);
    EXPECT_EQ(text.find("dmin"), std::string::npos);
  }
}

}  // namespace
}  // namespace coterie::tests
