// SPDX-License-Identifier: MIT
#include "chat/errors.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace coterie::chat {

namespace {

// The wording is the seed system's, spelling included, where clients may know it.
constexpr std::array facts{
    ErrorFact{"unauthorized", 401, "unauthorized"},
    ErrorFact{"too_soon", 406, "please try again in 1 minutes"},
    ErrorFact{"email_taken", 406, "user email already exists"},
    ErrorFact{"mail_code_wrong", 406, "email verification code is incorrect"},
    ErrorFact{"username_taken", 406, "username already exists"},
    ErrorFact{"captcha_wrong", 406, "captcha error"},
    ErrorFact{"account_unknown", 406, "account does not exist"},
    ErrorFact{"password_wrong", 406, "wrong password"},
    ErrorFact{"user_unknown", 404, "user is not exists"},
    ErrorFact{"invite_code_invalid", 406, "invite code invalid"},
    ErrorFact{"already_in_group", 406, "you have already in the group"},
    ErrorFact{"not_in_group", 406, "you are not in the group!"},
    ErrorFact{"group_unknown", 404, "group is not exists"},
    ErrorFact{"cover_unknown", 404, "cover is not exists"},
    ErrorFact{"cover_taken", 400, "coverId is already the cover of a group"},
    ErrorFact{"message_unknown", 400, "messageId is not a message of that group"},
    ErrorFact{"client_msg_id_taken", 409, "clientMsgId was used for another message"},
    ErrorFact{"file_unknown", 404, "file is not exists"},
    ErrorFact{"not_admin", 403, "you are not an administrator"},
    ErrorFact{"link_expired", 403, "the link has expired or was altered"},
    ErrorFact{"validation_failed", 400, "", true},
    ErrorFact{"bad_body", 400, "", true},
    ErrorFact{"bad_path", 400, "", true},
    ErrorFact{"body_too_large", 413, "Payload Too Large"},
    ErrorFact{"bad_multipart", 400, "", true},
    ErrorFact{"file_required", 400, "File is required"},
    ErrorFact{"unexpected_field", 400, "Unexpected field"},
    ErrorFact{"unsupported_media_type", 415, "", true},
    ErrorFact{"file_too_large", 400, "", true},
    ErrorFact{"file_type_wrong", 400,
              R"(Validation failed (expected type is /image\/(png|jpeg|jpg)/))"},
    ErrorFact{"video_too_large", 406, "video size must be less than 1GB"},
    ErrorFact{"cover_too_large", 406, "cover size must be less than 5MB"},
    ErrorFact{"video_type_wrong", 400, "Validation failed (expected type is a video)"},
    ErrorFact{"cover_type_wrong", 400,
              "Validation failed (expected type of the cover is a picture)"},
    ErrorFact{"too_many_attempts", 429, "too many attempts, please try again later"},
    ErrorFact{"too_many_messages", 429, "too many messages, please try again later"},
    ErrorFact{"too_many_joins", 429, "too many groups joined, please try again later"},
    ErrorFact{"too_many_groups", 429, "too many groups made, please try again later"},
    ErrorFact{"too_many_events", 429, "too many events, please try again later"},
    ErrorFact{"too_many_connections", 429, "too many connections, please try again later"},
    ErrorFact{"mail_failed", 503, "the mail could not be sent, please try again later"},
    ErrorFact{"files_unavailable", 503, "files are not available, please try again later"},
    ErrorFact{"busy", 503, "the server is busy, please try again"},
    ErrorFact{"storage_busy", 503, "the server is busy, please try again"},
    ErrorFact{"storage_unavailable", 503, "the storage is not available, please try again"},
    ErrorFact{"storage_full", 503, "the server is out of space"},
    ErrorFact{"sessions_unavailable", 503, "log-ins cannot be checked now, please try again"},
    ErrorFact{"storage_failed", 503, "the storage is not available, please try again"},
    ErrorFact{"internal_error", 500, "Internal server error"},
};

}  // namespace

std::span<const ErrorFact> error_facts() {
  return facts;
}

const ErrorFact& fact_of(const Error& error) {
  const auto found = std::ranges::find(facts, error.code, &ErrorFact::code);
  return found == facts.end() ? facts.back() : *found;
}

std::string message_of(const Error& error) {
  const ErrorFact& fact = fact_of(error);
  return fact.detail_is_message ? error.detail : std::string(fact.message);
}

std::optional<int> retry_after_seconds(const Error& error) {
  if (fact_of(error).status != 429) return std::nullopt;
  int seconds = 60;
  std::from_chars(error.detail.data(), error.detail.data() + error.detail.size(), seconds);
  return seconds;
}

}  // namespace coterie::chat
