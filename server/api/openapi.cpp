// SPDX-License-Identifier: MIT
#include "api/openapi.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "api/openapi_answers.hpp"
#include "api/openapi_shapes.hpp"

namespace coterie::api {

namespace {

constexpr std::string_view json_type = "application/json";

constexpr std::string_view introduction =
    "The REST interface of a Coterie server. A successful answer is "
    "`{\"status\":0,\"data\":…,\"message\":\"success\"}`, with 201 for a POST; a failure has the "
    "HTTP status, a message for people and a stable `code` for programs. Messages arrive over "
    "Socket.IO: docs/protocol.md tells both.";

// "/api/group/:id" becomes "/api/group/{id}"; the names go to `names`.
std::string template_of(std::string_view pattern, Codes& names) {
  std::string path;
  while (!pattern.empty()) {
    const std::size_t colon = pattern.find("/:");
    path.append(pattern.substr(0, colon));
    if (colon == std::string_view::npos) break;
    pattern.remove_prefix(colon + 2);
    const std::size_t end = std::min(pattern.find('/'), pattern.size());
    names.emplace_back(pattern.substr(0, end));
    path.append("/{").append(names.back()).append("}");
    pattern.remove_prefix(end);
  }
  return path;
}

// "auth" of "/api/auth/login", "messages" of what is deeper in a conversation.
std::string_view tag_of(std::string_view path) {
  if (path.find("/message/") != std::string_view::npos) return "message";
  path.remove_prefix(std::string_view("/api/").size());
  return path.substr(0, path.find('/'));
}

JsonObject operation(const Told& told, std::string_view path, bool is_open) {
  JsonObject result{{"operationId", told.id}, {"summary", told.summary}};
  if (!told.remarks.empty()) result["description"] = told.remarks;
  result["tags"] = JsonArray{Json(tag_of(path))};
  result["security"] = is_open ? JsonArray() : JsonArray{JsonObject{{"bearer", JsonArray()}}};
  return result;
}

JsonObject parameter(std::string_view name, std::string_view in, bool is_required,
                     JsonObject schema) {
  add_words(schema, name);
  JsonObject result{{"name", name}, {"in", in}, {"required", is_required}};
  if (const auto* meaning = schema.if_contains("description")) {
    result["description"] = *meaning;
    schema.erase("description");
  }
  result["schema"] = std::move(schema);
  return result;
}

JsonObject with_words(JsonObject shape) {
  for (auto& [name, property] : shape["properties"].as_object()) {
    add_words(property.as_object(), name);
  }
  return shape;
}

JsonArray parameters(const Endpoint& endpoint, const Codes& names) {
  JsonArray list;
  for (const std::string_view name : names) {
    list.push_back(parameter(name, "path", true,
                             name == "id" ? reference("Id") : JsonObject{{"type", "string"}}));
  }
  if (endpoint.method != "GET") return list;
  const JsonObject shape = describe(endpoint.input);
  for (const Field& field : endpoint.input.fields) {
    list.push_back(parameter(field.name, "query", !field.is_optional,
                             shape.at("properties").at(field.name).as_object()));
  }
  return list;
}

bool has_rules(const Shape& input) {
  return std::ranges::any_of(input.fields, [](const Field& each) { return !each.rules.empty(); });
}

JsonObject told_endpoint(const Endpoint& endpoint, const Codes& names) {
  const bool is_post = endpoint.method == "POST";
  const bool is_open = endpoint.access == Access::open;
  JsonObject result = operation(endpoint.told, endpoint.path, is_open);
  if (JsonArray list = parameters(endpoint, names); !list.empty()) {
    result["parameters"] = std::move(list);
  }
  Codes invalid;
  Codes shared{"500", "503", "default"};
  if (!is_open) shared.insert(shared.begin(), "401");
  if (is_post) {
    result["requestBody"] = {{"required", true},
                             {"content", content(json_type, with_words(describe(endpoint.input)))}};
    invalid = {"validation_failed", "bad_body"};
    shared.insert(shared.end(), {"413", "415"});
  } else if (has_rules(endpoint.input) || std::ranges::find(names, "id") != names.end()) {
    invalid = {"validation_failed"};
  }
  if (!names.empty()) invalid.push_back("bad_path");
  std::ranges::sort(shared);
  result["responses"] = responses(endpoint.told, is_post, std::move(invalid), shared);
  return result;
}

JsonObject file_field(std::string_view description) {
  return {{"type", "string"}, {"format", "binary"}, {"description", description}};
}

// The form of an upload.
JsonObject form_of(const UploadEndpoint& upload) {
  JsonObject properties;
  JsonArray required{"file"};
  switch (upload.kind) {
    case chat::FileKind::image:
      properties["file"] = file_field("PNG or JPEG, smaller than 10 MiB");
      break;
    case chat::FileKind::video:
      properties["file"] = file_field("A video, at most 1 GiB");
      properties["coverFile"] = file_field("Its cover, PNG or JPEG, at most 5 MiB");
      break;
    default:
      properties["file"] = file_field("PNG or JPEG, smaller than 5 MiB");
  }
  if (upload.wants_group) {
    properties["groupId"] = {{"type", "integer"}};
    required.push_back("groupId");
    properties["clientMsgId"] = {{"type", "string"},
                                 {"minLength", 1},
                                 {"maxLength", chat::Conversations::client_msg_id_max}};
  }
  return {{"type", "object"}, {"properties", properties}, {"required", required}};
}

JsonObject told_upload(const UploadEndpoint& upload) {
  Codes invalid{"bad_multipart", "file_required"};
  if (upload.wants_group) invalid.insert(invalid.begin(), "validation_failed");
  JsonObject result = operation(upload.told, upload.path, false);
  result["requestBody"] = {
      {"required", true}, {"content", content("multipart/form-data", with_words(form_of(upload)))}};
  result["responses"] =
      responses(upload.told, true, std::move(invalid), {"401", "500", "503", "default"});
  return result;
}

JsonObject state(std::string_view description, std::string_view word) {
  JsonObject body{{"type", "object"},
                  {"properties", {{"status", {{"type", "string"}, {"const", word}}}}},
                  {"required", JsonArray{"status"}}};
  return {{"description", description}, {"content", content(json_type, std::move(body))}};
}

JsonObject not_ready() {
  const JsonObject names{
      {"type", "array"},
      {"items", {{"type", "string"}, {"enum", JsonArray{"database", "redis", "files"}}}}};
  JsonObject body{{"type", "object"},
                  {"properties",
                   {{"status", {{"enum", JsonArray{"stopping", "unavailable"}}}}, {"away", names}}},
                  {"required", JsonArray{"status"}}};
  return {{"description", "It is stopping, or what it needs is away"},
          {"content", content(json_type, std::move(body))}};
}

// GET of a file by its link, and of health: no endpoints of the table.
JsonObject other_paths() {
  const JsonObject binary{{"type", "string"}, {"format", "binary"}};
  const auto file = [&](std::string_view description) {
    return JsonObject{{"description", description}, {"content", content("*/*", binary)}};
  };
  const JsonObject text{{"type", "string"}};
  JsonObject get{
      {"operationId", "file"},
      {"summary", "The bytes of a file"},
      {"description",
       "A link as it comes in `url`; ranges and `If-None-Match` are honoured. Where files are kept "
       "in an S3 store, links lead there instead."},
      {"tags", JsonArray{"file"}},
      {"security", JsonArray()},
      {"parameters",
       JsonArray{parameter("type", "path", true, text), parameter("id", "path", true, text),
                 parameter("expires", "query", true, text),
                 parameter("signature", "query", true, text)}},
      {"responses",
       {{"200", file("The file")},
        {"206", file("The part that was asked for")},
        {"304", shared_response("304")},
        {"403", failure({"link_expired"})},
        {"404", failure({"file_unknown"})},
        {"416", {{"description", "Not a part of the file"}}},
        {"500", shared_response("500")},
        {"503", shared_response("503")},
        {"default", shared_response("default")}}}};
  JsonObject paths{{"/files/{type}/{id}", {{"get", std::move(get)}}}};
  const auto health = [](std::string_view id, std::string_view summary, JsonObject responses) {
    responses["default"] = shared_response("default");
    return JsonObject{{"get",
                       {{"operationId", id},
                        {"summary", summary},
                        {"tags", JsonArray{"health"}},
                        {"security", JsonArray()},
                        {"responses", std::move(responses)}}}};
  };
  const JsonObject yes = state("Yes", "ok");
  paths["/healthz"] = health("alive", "Do all loops of the process turn?", {{"200", yes}});
  paths["/readyz"] = health("ready", "Does it take new clients, and has it what it needs?",
                            {{"200", yes}, {"503", not_ready()}});
  return paths;
}

JsonObject components() {
  JsonObject bearer{{"type", "http"},
                    {"scheme", "bearer"},
                    {"bearerFormat", "JWT"},
                    {"description", "The token of a log-in"}};
  JsonObject wait{{"description", "Seconds to wait"},
                  {"schema", {{"type", "integer"}, {"minimum", 1}}}};
  return {{"schemas", schemas()},
          {"responses", shared_responses()},
          {"headers", {{"Wait", std::move(wait)}}},
          {"securitySchemes", {{"bearer", std::move(bearer)}}}};
}

JsonArray tags() {
  JsonArray list;
  for (const auto& [name, description] :
       {std::pair("auth", "Accounts and log-ins"), std::pair("user", "Oneself"),
        std::pair("group", "Groups and who is in them"),
        std::pair("conversation", "A group as one of its members sees it"),
        std::pair("message", "What is said"), std::pair("file", "Pictures and films"),
        std::pair("admin", "For administrators"),
        std::pair("health", "For whoever watches the server")}) {
    list.push_back(JsonObject{{"name", name}, {"description", description}});
  }
  return list;
}

}  // namespace

Json openapi(const std::vector<Endpoint>& endpoints, const std::vector<UploadEndpoint>& uploads) {
  JsonObject paths;
  const auto add = [&paths](const std::string& path, std::string_view method, JsonObject what) {
    if (!paths.contains(path)) paths[path] = JsonObject();
    paths[path].as_object()[method == "GET" ? "get" : "post"] = std::move(what);
  };
  for (const Endpoint& endpoint : endpoints) {
    Codes names;
    const std::string path = template_of(endpoint.path, names);
    add(path, endpoint.method, told_endpoint(endpoint, names));
  }
  for (const UploadEndpoint& upload : uploads) {
    add(std::string(upload.path), "POST", told_upload(upload));
  }
  for (auto& [path, methods] : other_paths()) paths[path] = methods;
  return JsonObject{{"openapi", "3.1.0"},
                    {"info",
                     {{"title", "Coterie"},
                      {"version", COTERIE_VERSION},
                      {"description", introduction},
                      {"license", {{"name", "MIT"}, {"identifier", "MIT"}}}}},
                    {"servers", JsonArray{JsonObject{{"url", "/"}}}},
                    {"tags", tags()},
                    {"paths", std::move(paths)},
                    {"components", components()}};
}

net::Route document_route(std::string_view pattern, std::string text) {
  net::Route route;
  route.method = "GET";
  route.pattern = pattern;
  route.handler = [text = std::move(text)](net::Request, net::Reply reply) {
    reply(net::text_response(200, text, "application/json; charset=utf-8"));
  };
  return route;
}

}  // namespace coterie::api
