// SPDX-License-Identifier: MIT
#include "net/tls.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "support/pieces.hpp"
#include "support/tls_client.hpp"

namespace coterie::net {
namespace {

using test::CertificateFiles;
using test::elliptic_key;
using test::pieces;
using test::rsa_key;
using test::TlsClient;

bool says(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

std::string letters(std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>('a' + i * 7 % 26 + i % 3);
  return text;
}

const CertificateFiles& shared_files() {
  static const CertificateFiles files;
  return files;
}

const TlsContext& shared_context() {
  static const TlsContext context =
      TlsContext::load(shared_files().write_pair("coterie.test")).value();
  return context;
}

// A TlsStream and everything that it has made of what was put into it.
struct Server {
  explicit Server(const TlsContext& context) : stream(context) {}
  Server() : Server(shared_context()) {}

  void take(std::string_view ciphertext) {
    std::vector<char> room(ciphertext.size() + TlsStream::record_bytes_max);
    const std::size_t count = stream.decrypt(ciphertext, room);
    heard.append(room.data(), count);
  }
  std::string said() {
    std::string bytes(stream.output());
    stream.drop_output(bytes.size());
    return bytes;
  }

  TlsStream stream;
  std::string heard;
};

// Carries bytes to and fro, so many at a time, until neither has anything to say.
void talk(Server& server, TlsClient& client, std::size_t piece = 100'000) {
  for (;;) {
    const std::string to_server = client.said();
    const std::string to_client = server.said();
    if (to_server.empty() && to_client.empty()) return;
    for (const auto each : pieces(to_server, piece)) server.take(each);
    for (const auto each : pieces(to_client, piece)) client.take(each);
  }
}

class TlsVersions : public testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(TlsStream, TlsVersions, testing::Values(TLS1_2_VERSION, TLS1_3_VERSION));

TEST_P(TlsVersions, carry_bytes_both_ways) {
  Server server;
  TlsClient client({.version = GetParam()});
  EXPECT_FALSE(server.stream.can_encrypt());
  talk(server, client);
  ASSERT_TRUE(server.stream.can_encrypt());
  EXPECT_EQ(SSL_version(client.ssl()), GetParam());
  client.write("from the client");
  server.stream.encrypt("from the server");
  talk(server, client);
  EXPECT_EQ(server.heard, "from the client");
  EXPECT_EQ(client.heard(), "from the server");
  EXPECT_FALSE(server.stream.is_over());
}

TEST_P(TlsVersions, do_not_care_how_bytes_arrive) {
  Server server;
  TlsClient client({.version = GetParam()});
  talk(server, client, 1);
  ASSERT_TRUE(server.stream.can_encrypt());
  const std::string text = letters(3000);
  client.write(text);
  server.stream.encrypt(text);
  talk(server, client, 1);
  EXPECT_EQ(server.heard, text);
  EXPECT_EQ(client.heard(), text);
}

TEST_P(TlsVersions, carry_more_than_a_record_holds) {
  for (const std::size_t piece : {777U, 16'000U, 24'576U, 1'000'000U}) {
    Server server;
    TlsClient client({.version = GetParam()});
    talk(server, client, piece);
    const std::string text = letters(1'000'000);
    client.write(text);
    server.stream.encrypt(text);
    talk(server, client, piece);
    EXPECT_EQ(server.heard, text) << piece;
    EXPECT_EQ(client.heard(), text) << piece;
  }
}

TEST_P(TlsVersions, tell_the_peer_once_that_no_more_will_come) {
  Server server;
  TlsClient client({.version = GetParam()});
  talk(server, client);
  server.stream.encrypt("last words");
  server.stream.end();
  const std::size_t size = server.stream.output().size();
  server.stream.end();
  EXPECT_EQ(server.stream.output().size(), size);
  talk(server, client);
  EXPECT_EQ(client.heard(), "last words");
  EXPECT_TRUE(client.has_ended());
  EXPECT_EQ(client.failure(), "");
}

TEST_P(TlsVersions, hear_the_end_behind_the_last_words_and_may_still_answer) {
  Server server;
  TlsClient client({.version = GetParam()});
  talk(server, client);
  client.write("a question");
  client.end();
  server.take(client.said());
  EXPECT_EQ(server.heard, "a question");
  EXPECT_TRUE(server.stream.has_ended());
  EXPECT_FALSE(server.stream.has_failed());
  ASSERT_TRUE(server.stream.can_encrypt());
  server.stream.encrypt("an answer");
  server.stream.end();
  client.take(server.said());
  EXPECT_EQ(client.heard(), "an answer");
}

TEST_P(TlsVersions, fail_when_a_bit_was_changed_on_the_way) {
  Server server;
  TlsClient client({.version = GetParam()});
  talk(server, client);
  client.write("good");
  server.take(client.said());
  client.write("bad");
  std::string record = client.said();
  record.back() ^= 1;
  server.take(record);
  EXPECT_TRUE(server.stream.has_failed());
  EXPECT_FALSE(server.stream.can_encrypt());
  client.write("good again");
  server.take(client.said());
  EXPECT_EQ(server.heard, "good");
  client.take(server.said());
  EXPECT_TRUE(says(client.failure(), "bad record mac")) << client.failure();
}

TEST_P(TlsVersions, resume_by_ticket) {
  Server server;
  TlsClient client({.version = GetParam()});
  talk(server, client);
  const std::unique_ptr<SSL_SESSION, test::Free<SSL_SESSION_free>> session(
      SSL_get1_session(client.ssl()));
  client.end();
  talk(server, client);
  Server next;
  TlsClient again({.version = GetParam(), .session = session.get()});
  talk(next, again);
  EXPECT_TRUE(next.stream.can_encrypt());
  EXPECT_TRUE(SSL_session_reused(again.ssl()));
}

TEST(TlsStream, refuses_versions_before_1_2_and_says_so) {
  for (const int version : {TLS1_VERSION, TLS1_1_VERSION}) {
    Server server;
    TlsClient client({.version = version});
    talk(server, client);
    EXPECT_TRUE(server.stream.has_failed());
    EXPECT_TRUE(says(client.failure(), "alert protocol version")) << client.failure();
  }
}

TEST(TlsStream, refuses_ciphers_without_forward_secrecy) {
  Server server;
  TlsClient client({.version = TLS1_2_VERSION, .ciphers = "AES128-SHA:ECDHE-ECDSA-AES128-SHA"});
  talk(server, client);
  EXPECT_TRUE(server.stream.has_failed());
  EXPECT_TRUE(says(client.failure(), "handshake failure")) << client.failure();
}

TEST(TlsStream, agrees_on_http_and_refuses_clients_that_only_speak_something_else) {
  Server server;
  TlsClient both({.protocols = "\x02h2\x08http/1.1"});
  talk(server, both);
  EXPECT_EQ(both.protocol(), "http/1.1");
  Server other;
  TlsClient http2({.protocols = "\x02h2"});
  talk(other, http2);
  EXPECT_TRUE(other.stream.has_failed());
  EXPECT_TRUE(says(http2.failure(), "no application protocol")) << http2.failure();
}

TEST(TlsStream, fails_on_anything_else_and_stays_so) {
  for (const std::string& bytes :
       {std::string("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), std::string("\0\0\0\0\0\0\0\0", 8),
        std::string("\x16\x03\x01\xff\xff garbage"), letters(100'000)}) {
    Server whole;
    whole.take(bytes);
    EXPECT_TRUE(whole.stream.has_failed()) << bytes.substr(0, 10);
    EXPECT_EQ(whole.heard, "");
    whole.stream.end();
    whole.take(TlsClient().said());
    EXPECT_TRUE(whole.stream.has_failed());
    Server dripping;
    for (const auto each : pieces(std::string_view(bytes).substr(0, 100), 1)) dripping.take(each);
    EXPECT_TRUE(dripping.stream.has_failed()) << bytes.substr(0, 10);
  }
}

TEST(TlsStream, waits_for_the_rest_of_a_greeting) {
  Server server;
  const std::string greeting = TlsClient().said();
  server.take(std::string_view(greeting).substr(0, greeting.size() - 1));
  EXPECT_EQ(server.stream.output(), "");
  EXPECT_FALSE(server.stream.is_over());
  EXPECT_FALSE(server.stream.can_encrypt());
  server.stream.end();
  EXPECT_EQ(server.stream.output(), "");
  server.take(std::string_view(greeting).substr(greeting.size() - 1));
  EXPECT_NE(server.stream.output(), "");
}

TEST(TlsStream, changes_keys_when_the_peer_asks_for_it) {
  Server server;
  TlsClient client({.version = TLS1_3_VERSION});
  talk(server, client);
  for (int round = 0; round < 3; ++round) {
    EXPECT_EQ(SSL_key_update(client.ssl(), SSL_KEY_UPDATE_REQUESTED), 1);
    client.write("new keys");
    talk(server, client);
    ASSERT_TRUE(server.stream.can_encrypt());
    server.stream.encrypt("new keys");
    talk(server, client);
  }
  EXPECT_EQ(server.heard, "new keysnew keysnew keys");
  EXPECT_EQ(client.heard(), "new keysnew keysnew keys");
}

TEST(TlsStream, does_not_negotiate_again) {
  Server server;
  TlsClient client({.version = TLS1_2_VERSION});
  talk(server, client);
  SSL_renegotiate(client.ssl());
  SSL_do_handshake(client.ssl());
  talk(server, client);
  EXPECT_TRUE(says(client.failure(), "no renegotiation")) << client.failure();
}

TEST(TlsStream, gives_out_its_output_in_whatever_steps_it_can_be_sent) {
  Server server;
  TlsClient client;
  talk(server, client);
  const std::string text = letters(40'000);
  server.stream.encrypt(text);
  while (!server.stream.output().empty()) {
    const std::string step(server.stream.output().substr(0, 999));
    server.stream.drop_output(step.size());
    client.take(step);
    if (client.heard().size() == 16'384) server.stream.encrypt("more");
  }
  EXPECT_TRUE(client.heard().starts_with(text));
  EXPECT_TRUE(client.heard().ends_with("more"));
}

TEST(TlsContext, takes_keys_of_either_kind_and_sends_the_whole_chain) {
  const CertificateFiles files;
  for (const auto& key : {elliptic_key(), rsa_key()}) {
    const TlsFiles pair = files.write_pair("leaf", key);
    files.write_certificate("certificate.pem", elliptic_key(), "signer", "a");
    const auto context = TlsContext::load(pair);
    ASSERT_TRUE(context) << context.error().detail;
    Server server(*context);
    TlsClient client;
    talk(server, client);
    EXPECT_EQ(client.subject(), "leaf");
    EXPECT_EQ(sk_X509_num(SSL_get_peer_cert_chain(client.ssl())), 2);
  }
}

TEST(TlsContext, names_the_file_it_cannot_use_and_says_why) {
  const CertificateFiles files;
  const auto [certificate, key] = files.write_pair("coterie.test");
  const std::string missing = files.path("missing.pem");
  const std::string text = files.write("text.pem", "this is no PEM");
  const std::string empty = files.write("empty.pem", "");
  const std::string locked = files.write_key("locked.pem", elliptic_key(), "secret");
  const std::string other = files.write_key("other.pem", elliptic_key());
  const std::string rsa = files.write_key("rsa.pem", rsa_key());
  const std::string folder = files.path("");
  struct {
    TlsFiles files;
    std::string named;
    std::string reason;
  } cases[] = {
      {{missing, key}, "certificate " + missing, "No such file"},
      {{text, key}, "certificate " + text, "no start line"},
      {{empty, key}, "certificate " + empty, "no start line"},
      {{key, key}, "certificate " + key, "no start line"},
      {{folder, key}, "certificate " + folder, ""},
      {{certificate, missing}, "key " + missing, "No such file"},
      {{certificate, text}, "key " + text, ""},
      {{certificate, certificate}, "key " + certificate, ""},
      {{certificate, locked}, "key " + locked, "it is encrypted"},
      {{certificate, other}, "key " + other, "does not belong to " + certificate},
      {{certificate, rsa}, "key " + rsa, "does not belong to " + certificate},
  };
  for (const auto& each : cases) {
    const auto context = TlsContext::load(each.files);
    ASSERT_FALSE(context) << each.named;
    EXPECT_EQ(context.error().code, "bad_tls_files");
    EXPECT_TRUE(says(context.error().detail, each.named)) << context.error().detail;
    EXPECT_TRUE(says(context.error().detail, each.reason)) << context.error().detail;
    EXPECT_FALSE(says(context.error().detail, "unknown reason")) << context.error().detail;
  }
}

TEST(TlsSource, gives_new_streams_the_new_certificate_while_old_ones_go_on) {
  const CertificateFiles files;
  const auto source = TlsSource::open(files.write_pair("first"));
  ASSERT_TRUE(source);
  Server old((*source)->current());
  TlsClient before;
  talk(old, before);
  files.write_pair("second");
  ASSERT_TRUE((*source)->reload());
  Server fresh((*source)->current());
  TlsClient after;
  talk(fresh, after);
  EXPECT_EQ(before.subject(), "first");
  EXPECT_EQ(after.subject(), "second");
  before.write("still there");
  old.stream.encrypt("of course");
  talk(old, before);
  EXPECT_EQ(old.heard, "still there");
  EXPECT_EQ(before.heard(), "of course");
}

TEST(TlsSource, keeps_the_old_certificate_when_the_new_one_cannot_be_used) {
  const CertificateFiles files;
  const auto source = TlsSource::open(files.write_pair("first"));
  ASSERT_TRUE(source);
  files.write_key("key.pem", elliptic_key());
  const auto reloaded = (*source)->reload();
  ASSERT_FALSE(reloaded);
  EXPECT_TRUE(says(reloaded.error().detail, "does not belong to")) << reloaded.error().detail;
  Server server((*source)->current());
  TlsClient client;
  talk(server, client);
  EXPECT_EQ(client.subject(), "first");
}

}  // namespace
}  // namespace coterie::net
