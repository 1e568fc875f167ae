// SPDX-License-Identifier: MIT
#include "api/openapi.hpp"

#include <string>

#include "chat/errors.hpp"

namespace coterie::api {

namespace {

// "/api/group/:id" becomes "/api/group/{id}"; the names go to `names`.
std::string template_of(std::string_view pattern, std::vector<std::string>& names) {
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

JsonObject responses(bool is_post) {
  const auto body = [](std::string_view description, std::string_view schema) {
    return JsonObject{
        {"description", description},
        {"content",
         {{"application/json",
           {{"schema", {{"$ref", "#/components/schemas/" + std::string(schema)}}}}}}}};
  };
  return {{is_post ? "201" : "200", body("Done", "Success")},
          {"default", body("Not done; `code` says why", "Failure")}};
}

JsonObject operation(std::string_view summary, bool is_post, bool is_open) {
  JsonObject result{{"summary", summary}};
  if (!is_open) result["security"] = JsonArray{JsonObject{{"bearer", JsonArray()}}};
  result["responses"] = responses(is_post);
  return result;
}

JsonArray parameters(const Endpoint& endpoint, const std::vector<std::string>& names) {
  JsonArray list;
  for (const std::string& name : names) {
    list.push_back(JsonObject{
        {"name", name}, {"in", "path"}, {"required", true}, {"schema", {{"type", "string"}}}});
  }
  if (endpoint.method != "GET") return list;
  const JsonObject shape = describe(endpoint.input);
  for (const Field& field : endpoint.input.fields) {
    list.push_back(JsonObject{{"name", field.name},
                              {"in", "query"},
                              {"required", !field.is_optional},
                              {"schema", shape.at("properties").at(field.name)}});
  }
  return list;
}

JsonObject components() {
  JsonArray codes;
  for (const auto& fact : chat::error_facts()) codes.push_back(Json(fact.code));
  return {{"securitySchemes",
           {{"bearer", {{"type", "http"}, {"scheme", "bearer"}, {"bearerFormat", "JWT"}}}}},
          {"schemas",
           {{"Success",
             {{"type", "object"},
              {"properties",
               {{"status", {{"const", 0}}},
                {"data", JsonObject()},
                {"message", {{"const", "success"}}}}},
              {"required", JsonArray{"status", "message"}}}},
            {"Failure",
             {{"type", "object"},
              {"properties",
               {{"status", {{"type", "integer"}}},
                {"timestamp", {{"type", "string"}, {"format", "date-time"}}},
                {"path", {{"type", "string"}}},
                {"message", {{"type", JsonArray{"string", "array"}}}},
                {"code", {{"type", "string"}, {"examples", codes}}}}},
              {"required", JsonArray{"status", "timestamp", "path", "message", "code"}}}}}}};
}

}  // namespace

Json openapi(const std::vector<Endpoint>& endpoints, const std::vector<UploadEndpoint>& uploads) {
  JsonObject paths;
  const auto add = [&paths](const std::string& path, std::string_view method, JsonObject what) {
    if (!paths.contains(path)) paths[path] = JsonObject();
    paths[path].as_object()[method == "GET" ? "get" : "post"] = std::move(what);
  };
  for (const Endpoint& endpoint : endpoints) {
    const bool is_post = endpoint.method == "POST";
    std::vector<std::string> names;
    const std::string path = template_of(endpoint.path, names);
    JsonObject what = operation(endpoint.summary, is_post, endpoint.access == Access::open);
    if (JsonArray list = parameters(endpoint, names); !list.empty()) {
      what["parameters"] = std::move(list);
    }
    if (is_post) {
      what["requestBody"] = {
          {"content", {{"application/json", {{"schema", describe(endpoint.input)}}}}}};
    }
    add(path, endpoint.method, std::move(what));
  }
  for (const UploadEndpoint& upload : uploads) {
    JsonObject properties{{"file", {{"type", "string"}, {"format", "binary"}}}};
    if (upload.wants_group) properties["groupId"] = {{"type", "integer"}};
    JsonObject what = operation(upload.summary, true, false);
    what["requestBody"] = {
        {"content",
         {{"multipart/form-data",
           {{"schema", {{"type", "object"}, {"properties", std::move(properties)}}}}}}}};
    add(std::string(upload.path), "POST", std::move(what));
  }
  return JsonObject{{"openapi", "3.1.0"},
                    {"info", {{"title", "Coterie"}, {"version", COTERIE_VERSION}}},
                    {"paths", std::move(paths)},
                    {"components", components()}};
}

}  // namespace coterie::api
