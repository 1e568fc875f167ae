// SPDX-License-Identifier: MIT
#include "api/openapi.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "app/app.hpp"
#include "chat/errors.hpp"
#include "support/endpoints.hpp"

namespace coterie::tests {
namespace {

class OpenApi : public Endpoints {
 protected:
  void SetUp() override {
    Endpoints::SetUp();
    uploads = api::upload_endpoints(*accounts, conversations);
    document = api::openapi(endpoints, uploads).as_object();
  }
  // A pattern as OpenAPI writes it: "/api/group/:id" is "/api/group/{id}".
  static std::string template_of(std::string pattern) {
    const std::size_t colon = pattern.find(':');
    if (colon == std::string::npos) return pattern;
    return pattern.substr(0, colon) + "{" + pattern.substr(colon + 1) + "}";
  }
  const Json* operation(const std::string& path, const std::string& method) const {
    const Json* found = document.at("paths").as_object().if_contains(path);
    return found ? found->as_object().if_contains(method) : nullptr;
  }

  std::vector<api::UploadEndpoint> uploads;
  JsonObject document;
};

TEST_F(OpenApi, lists_every_endpoint_and_nothing_else) {
  std::size_t listed = 0;
  for (const auto& [path, methods] : document.at("paths").as_object()) {
    listed += methods.as_object().size();
  }
  EXPECT_EQ(listed, endpoints.size() + uploads.size() + 3);  // A file, and health twice.
  for (const auto& each : endpoints) {
    const Json* found =
        operation(template_of(std::string(each.path)), each.method == "GET" ? "get" : "post");
    ASSERT_TRUE(found) << each.method << " " << each.path;
    EXPECT_EQ(found->at("summary").as_string(), each.told.summary);
    EXPECT_EQ(found->at("operationId").as_string(), each.told.id);
    EXPECT_NE(found->at("security").as_array().empty(), each.access == api::Access::logged_in);
  }
  for (const auto& each : uploads) {
    const Json* found = operation(std::string(each.path), "post");
    ASSERT_TRUE(found) << each.path;
    EXPECT_TRUE(found->at("requestBody").at("content").as_object().contains("multipart/form-data"));
  }
}

TEST_F(OpenApi, names_the_parameters_of_paths_and_queries) {
  const Json* detail = operation("/api/group/{id}", "get");
  ASSERT_TRUE(detail);
  const JsonObject& id = detail->at("parameters").as_array().at(0).as_object();
  EXPECT_EQ(id.at("name").as_string(), "id");
  EXPECT_EQ(id.at("in").as_string(), "path");
  const Json* page = operation("/api/conversation/group/message/list", "get");
  ASSERT_TRUE(page);
  std::string names;
  for (const Json& each : page->at("parameters").as_array()) {
    EXPECT_EQ(each.at("in").as_string(), "query");
    names +=
        std::string(each.at("name").as_string()) + (each.at("required").as_bool() ? "! " : " ");
  }
  EXPECT_EQ(names, "groupId! cursorId size ");
}

TEST_F(OpenApi, names_every_error_code) {
  const Json& codes =
      document.at("components").at("schemas").at("Failure").at("properties").at("code").at("enum");
  for (const auto& fact : chat::error_facts()) {
    EXPECT_TRUE(std::ranges::count(codes.as_array(), Json(fact.code)) == 1) << fact.code;
  }
}

TEST_F(OpenApi, refers_to_nothing_that_is_not_there) {
  const std::string text = to_text(document);
  constexpr std::string_view prefix = "\"$ref\":\"#";
  for (std::size_t at = text.find(prefix); at != std::string::npos;
       at = text.find(prefix, at + 1)) {
    const std::size_t begin = at + prefix.size();
    const std::string pointer = text.substr(begin, text.find('"', begin) - begin);
    boost::system::error_code problem;
    EXPECT_NE(Json(document).find_pointer(pointer, problem), nullptr) << pointer;
  }
}

TEST_F(OpenApi, can_be_told_without_a_server_and_without_leaving_anything) {
  app::Config config;
  config.data = folder / "untouched";
  config.shards = 1;
  config.db_workers = 1;
  const Json all = app::App::describe_api(config);
  for (const auto& [path, calls] : document.at("paths").as_object()) {
    EXPECT_EQ(all.at("paths").at(path), calls) << std::string_view(path);
  }
  EXPECT_TRUE(all.at("paths").as_object().contains("/api/admin/disconnect"));
  EXPECT_FALSE(std::filesystem::exists(config.data));
}

TEST(Core, makes_what_is_missing_and_finds_it_again) {
  const AllowBlocking blocking;
  const TempFolder folder;
  app::Config config;
  config.data = folder / "data";
  config.password_cost = "light";
  {
    const auto core = app::Core::open(config);
    ASSERT_TRUE(core) << core.error().detail;
    EXPECT_EQ((*core)->migrated().size(), 4U);
    ASSERT_TRUE((*core)->accounts().add_user({"alice1", "Secret.1", "", false}));
  }
  const auto again = app::Core::open(config);
  ASSERT_TRUE(again) << again.error().detail;
  EXPECT_TRUE((*again)->migrated().empty());
  const auto token = (*again)->accounts().issue_token("alice1");
  ASSERT_TRUE(token);
  EXPECT_TRUE((*again)->accounts().authenticate(*token));
}

TEST(Core, says_why_it_cannot_open_its_folder) {
  const AllowBlocking blocking;
  const TempFolder folder;
  write_file(folder / "file", "not a folder");
  app::Config config;
  config.data = folder / "file/data";
  const auto refused = app::Core::open(config);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().detail.find(config.data), std::string::npos);
}

}  // namespace
}  // namespace coterie::tests
