// The other end of a TlsStream, in memory, and certificates made when a test needs them.
// SPDX-License-Identifier: MIT
#pragma once

#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "net/tls.hpp"

namespace coterie::test {

template <auto free>
struct Free {
  void operator()(auto* object) const { free(object); }
};
using PrivateKey = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;

inline PrivateKey elliptic_key() {
  return PrivateKey(EVP_EC_gen("P-256"));
}
inline PrivateKey rsa_key() {
  return PrivateKey(EVP_RSA_gen(2048));
}

// PEM files in a folder of their own, which goes with this object.
class CertificateFiles {
 public:
  CertificateFiles() {
    std::string name = (std::filesystem::temp_directory_path() / "coterie-tls-XXXXXX").string();
    EXPECT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  ~CertificateFiles() { std::filesystem::remove_all(folder_); }
  CertificateFiles(const CertificateFiles&) = delete;
  CertificateFiles& operator=(const CertificateFiles&) = delete;

  std::string path(std::string_view name) const { return (folder_ / name).string(); }

  std::string write(std::string_view name, std::string_view text) const {
    std::ofstream(path(name)) << text;
    return path(name);
  }

  std::string write_key(std::string_view name, const PrivateKey& key,
                        const std::string& password = "") const {
    const File file(std::fopen(path(name).c_str(), "w"));
    const auto* cipher = password.empty() ? nullptr : EVP_aes_256_cbc();
    EXPECT_EQ(
        PEM_write_PrivateKey(file.get(), key.get(), cipher, nullptr, 0, nullptr,
                             const_cast<char*>(password.empty() ? nullptr : password.c_str())),
        1);
    return path(name);
  }

  // Signed with its own key. `mode` "a" writes it behind what the file holds: a chain.
  std::string write_certificate(std::string_view name, const PrivateKey& key,
                                const std::string& subject, const char* mode = "w") const {
    const std::unique_ptr<X509, Free<X509_free>> certificate(X509_new());
    X509_set_version(certificate.get(), X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -3600);
    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
    X509_NAME* names = X509_get_subject_name(certificate.get());
    X509_NAME_add_entry_by_txt(names, "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>(subject.c_str()), -1, -1, 0);
    X509_set_issuer_name(certificate.get(), names);
    X509_set_pubkey(certificate.get(), key.get());
    EXPECT_GT(X509_sign(certificate.get(), key.get(), EVP_sha256()), 0);
    const File file(std::fopen(path(name).c_str(), mode));
    EXPECT_EQ(PEM_write_X509(file.get(), certificate.get()), 1);
    return path(name);
  }

  // "certificate.pem" and "key.pem" that belong together.
  net::TlsFiles write_pair(const std::string& subject,
                           const PrivateKey& key = elliptic_key()) const {
    return {write_certificate("certificate.pem", key, subject), write_key("key.pem", key)};
  }

 private:
  using File = std::unique_ptr<std::FILE, Free<std::fclose>>;
  std::filesystem::path folder_;
};

// OpenSSL's own client. take() gives it ciphertext, said() what it has to say.
class TlsClient {
 public:
  struct Options {
    int version = 0;                         // 0: any.
    std::string protocols = {};              // As ALPN writes them.
    SSL_SESSION* session = nullptr;          // To be resumed.
    const char* ciphers = "ALL@SECLEVEL=0";  // The old versions need the old hashes.
  };

  explicit TlsClient(const Options& options) : context_(SSL_CTX_new(TLS_client_method())) {
    SSL_CTX_set_min_proto_version(context_.get(), options.version);
    SSL_CTX_set_max_proto_version(context_.get(), options.version);
    EXPECT_EQ(SSL_CTX_set_cipher_list(context_.get(), options.ciphers), 1);
    ssl_.reset(SSL_new(context_.get()));
    if (options.session) SSL_set_session(ssl_.get(), options.session);
    if (!options.protocols.empty()) {
      SSL_set_alpn_protos(ssl_.get(),
                          reinterpret_cast<const unsigned char*>(options.protocols.data()),
                          static_cast<unsigned>(options.protocols.size()));
    }
    in_ = BIO_new(BIO_s_mem());
    out_ = BIO_new(BIO_s_mem());
    BIO_set_mem_eof_return(in_, -1);
    SSL_set_bio(ssl_.get(), in_, out_);
    SSL_set_connect_state(ssl_.get());
    read();
  }
  TlsClient() : TlsClient(Options()) {}

  void take(std::string_view ciphertext) {
    if (ciphertext.empty()) return;
    BIO_write(in_, ciphertext.data(), static_cast<int>(ciphertext.size()));
    read();
  }
  std::string said() {
    std::string bytes(BIO_ctrl_pending(out_), '\0');
    if (!bytes.empty()) BIO_read(out_, bytes.data(), static_cast<int>(bytes.size()));
    return bytes;
  }
  void write(std::string_view plaintext) {
    std::size_t count = 0;
    EXPECT_EQ(SSL_write_ex(ssl_.get(), plaintext.data(), plaintext.size(), &count), 1);
    EXPECT_EQ(count, plaintext.size());
  }
  void end() { SSL_shutdown(ssl_.get()); }

  bool is_ready() const { return SSL_is_init_finished(ssl_.get()); }
  const std::string& heard() const { return heard_; }
  bool has_ended() const { return has_ended_; }
  const std::string& failure() const { return failure_; }  // OpenSSL's words; empty: none.
  SSL* ssl() const { return ssl_.get(); }

  std::string subject() const {
    const std::unique_ptr<X509, Free<X509_free>> peer(SSL_get1_peer_certificate(ssl_.get()));
    char name[64] = "";
    if (peer) {
      X509_NAME_get_text_by_NID(X509_get_subject_name(peer.get()), NID_commonName, name,
                                sizeof name);
    }
    return name;
  }
  std::string protocol() const {
    const unsigned char* name = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(ssl_.get(), &name, &size);
    return std::string(reinterpret_cast<const char*>(name), size);
  }

 private:
  void read() {
    std::vector<char> room(64 * 1024);
    for (;;) {
      ERR_clear_error();
      std::size_t count = 0;
      const int result = SSL_read_ex(ssl_.get(), room.data(), room.size(), &count);
      heard_.append(room.data(), count);
      if (result == 1) continue;
      const int problem = SSL_get_error(ssl_.get(), result);
      if (problem == SSL_ERROR_ZERO_RETURN) has_ended_ = true;
      if (problem == SSL_ERROR_SSL && failure_.empty()) {
        failure_ = ERR_reason_error_string(ERR_peek_error());
      }
      ERR_clear_error();
      return;
    }
  }

  std::unique_ptr<SSL_CTX, Free<SSL_CTX_free>> context_;
  std::unique_ptr<SSL, Free<SSL_free>> ssl_;
  BIO* in_;
  BIO* out_;
  std::string heard_;
  std::string failure_;
  bool has_ended_ = false;
};

}  // namespace coterie::test
