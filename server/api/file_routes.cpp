// SPDX-License-Identifier: MIT
#include "api/file_routes.hpp"

#include <memory>
#include <utility>

#include "api/conversation_routes.hpp"
#include "api/json_shapes.hpp"
#include "base/utf8.hpp"

namespace coterie::api {

namespace {

Result<std::int64_t> group_of(const Form& form) {
  if (!form.group_id) return validation_failed({"groupId should not be empty"});
  if (form.group_id->empty()) return Error("not_in_group");
  const auto id = integer_of(Json(*form.group_id));
  if (!id) return validation_failed({"groupId must be an integer number"});
  return *id;
}

Result<void> check_name(const Form& form) {
  if (!form.client_msg_id) return {};
  return check({{client_msg_id_field()}},
               JsonObject{{"clientMsgId", to_utf8(*form.client_msg_id)}});
}

// What was sent before needs no second file.
Result<Answer> answer_of(const Result<chat::Sent>& sent, Form& form,
                         JsonText (*shape)(const chat::Message&)) {
  if (!sent || sent->is_repeat) form.upload->take_back();
  if (!sent) return sent.error();
  Answer answer(shape(sent->message));
  answer.has_made = !sent->is_repeat;
  return answer;
}

Result<Answer> take_image(chat::Conversations& conversations, Form& form) {
  const auto group_id = group_of(form);
  if (!group_id) return group_id.error();
  if (const auto checked = check_name(form); !checked) return checked.error();
  // Before the file is kept: a stranger's picture is not.
  if (const auto checked = conversations.check_member(form.actor, *group_id); !checked) {
    return checked.error();
  }
  const auto file = form.upload->finish(form.claimed_type);
  if (!file) return file.error();
  return answer_of(
      conversations.send_image(form.actor, *group_id, file->id, std::move(form.client_msg_id)),
      form, new_image_json);
}

// A message of a video and its cover: both, or neither.
Result<Answer> take_video(chat::Conversations& conversations, Form& form) {
  const auto group_id = group_of(form);
  if (!group_id) return group_id.error();
  if (const auto checked = check_name(form); !checked) return checked.error();
  if (const auto checked = conversations.check_member(form.actor, *group_id); !checked) {
    return checked.error();
  }
  const auto film = form.upload->finish_film(form.cover.get());
  if (!film) return film.error();
  return answer_of(conversations.send_video(form.actor, *group_id, film->video.id, film->cover.id,
                                            std::move(form.client_msg_id)),
                   form, new_video_json);
}

}  // namespace

std::vector<UploadEndpoint> upload_endpoints(chat::Accounts& accounts,
                                             chat::Conversations& conversations) {
  const TakeForm avatar = [&accounts](Form& form) -> Result<Answer> {
    const auto file = form.upload->finish(form.claimed_type);
    if (!file) return file.error();
    if (const auto set = accounts.set_avatar(form.actor, file->id); !set) {
      form.upload->take_back();
      return set.error();
    }
    return Answer(new_file_json(*file));
  };
  const TakeForm cover = [](Form& form) -> Result<Answer> {
    const auto file = form.upload->finish(form.claimed_type);
    if (!file) return file.error();
    return Answer(new_file_json(*file));
  };
  const TakeForm image = [&conversations](Form& form) { return take_image(conversations, form); };
  const TakeForm video = [&conversations](Form& form) { return take_video(conversations, form); };
  const std::vector<std::string_view> picture_errors{"unexpected_field", "file_too_large",
                                                     "file_type_wrong"};
  using chat::FileKind;
  return {
      {"/api/user/avatar",
       {"setAvatar", "Set one's picture", "NewFile", picture_errors},
       FileKind::avatar,
       false,
       avatar},
      {"/api/group/cover",
       {"uploadCover", "Upload a cover for a group to be made", "NewFile", picture_errors},
       FileKind::cover,
       false,
       cover},
      {"/api/conversation/group/message/image",
       {"sendImage",
        "Send a picture to a group",
        "NewFileMessage",
        {"unexpected_field", "file_too_large", "file_type_wrong", "not_in_group",
         "client_msg_id_taken", "too_many_messages"},
        "Everyone in the group, the sender included, then hears the event "
        "`group-message:<groupId>`.",
        true},
       FileKind::image,
       true,
       image},
      {"/api/conversation/group/message/video",
       {"sendVideo",
        "Send a video to a group",
        "NewFileMessage",
        {"video_type_wrong", "cover_type_wrong", "not_in_group", "video_too_large",
         "cover_too_large", "client_msg_id_taken", "too_many_messages"},
        "The first file is the video and the second its cover, whatever their names; without a "
        "cover one is made. Everyone in the group, the sender included, then hears the event "
        "`group-message:<groupId>`.",
        true},
       FileKind::video,
       true,
       video},
  };
}

net::Route upload_route(const UploadEndpoint& endpoint, const Rest& rest, chat::Files& files) {
  net::Route route;
  route.method = "POST";
  route.pattern = endpoint.path;
  route.sink = [endpoint, &rest, &files](net::Request request,
                                         net::Reply reply) -> std::unique_ptr<net::BodySink> {
    return std::make_unique<UploadSink>(rest, files, endpoint.kind, endpoint.take,
                                        std::move(request), std::move(reply));
  };
  return route;
}

}  // namespace coterie::api
