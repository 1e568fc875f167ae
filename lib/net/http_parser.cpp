// SPDX-License-Identifier: MIT
#include "net/http_parser.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>

namespace coterie::net {

namespace http = boost::beast::http;
namespace asio = boost::asio;
using boost::beast::error_code;

class HttpParser::Parser final : public http::basic_parser<true> {
 public:
  explicit Parser(const HttpLimits& limits)
      : head_bytes_max(limits.head_bytes_max), fields_max_(limits.fields_max) {
    header_limit(static_cast<std::uint32_t>(limits.head_bytes_max));
    body_limit(boost::none);  // Routes decide, piece by piece.
  }

  const std::size_t head_bytes_max;
  std::size_t head_bytes = 0;  // Used up so far.
  Request request;
  int version = 11;  // 10 or 11
  const std::function<void(std::string_view)>* on_body = nullptr;

 private:
  using View = boost::beast::string_view;
  static std::string_view view(View text) { return {text.data(), text.size()}; }

  void on_request_impl(http::verb, View method, View target, int http_version,
                       error_code&) override {
    version = http_version;
    request.method = method;
    request.target = target;
  }
  void on_field_impl(http::field, View name, View value, error_code& ec) override {
    if (request.fields.size() == fields_max_) {
      ec = http::error::header_limit;
      return;
    }
    request.fields.add(std::string(name), std::string(value));
  }
  void give(View piece) const {
    if (on_body && *on_body) (*on_body)(view(piece));
  }
  std::size_t on_body_impl(View piece, error_code&) override {
    give(piece);
    return piece.size();
  }
  std::size_t on_chunk_body_impl(std::uint64_t, View piece, error_code&) override {
    give(piece);
    return piece.size();
  }
  void on_chunk_header_impl(std::uint64_t, View, error_code&) override {}
  void on_response_impl(int, View, int, error_code&) override {}
  void on_header_impl(error_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
  void on_finish_impl(error_code&) override {}

  const std::size_t fields_max_;
};

namespace {

// What Beast accepts and we do not (RFC 9112): shapes by which a proxy and we could disagree about
// where a request ends or whom it is for.
std::optional<HttpParser::Failure> objection(const Request& request, int version) {
  std::size_t lengths = 0;
  std::size_t hosts = 0;
  for (const auto& field : request.fields) {
    const http::field name = http::string_to_field({field.name.data(), field.name.size()});
    if (name == http::field::host) ++hosts;
    if (name == http::field::content_length) {
      ++lengths;
      if (field.value.find(',') != std::string::npos) ++lengths;
    }
    if (name == http::field::transfer_encoding &&
        !boost::beast::iequals({field.value.data(), field.value.size()}, "chunked")) {
      return HttpParser::Failure{501, "Transfer-Encoding other than chunked"};
    }
  }
  if (lengths > 1) return HttpParser::Failure{400, "More than one Content-Length"};
  if (hosts > 1) return HttpParser::Failure{400, "More than one Host"};
  if (hosts == 0 && version == 11) return HttpParser::Failure{400, "Host is missing"};
  if (request.target.empty() || request.target.front() != '/') {
    return HttpParser::Failure{400, "The target must begin with a slash"};
  }
  return std::nullopt;
}

HttpParser::Failure failure_of(const error_code& ec) {
  if (ec == http::error::header_limit) return {431, "Request Header Fields Too Large"};
  if (ec == http::error::bad_content_length || ec == http::error::multiple_content_length) {
    return {400, "Bad Content-Length"};
  }
  if (ec == http::error::bad_transfer_encoding) return {400, "Bad Transfer-Encoding"};
  return {400, "Malformed HTTP request"};
}

}  // namespace

HttpParser::HttpParser(const HttpLimits& limits) : parser_(std::make_unique<Parser>(limits)) {}
HttpParser::~HttpParser() = default;

HttpParser::Progress HttpParser::feed_head(std::string_view bytes) {
  error_code ec;
  const std::size_t used = parser_->put(asio::buffer(bytes.data(), bytes.size()), ec);
  // Beast bounds each call, we bound their sum.
  parser_->head_bytes += used;
  if (!ec && parser_->head_bytes > parser_->head_bytes_max) ec = http::error::header_limit;
  if (ec == http::error::need_more) {
    if (parser_->head_bytes + bytes.size() - used <= parser_->head_bytes_max) return used;
    ec = http::error::header_limit;
  }
  if (ec) return failure_of(ec);
  if (parser_->is_header_done()) {
    if (const auto failure = objection(parser_->request, parser_->version)) return *failure;
    parser_->eager(true);
  }
  return used;
}

HttpParser::Progress HttpParser::feed_body(std::string_view bytes,
                                           const std::function<void(std::string_view)>& on_body) {
  if (parser_->is_done()) return std::size_t{0};
  // No chunked body ends in fewer bytes, and Beast asserts so.
  if (parser_->chunked() && bytes.size() < 5) return std::size_t{0};
  parser_->on_body = &on_body;
  error_code ec;
  const std::size_t used = parser_->put(asio::buffer(bytes.data(), bytes.size()), ec);
  parser_->on_body = nullptr;
  // The head of a chunk or the fields behind the last: kept until they are whole, so bounded.
  if (used == 0 && bytes.size() > parser_->head_bytes_max) ec = http::error::header_limit;
  if (ec && ec != http::error::need_more) return failure_of(ec);
  return used;
}

bool HttpParser::has_head() const {
  return parser_->is_header_done();
}
bool HttpParser::is_done() const {
  return parser_->is_done();
}
Request HttpParser::take_request() {
  return std::move(parser_->request);
}
bool HttpParser::keep_alive() const {
  return parser_->keep_alive();
}

bool HttpParser::has_body() const {
  return !parser_->is_done();
}

std::optional<std::uint64_t> HttpParser::content_length() const {
  const auto length = parser_->content_length();
  return length ? std::optional(*length) : std::nullopt;
}

}  // namespace coterie::net
