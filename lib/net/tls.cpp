// SPDX-License-Identifier: MIT
#include "net/tls.hpp"

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/check.hpp"

namespace coterie::net {

namespace {

// TLS 1.2 with forward secrecy and authenticated encryption only; 1.3 has nothing else.
constexpr const char* ciphers = "ECDHE+AESGCM:ECDHE+CHACHA20";
// As ALPN writes it (RFC 7301 3.1): each name behind its length.
constexpr std::string_view protocol = "\x08http/1.1";

using Key = std::unique_ptr<EVP_PKEY, decltype([](EVP_PKEY* key) { EVP_PKEY_free(key); })>;
using Bio = std::unique_ptr<BIO, decltype([](BIO* bio) { BIO_free(bio); })>;

// The first thing that OpenSSL complained about: what follows are its callers, who know less.
std::string complaint() {
  const unsigned long code = ERR_peek_error();
  const char* reason =
      ERR_SYSTEM_ERROR(code) ? std::strerror(ERR_GET_REASON(code)) : ERR_reason_error_string(code);
  std::string text = reason ? reason : "unknown reason";
  ERR_clear_error();
  return text;
}

Error bad_file(std::string_view what, const std::string& path, std::string_view why) {
  return Error("bad_tls_files", fmt::format("{} {}: {}", what, path, why));
}

// Instead of asking at the terminal.
int no_password(char*, int, int, void* was_asked) {
  *static_cast<bool*>(was_asked) = true;
  return -1;
}

Result<Key> read_key(const std::string& path) {
  const Bio file(BIO_new_file(path.c_str(), "r"));
  if (!file) return bad_file("key", path, complaint());
  bool was_asked = false;
  Key key(PEM_read_bio_PrivateKey(file.get(), nullptr, no_password, &was_asked));
  if (key) return key;
  const std::string why = complaint();
  return bad_file("key", path, was_asked ? "it is encrypted with a password" : why);
}

// A client that speaks other protocols only is told so; one that does not say speaks HTTP/1.1.
int choose_protocol(SSL*, const unsigned char** chosen, unsigned char* size,
                    const unsigned char* offered, unsigned offered_size, void*) {
  auto* ours = reinterpret_cast<const unsigned char*>(protocol.data());
  const int found = SSL_select_next_proto(const_cast<unsigned char**>(chosen), size, ours,
                                          protocol.size(), offered, offered_size);
  return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

std::shared_ptr<SSL_CTX> make_context() {
  std::shared_ptr<SSL_CTX> context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
  COTERIE_CHECK(context);
  SSL_CTX* raw = context.get();
  COTERIE_CHECK(SSL_CTX_set_min_proto_version(raw, TLS1_2_VERSION) == 1);
  COTERIE_CHECK(SSL_CTX_set_cipher_list(raw, ciphers) == 1);
  SSL_CTX_set_options(raw, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                               SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
  SSL_CTX_set_mode(raw, SSL_MODE_RELEASE_BUFFERS);  // An idle stream keeps none of its 33 KiB.
  // Clients resume with tickets, which cost us no memory.
  SSL_CTX_set_session_cache_mode(raw, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_alpn_select_cb(raw, choose_protocol, nullptr);
  return context;
}

}  // namespace

Result<TlsContext> TlsContext::load(const TlsFiles& files) {
  ERR_clear_error();
  auto context = make_context();
  if (SSL_CTX_use_certificate_chain_file(context.get(), files.certificate.c_str()) != 1) {
    return bad_file("certificate", files.certificate, complaint());
  }
  const auto key = read_key(files.key);
  if (!key) return key.error();
  if (SSL_CTX_use_PrivateKey(context.get(), key->get()) != 1 ||
      SSL_CTX_check_private_key(context.get()) != 1) {
    return bad_file("key", files.key,
                    fmt::format("does not belong to {} ({})", files.certificate, complaint()));
  }
  return TlsContext(std::move(context));
}

Result<std::shared_ptr<TlsSource>> TlsSource::open(TlsFiles files) {
  auto context = TlsContext::load(files);
  if (!context) return context.error();
  return std::make_shared<TlsSource>(std::move(files), std::move(*context));
}

Result<void> TlsSource::reload() {
  auto fresh = TlsContext::load(files_);
  if (!fresh) return fresh.error();
  current_.with([&](TlsContext& context) { context = std::move(*fresh); });
  return {};
}

TlsStream::TlsStream(const TlsContext& context) : ssl_(SSL_new(context.context_.get())) {
  COTERIE_CHECK(ssl_);
  BIO* bio = BIO_new(wire());
  COTERIE_CHECK(bio);
  BIO_set_data(bio, this);
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl_.get(), bio, bio);  // Which owns it from here on.
  SSL_set_accept_state(ssl_.get());
}

TlsStream::~TlsStream() = default;

void TlsStream::Free::operator()(ssl_st* ssl) const {
  SSL_free(ssl);
}

std::size_t TlsStream::decrypt(std::span<const char> ciphertext, std::span<char> plaintext) {
  COTERIE_CHECK(plaintext.size() >= ciphertext.size() + record_bytes_max);
  input_ = ciphertext;
  ERR_clear_error();
  std::size_t made = 0;
  while (!has_ended_ && !has_failed_) {
    std::size_t count = 0;
    const std::span<char> room = plaintext.subspan(made);
    const int result = SSL_read_ex(ssl_.get(), room.data(), room.size(), &count);
    made += count;
    if (result == 1) continue;
    const int problem = SSL_get_error(ssl_.get(), result);
    if (problem == SSL_ERROR_WANT_READ) break;
    has_ended_ = problem == SSL_ERROR_ZERO_RETURN;
    has_failed_ = !has_ended_;
  }
  ERR_clear_error();
  input_ = {};
  return made;
}

bool TlsStream::can_encrypt() const {
  return !has_failed_ && SSL_is_init_finished(ssl_.get());
}

void TlsStream::encrypt(std::string_view plaintext) {
  COTERIE_CHECK(can_encrypt() && !plaintext.empty());
  ERR_clear_error();
  std::size_t count = 0;
  // Nothing can be in the way of a write to memory: either all of it is done, or it never will be.
  has_failed_ = SSL_write_ex(ssl_.get(), plaintext.data(), plaintext.size(), &count) != 1;
  ERR_clear_error();
}

void TlsStream::end() {
  if (!can_encrypt() || (SSL_get_shutdown(ssl_.get()) & SSL_SENT_SHUTDOWN)) return;
  SSL_shutdown(ssl_.get());
  ERR_clear_error();
}

void TlsStream::drop_output(std::size_t bytes) {
  output_.erase(0, bytes);
  if (output_.empty()) std::string().swap(output_);  // An idle stream keeps no memory for it.
}

// -- the BIO ------------------------------------------------------------------------------------

const bio_method_st* TlsStream::wire() {
  static const auto method = [] {
    std::unique_ptr<BIO_METHOD, decltype([](BIO_METHOD* each) { BIO_meth_free(each); })> made(
        BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "coterie wire"));
    COTERIE_CHECK(made);
    BIO_meth_set_read_ex(made.get(), read);
    BIO_meth_set_write_ex(made.get(), write);
    BIO_meth_set_ctrl(made.get(), [](BIO*, int command, long, void*) -> long {
      return command == BIO_CTRL_FLUSH;  // All is written at once; nothing else can be done.
    });
    return made;
  }();
  return method.get();
}

int TlsStream::read(bio_st* bio, char* to, std::size_t room, std::size_t* count) {
  auto& input = static_cast<TlsStream*>(BIO_get_data(bio))->input_;
  BIO_clear_retry_flags(bio);
  *count = std::min(room, input.size());
  if (*count == 0) {
    BIO_set_retry_read(bio);
    return 0;
  }
  std::copy_n(input.begin(), *count, to);
  input = input.subspan(*count);
  return 1;
}

int TlsStream::write(bio_st* bio, const char* from, std::size_t size, std::size_t* count) {
  BIO_clear_retry_flags(bio);
  static_cast<TlsStream*>(BIO_get_data(bio))->output_.append(from, size);
  *count = size;
  return 1;
}

}  // namespace coterie::net
