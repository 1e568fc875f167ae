// SPDX-License-Identifier: MIT
#include "api/site.hpp"

#include <fmt/format.h>

#include "api/input.hpp"
#include "api/rest.hpp"
#include "net/content_coding.hpp"

namespace coterie::api {

namespace {

// Scripts only from here, nothing inline; pictures also from wherever files are served.
constexpr std::string_view page_policy =
    "default-src 'self'; img-src 'self' data: blob: http: https:; media-src 'self' blob: http: "
    "https:; connect-src 'self' ws: wss:; object-src 'none'; base-uri 'none'; "
    "frame-ancestors 'none'; form-action 'self'";

// Other bytes, another tag (RFC 9110 8.8.3.3): `"…"` becomes `"…-gzip"`.
std::string etag_of(const Asset& asset, bool is_coded) {
  std::string etag(asset.etag);
  if (is_coded) etag.insert(etag.size() - 1, "-gzip");
  return etag;
}

net::Response asset_response(const net::Request& request, const Asset& asset) {
  const bool is_coded =
      !asset.gzip.empty() && net::preferred_coding(request.fields) == net::ContentCoding::gzip;
  net::Response response;
  response.fields.add("ETag", etag_of(asset, is_coded));
  if (!asset.gzip.empty()) response.fields.add("Vary", "Accept-Encoding");
  response.fields.add("Cache-Control",
                      asset.immutable ? "public, max-age=31536000, immutable" : "no-cache");
  if (request.fields.get("If-None-Match") == etag_of(asset, is_coded)) {
    response.status = 304;
    return response;
  }
  response.fields.add("Content-Type", std::string(asset.type));
  response.fields.add("X-Content-Type-Options", "nosniff");
  response.fields.add("Referrer-Policy", "same-origin");
  if (asset.type.starts_with("text/html")) {
    response.fields.add("Content-Security-Policy", std::string(page_policy));
  }
  if (is_coded) response.fields.add("Content-Encoding", "gzip");
  response.body = is_coded ? asset.gzip : asset.bytes;
  return response;
}

bool has_extension(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return path.find('.', slash == std::string_view::npos ? 0 : slash) != std::string_view::npos;
}

std::string without_slash(std::string_view path) {
  if (path.ends_with('/')) path.remove_suffix(1);
  return std::string(path);
}

net::Response not_found(const net::Request& request) {
  return http_failure(request, 404, "not_found",
                      fmt::format("Cannot {} {}", request.method, request.target));
}

net::Response site_response(const net::Request& request, const FindAsset& find_asset) {
  if (request.target.starts_with("/api")) return not_found(request);
  if (request.method != "GET" && request.method != "HEAD") return not_found(request);
  const std::string_view path = request.path();
  if (const auto asset = find_asset(path)) return asset_response(request, *asset);
  // A folder with a page of its own, such as /doc.
  if (const auto index = find_asset(without_slash(path) + "/index.html")) {
    return asset_response(request, *index);
  }
  // The page finds its way by its own paths; a missing file is a missing file.
  if (has_extension(path)) return not_found(request);
  const auto page = find_asset("/");
  return page ? asset_response(request, *page) : not_found(request);
}

std::string_view code_of(int status) {
  switch (status) {
    case 408:
      return "too_slow";
    case 413:
      return "body_too_large";
    case 417:
      return "expectation_failed";
    case 431:
      return "head_too_large";
    case 501:
      return "not_supported";
    case 503:
      return "busy";
    default:
      return "bad_request";
  }
}

}  // namespace

void add_site(net::Router& router, FindAsset find_asset) {
  router.set_fallback([find_asset](net::Request request, net::Reply reply) {
    // A body is looked at before the call is: what is malformed is 400 also where no call is.
    const auto body = parse_body(request);
    reply(body ? site_response(request, find_asset) : failure(request, body.error()));
  });
  router.set_refusal([](const net::Request& request, int status, std::string_view reason) {
    return http_failure(request, status, code_of(status), reason);
  });
}

}  // namespace coterie::api
