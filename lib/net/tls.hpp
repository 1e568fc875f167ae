// TLS without I/O: ciphertext in, plaintext out, and the other way round; OpenSSL does the work.
//
//   from the peer -> decrypt() -> plaintext       plaintext -> encrypt() -> output() -> to the peer
//
// A TlsStream knows no descriptor and no loop, so it moves between shards with its connection. An
// OpenSSL BIO of our own reads what decrypt() was given where it lies and writes into output():
// there is no buffer that an idle stream would have to keep. Versions 1.2 and 1.3 (RFC 5246, RFC
// 8446); no renegotiation, no compression, no early data, which others could repeat.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/guarded.hpp"
#include "base/result.hpp"

struct bio_method_st;
struct bio_st;
struct ssl_ctx_st;
struct ssl_st;

namespace coterie::net {

// Where a listener's certificate lies: PEM files.
struct TlsFiles {
  std::string certificate;  // The server's own first, then those of who signed it.
  std::string key;          // Its private key, not encrypted.
};

// What all streams of one certificate share. A value: copies are the same context.
class TlsContext {
 public:
  // Error "bad_tls_files": its detail names the file and what is wrong with it. Blocks.
  static Result<TlsContext> load(const TlsFiles& files);

 private:
  friend class TlsStream;
  explicit TlsContext(std::shared_ptr<ssl_ctx_st> context) : context_(std::move(context)) {}

  std::shared_ptr<ssl_ctx_st> context_;
};

// The context for new streams; certificates do not last, so it can be read anew. Any thread.
class TlsSource {
 public:
  static Result<std::shared_ptr<TlsSource>> open(TlsFiles files);
  TlsSource(TlsFiles files, TlsContext context)
      : files_(std::move(files)), current_(std::move(context)) {}

  TlsContext current() const {
    return current_.with([](const TlsContext& context) { return context; });
  }
  // Streams that are open go on with what they have. When this fails, so do new ones. Blocks.
  Result<void> reload();

 private:
  const TlsFiles files_;  // Fixed after construction
  Guarded<TlsContext> current_;
};

// The server's end of one stream. One thread at a time.
class TlsStream {
 public:
  static constexpr std::size_t record_bytes_max = 16 * 1024;  // Of plaintext (RFC 8446 5.1).

  explicit TlsStream(const TlsContext& context);
  ~TlsStream();
  TlsStream(const TlsStream&) = delete;
  TlsStream& operator=(const TlsStream&) = delete;

  // Takes all of `ciphertext` and returns how many bytes of plaintext there are now. They need as
  // much room, and that of one record, of which all but the end may have come before. What TLS
  // itself has to say, such as its handshake, goes into output().
  std::size_t decrypt(std::span<const char> ciphertext, std::span<char> plaintext);
  bool has_ended() const { return has_ended_; }    // The peer has said that it will say no more.
  bool has_failed() const { return has_failed_; }  // Only output() is left to be sent.
  bool is_over() const { return has_ended_ || has_failed_; }

  // Between handshakes only: before and during one there are no keys.
  bool can_encrypt() const;
  void encrypt(std::string_view plaintext);
  void end();  // Tells the peer that no more will come, once.

  // What is to be sent to the peer.
  std::string_view output() const { return output_; }
  void drop_output(std::size_t bytes);  // The first `bytes` are sent.

 private:
  static const bio_method_st* wire();
  static int read(bio_st* bio, char* to, std::size_t room, std::size_t* count);
  static int write(bio_st* bio, const char* from, std::size_t size, std::size_t* count);

  struct Free {
    void operator()(ssl_st* ssl) const;
  };
  std::unique_ptr<ssl_st, Free> ssl_;
  std::span<const char> input_;  // Of decrypt(), what is yet to be read.
  std::string output_;
  bool has_ended_ = false;
  bool has_failed_ = false;
};

}  // namespace coterie::net
