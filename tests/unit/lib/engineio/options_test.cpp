// SPDX-License-Identifier: MIT
#include "engineio/options.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

#include "engineio/refusal.hpp"
#include "net/shards.hpp"
#include "socketio/server.hpp"

namespace coterie::engineio {
namespace {

TEST(Options, make_the_same_prefix_of_a_path_with_and_without_its_slash) {
  for (const char* path : {"/engine.io", "/engine.io/"}) {
    EXPECT_EQ(path_prefix({.path = path}), "/engine.io/");
    EXPECT_EQ(path_prefix({.path = path, .add_trailing_slash = false}), "/engine.io");
  }
  EXPECT_EQ(path_prefix({.path = "/"}), "/");
  EXPECT_EQ(path_prefix({.path = "/", .add_trailing_slash = false}), "/");
}

// The option that check() names; empty: it is content.
std::string objection(const Options& options) {
  try {
    check(options);
    return "";
  } catch (const std::invalid_argument& error) {
    const std::string text = error.what();
    return text.substr(0, text.find(' '));
  }
}

TEST(Options, that_make_no_sense_are_refused_by_name) {
  using std::chrono::milliseconds;
  EXPECT_EQ(objection({}), "");
  EXPECT_EQ(objection({.path = ""}), "path");
  EXPECT_EQ(objection({.path = "engine.io"}), "path");
  EXPECT_EQ(objection({.transports = {.polling = false, .websocket = false}}), "transports");
  EXPECT_EQ(objection({.ping_interval = milliseconds(0)}), "ping_interval");
  EXPECT_EQ(objection({.ping_timeout = milliseconds(-1)}), "ping_timeout");
  EXPECT_EQ(objection({.upgrade_timeout = milliseconds(0)}), "upgrade_timeout");
  EXPECT_EQ(objection({.close_timeout = milliseconds(0)}), "close_timeout");
  EXPECT_EQ(objection({.max_payload = 0}), "max_payload");
  EXPECT_EQ(objection({.cookie = Cookie{.name = "a b"}}), "cookie.name");
  EXPECT_EQ(objection({.cors = Cors{.methods = {"a b"}}}), "cors.methods");
}

TEST(Options, that_make_no_sense_stop_a_server_from_being_made) {
  net::Shards shards{{.count = 1}};
  EXPECT_THROW(socketio::Server(shards, {.path = "here"}), std::invalid_argument);
  EXPECT_THROW(socketio::Server(shards, {.cookie = socketio::Cookie{.domain = "a b"}}),
               std::invalid_argument);
}

TEST(Refusal, of_the_application_keeps_its_words) {
  const Refusal refusal = Refusal::forbidden("not \"you\"\n");
  EXPECT_EQ(refusal.of_request().status, 403);
  EXPECT_EQ(refusal.of_request().body, R"({"code":4,"message":"not \"you\"\n"})");
  EXPECT_EQ(refusal.of_upgrade().status, 400);
  EXPECT_EQ(refusal.of_upgrade().body, "not \"you\"\n");
}

// What has been decided: "accepted", or the words of a refusal.
struct Decided {
  Decision ask() {
    return Decision([this](std::optional<std::string> refusal) {
      heard.push_back(refusal ? *refusal : "accepted");
    });
  }
  std::vector<std::string> heard;
};

TEST(Decision, counts_once) {
  Decided decided;
  const Decision decision = decided.ask();
  decision.accept();
  decision.refuse();
  decision.accept();
  EXPECT_EQ(decided.heard, std::vector<std::string>{"accepted"});
}

TEST(Decision, refuses_with_words_or_the_usual_ones) {
  Decided decided;
  decided.ask().refuse();
  decided.ask().refuse("not you");
  EXPECT_EQ(decided.heard, (std::vector<std::string>{"Forbidden", "not you"}));
}

TEST(Decision, that_is_lost_refuses) {
  Decided decided;
  {
    const Decision decision = decided.ask();
    const Decision copy = decision;  // NOLINT: the last copy counts
    EXPECT_TRUE(decided.heard.empty());
  }
  EXPECT_EQ(decided.heard, std::vector<std::string>{"Forbidden"});
}

}  // namespace
}  // namespace coterie::engineio
