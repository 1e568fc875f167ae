// TLS on real shards: where connections live, when they hear an end, which certificate they get.
// SPDX-License-Identifier: MIT
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <set>
#include <string>

#include "net/connection.hpp"
#include "net/http_connection.hpp"
#include "net/shards.hpp"
#include "support/tls_client.hpp"

namespace coterie::net {
namespace {

using test::CertificateFiles;
using test::TlsClient;

// A client that blocks, on a socket of its own.
class Client {
 public:
  explicit Client(unsigned short port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    until([this] { return tls.is_ready(); });
  }
  ~Client() { ::close(fd_); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  void send() {
    const std::string bytes = tls.said();
    EXPECT_EQ(::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(bytes.size()));
  }
  // Sends and receives until `condition` holds; false: the server has closed the connection.
  template <class Condition>
  bool until(Condition condition) {
    std::array<char, 16 * 1024> room;
    for (send(); !condition(); send()) {
      const ssize_t count = ::recv(fd_, room.data(), room.size(), 0);
      if (count <= 0) return false;
      tls.take({room.data(), static_cast<std::size_t>(count)});
    }
    send();
    return true;
  }
  // The body of the answer to a request for `path`.
  std::string get(const std::string& path) {
    const std::size_t before = tls.heard().size();
    tls.write("GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n");
    std::string body;
    until([&] {
      const std::string answer = tls.heard().substr(before);
      const std::size_t end = answer.find("\r\n\r\n");
      if (end == std::string::npos || !answer.ends_with(".")) return false;
      body = answer.substr(end + 4);
      return true;
    });
    return body;
  }

  TlsClient tls;

 private:
  const int fd_;
};

// Takes a byte at a time and pauses after each; answers with all of them at the end.
class Nibbler final : public Connection::Protocol {
 public:
  explicit Nibbler(Connection& connection) : connection_(connection) {}

  std::size_t on_bytes(std::span<char> bytes) override {
    eaten_.push_back(bytes.front());
    connection_.pause_reading();
    connection_.shard().post([this] { connection_.resume_reading(); });
    return 1;
  }
  void on_end() override {
    connection_.send(SharedBytes(eaten_));
    connection_.close_when_sent();
  }
  void on_closed(CloseReason) override {}

 private:
  Connection& connection_;
  std::string eaten_;
};

class TlsShards : public testing::Test {
 protected:
  TlsShards() {
    Route here;
    here.method = "GET";
    here.pattern = "/here";
    here.handler = [](const Request& request, Reply reply) {
      const std::string secure = request.is_secure ? "secure " : "plain ";
      reply(text_response(200, secure + std::to_string(Shard::here()->index()) + "."));
    };
    Route home = here;
    home.pattern = "/home";
    home.home = [](const Request&) { return 1; };
    Route nibble;
    nibble.pattern = "/nibble";
    nibble.handler = here.handler;
    nibble.upgrade = [](HttpUpgrade upgrade) {
      upgrade.accept({}, std::make_unique<Nibbler>(*upgrade.connection()));
    };
    router.add({here, home, nibble});
  }
  ~TlsShards() override { shards.stop(); }

  void serve() {
    const auto bound = shards.listen("127.0.0.1:0", std::move(router), files.write_pair("first"));
    ASSERT_TRUE(bound) << bound.error().detail;
    port = *bound;
    shards.start();
  }
  const CertificateFiles files;
  Router router;
  Shards shards{{.count = 3}};
  unsigned short port = 0;
};

TEST_F(TlsShards, share_new_connections_and_tell_requests_that_they_are_secure) {
  serve();
  std::set<std::string> seen;
  for (int i = 0; i < 3; ++i) seen.insert(Client(port).get("/here"));
  EXPECT_EQ(seen, (std::set<std::string>{"secure 0.", "secure 1.", "secure 2."}));
}

TEST_F(TlsShards, move_connections_with_their_keys) {
  serve();
  for (int i = 0; i < 6; ++i) {
    Client client(port);
    if (i >= 3) client.get("/here");
    EXPECT_EQ(client.get("/home"), "secure 1.");
    EXPECT_EQ(client.get("/here"), "secure 1.");
  }
}

TEST_F(TlsShards, hear_the_end_when_the_last_byte_is_used) {
  serve();
  Client client(port);
  client.tls.write(
      "GET /nibble HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: nibbles\r\n\r\n"
      "byte by byte");
  client.tls.end();
  EXPECT_TRUE(client.until([&] { return client.tls.has_ended(); }));
  EXPECT_TRUE(client.tls.heard().ends_with("\r\n\r\nbyte by byte")) << client.tls.heard();
}

TEST_F(TlsShards, hear_the_end_of_a_connection_that_moves_with_its_first_request) {
  serve();
  for (int i = 0; i < 6; ++i) {
    Client client(port);
    client.tls.write("GET /home HTTP/1.1\r\nHost: x\r\n\r\n");
    client.tls.end();
    EXPECT_TRUE(client.until([&] { return client.tls.has_ended(); }));
    EXPECT_NE(client.tls.heard().find("Connection: close\r\n"), std::string::npos);
    EXPECT_TRUE(client.tls.heard().ends_with("secure 1.")) << client.tls.heard();
  }
}

TEST_F(TlsShards, give_new_connections_the_certificate_that_was_read_anew) {
  serve();
  Client old(port);
  files.write_pair("second");
  EXPECT_EQ(Client(port).tls.subject(), "first");
  ASSERT_TRUE(shards.reload_tls());
  EXPECT_EQ(Client(port).tls.subject(), "second");
  files.write("key.pem", "no key");
  const auto reloaded = shards.reload_tls();
  ASSERT_FALSE(reloaded);
  EXPECT_EQ(reloaded.error().code, "bad_tls_files");
  EXPECT_EQ(Client(port).tls.subject(), "second");
  EXPECT_TRUE(old.get("/here").starts_with("secure "));
}

TEST_F(TlsShards, do_not_listen_without_their_certificate) {
  const auto bound = shards.listen("127.0.0.1:0", std::move(router),
                                   TlsFiles{files.path("missing.pem"), files.path("key.pem")});
  ASSERT_FALSE(bound);
  EXPECT_EQ(bound.error().code, "bad_tls_files");
}

}  // namespace
}  // namespace coterie::net
