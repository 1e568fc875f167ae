// SPDX-License-Identifier: MIT
#include "redis/tls.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <array>
#include <utility>

#include "base/check.hpp"

namespace coterie::redis {

namespace {

struct FreeContext {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};

bool is_address(const std::string& host) {
  const std::unique_ptr<ASN1_OCTET_STRING, decltype(&ASN1_OCTET_STRING_free)> bytes(
      a2i_IPADDRESS(host.c_str()), ASN1_OCTET_STRING_free);
  return bytes != nullptr;
}

std::string last_reason() {
  const unsigned long error = ERR_get_error();
  ERR_clear_error();
  const char* reason = ERR_reason_error_string(error);
  return reason ? reason : "TLS has failed";
}

}  // namespace

void TlsClient::Free::operator()(ssl_st* ssl) const {
  SSL_free(ssl);
}

Result<std::unique_ptr<TlsClient>> TlsClient::make(const Tls& tls, const std::string& host) {
  if (!tls.is_on) return std::unique_ptr<TlsClient>();
  const std::unique_ptr<SSL_CTX, FreeContext> context(SSL_CTX_new(TLS_client_method()));
  COTERIE_CHECK(context != nullptr);
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  const int is_known = tls.authority.empty() ? SSL_CTX_set_default_verify_paths(context.get())
                                             : SSL_CTX_load_verify_locations(
                                                   context.get(), tls.authority.c_str(), nullptr);
  if (is_known != 1) return Error("redis_failed", tls.authority + ": " + last_reason());

  std::unique_ptr<ssl_st, Free> ssl(SSL_new(context.get()));
  COTERIE_CHECK(ssl != nullptr);
  SSL_set_bio(ssl.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
  SSL_set_connect_state(ssl.get());
  X509_VERIFY_PARAM* wanted = SSL_get0_param(ssl.get());
  // Without a name any certificate would do.
  const bool is_named =
      !host.empty() &&
      (is_address(host) ? X509_VERIFY_PARAM_set1_ip_asc(wanted, host.c_str()) == 1
                        : X509_VERIFY_PARAM_set1_host(wanted, host.c_str(), host.size()) == 1 &&
                              SSL_set_tlsext_host_name(ssl.get(), host.c_str()) == 1);
  if (!is_named) return Error("redis_failed", "'" + host + "' is no name to verify");
  auto client = std::unique_ptr<TlsClient>(new TlsClient(std::move(ssl)));
  if (auto begun = client->shake_hands(); !begun) return begun.error();
  return client;
}

Result<void> TlsClient::receive(std::string_view ciphertext, std::string& plaintext) {
  BIO_write(SSL_get_rbio(ssl_.get()), ciphertext.data(), static_cast<int>(ciphertext.size()));
  if (auto shaken = shake_hands(); !shaken || !is_ready_) return shaken;
  std::array<char, 16 * 1024> piece;  // A record has no more.
  for (;;) {
    ERR_clear_error();
    const int got = SSL_read(ssl_.get(), piece.data(), static_cast<int>(piece.size()));
    if (got <= 0) return fail(got);
    plaintext.append(piece.data(), static_cast<std::size_t>(got));
  }
}

Result<void> TlsClient::send(std::string_view plaintext) {
  if (!is_ready_) {
    waiting_ += plaintext;
    return {};
  }
  if (plaintext.empty()) return {};
  ERR_clear_error();
  // Into memory: all of it, or it has failed.
  const int sent = SSL_write(ssl_.get(), plaintext.data(), static_cast<int>(plaintext.size()));
  return sent > 0 ? Result<void>() : fail(sent);
}

std::string TlsClient::take_ciphertext() {
  BIO* wire = SSL_get_wbio(ssl_.get());
  std::string bytes(BIO_ctrl_pending(wire), '\0');
  if (!bytes.empty()) BIO_read(wire, bytes.data(), static_cast<int>(bytes.size()));
  return bytes;
}

Result<void> TlsClient::shake_hands() {
  if (is_ready_) return {};
  ERR_clear_error();
  const int outcome = SSL_do_handshake(ssl_.get());
  if (outcome != 1) return fail(outcome);
  is_ready_ = true;
  return send(std::exchange(waiting_, {}));
}

// What the last call has failed with; that more has to come first is no failure.
Result<void> TlsClient::fail(int outcome) const {
  const int why = SSL_get_error(ssl_.get(), outcome);
  if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE) return {};
  if (why == SSL_ERROR_ZERO_RETURN) return Error("redis_cut", "it has closed the connection");
  const long verdict = SSL_get_verify_result(ssl_.get());
  if (verdict != X509_V_OK) {
    return Error("redis_failed",
                 std::string("its certificate: ") + X509_verify_cert_error_string(verdict));
  }
  return Error("redis_failed", last_reason());
}

}  // namespace coterie::redis
