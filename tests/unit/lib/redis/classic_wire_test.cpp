// The bytes here were captured from @socket.io/redis-adapter 8.3 and @socket.io/redis-emitter 5.1.
// SPDX-License-Identifier: MIT
#include "redis/classic_wire.hpp"

#include <gtest/gtest.h>

#include <string>

#include "redis/socket_json.hpp"
#include "support/hex.hpp"

namespace coterie::redis {
namespace {

using socketio::Arguments;
using socketio::Audience;
using test::from_hex;
using test::to_hex;

Saying saying(std::string event, const Arguments& arguments, Audience audience = {},
              socketio::EmitFlags flags = {}) {
  return {std::move(event), to_args(arguments).value(), std::move(audience), flags};
}

struct Captured {
  const char* channel;
  const char* hex;
  Saying saying;
};

std::vector<Captured> captured_broadcasts() {
  socketio::EmitFlags light;
  light.is_volatile = true;
  light.compress = false;
  const SharedBytes bytes(std::string_view("\1\2\3\4", 4));
  return {
      {"socket.io#/#",
       "93a661474b59324883a47479706502a46461746194a568656c6c6f01a374776f81a5746872656592c3c0a36e737"
       "0a1"
       "2f83a5726f6f6d7390a665786365707490a5666c61677380",
       saying("hello",
              socketio::arguments(1, "two", socketio::RawJson{R"({"three":[true,null]})"}))},
      {"socket.io#/#room1#",
       "93a661474b59324883a47479706502a46461746192a17201a36e7370a12f83a5726f6f6d7391a5726f6f6d31a66"
       "578"
       "6365707490a5666c61677380",
       saying("r", socketio::arguments(1), {{"room1"}, {}})},
      {"socket.io#/#",
       "93a661474b59324883a47479706502a46461746191a16da36e7370a12f83a5726f6f6d7392a5726f6f6d31a5726"
       "f6f"
       "6d32a665786365707491a178a5666c61677380",
       saying("m", {}, {{"room1", "room2"}, {"x"}})},
      {"socket.io#/#",
       "93a661474b59324883a47479706502a46461746192a362696ec40401020304a36e7370a12f83a5726f6f6d7390a"
       "665"
       "786365707490a5666c61677380",
       saying("bin", socketio::arguments(socketio::Binary{bytes}))},
      {"socket.io#/#",
       "93a661474b59324883a47479706502a46461746196a176cb3ff8000000000000ffcd012cce00011170a2c3a9a36"
       "e73"
       "70a12f83a5726f6f6d7390a665786365707490a5666c61677382a8766f6c6174696c65c3a8636f6d7072657373c"
       "2",
       saying("v", socketio::arguments(1.5, -1, 300, 70000, "é"), {}, light)},
  };
}

TEST(ClassicWire, broadcasts_are_byte_for_byte_those_of_the_reference) {
  const Channels names("socket.io", "/", "aGKY2H");
  for (const auto& [channel, hex, said] : captured_broadcasts()) {
    EXPECT_EQ(names.broadcast_to(said.audience), channel);
    EXPECT_EQ(to_hex(encode_broadcast("aGKY2H", "/", said)), hex);
    EXPECT_TRUE(from_hex(hex).starts_with(head_of_broadcasts("aGKY2H")));
    EXPECT_FALSE(from_hex(hex).starts_with(head_of_broadcasts("aGKY2I")));
    EXPECT_FALSE(from_hex(hex).starts_with(head_of_broadcasts("aGKY2")));
    const auto read = decode_broadcast(from_hex(hex), "/");
    ASSERT_TRUE(read) << hex;
    EXPECT_EQ(read->uid, "aGKY2H");
    EXPECT_EQ(read->saying.event, said.event);
    EXPECT_EQ(read->saying.audience.rooms, said.audience.rooms);
    EXPECT_EQ(read->saying.audience.except, said.audience.except);
    EXPECT_EQ(read->saying.flags.is_volatile, said.flags.is_volatile);
    EXPECT_EQ(read->saying.flags.compress, said.flags.compress);
    EXPECT_EQ(to_hex(encode_broadcast("aGKY2H", "/", read->saying)), hex);
  }
}

TEST(ClassicWire, reads_what_an_emitter_says) {
  const auto read = decode_broadcast(
      from_hex(
          "93a7656d697474657283a47479706502a46461746192a3666532a173a36e7370a12f83a5726f6f6d7391a5"
          "726f6f6d31a5666c61677381a8766f6c6174696c65c3a665786365707491a179"),
      "/");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->uid, "emitter");
  EXPECT_EQ(read->saying.event, "fe2");
  EXPECT_EQ(read->saying.audience.except, std::vector<std::string>{"y"});
  EXPECT_TRUE(read->saying.flags.is_volatile);
  const auto join =
      decode_request(R"({"type":2,"opts":{"rooms":["room1"],"except":[]},"rooms":["room5"]})", "/");
  ASSERT_TRUE(join && join->audience);
  EXPECT_EQ(join->uid, "");
  EXPECT_EQ(join->rooms, std::vector<std::string>{"room5"});
}

TEST(ClassicWire, names_of_namespaces_are_no_patterns) {
  EXPECT_EQ(Channels("socket.io", "/a*[b]?\\", "u").pattern, "socket.io#/a\\*\\[b\\]\\?\\\\#*");
  const Channels names("k", "/admin", "uid");
  EXPECT_EQ(names.requests, "k-request#/admin#");
  EXPECT_EQ(names.responses_to("x"), "k-response#/admin#x#");
  EXPECT_EQ(names.responses_to(""), "k-response#/admin#");
  EXPECT_EQ(names.responses_to(std::string(65, 'x')), "k-response#/admin#");
  EXPECT_EQ(names.broadcast_to({{"r", "r"}, {}}), "k#/admin#r#");
}

TEST(ClassicWire, requests_are_those_of_the_reference) {
  Request request;
  request.uid = "aGKY2H";
  request.id = "Qn75ye";
  request.type = RequestType::fetch;
  request.audience.emplace();
  EXPECT_EQ(encode_request(request, "/"),
            R"({"uid":"aGKY2H","requestId":"Qn75ye","type":5,"opts":{"rooms":[],"except":[]}})");
  request.id.clear();
  request.type = RequestType::leave;
  request.audience = Audience{{"room9"}, {}};
  request.rooms = {"room9"};
  EXPECT_EQ(
      encode_request(request, "/"),
      R"({"uid":"aGKY2H","type":3,"opts":{"rooms":["room9"],"except":[]},"rooms":["room9"]})");
  request.type = RequestType::disconnect;
  request.rooms.clear();
  request.close = true;
  EXPECT_EQ(encode_request(request, "/"),
            R"({"uid":"aGKY2H","type":4,"opts":{"rooms":["room9"],"except":[]},"close":true})");
  request.type = RequestType::server_side_emit;
  request.audience.reset();
  request.saying = saying(
      "sse", socketio::arguments("x", socketio::Binary{SharedBytes(std::string_view("\x09"))}));
  EXPECT_EQ(encode_request(request, "/"),
            R"({"uid":"aGKY2H","type":6,"data":["sse","x",{"type":"Buffer","data":[9]}]})");
}

TEST(ClassicWire, a_question_to_clients_is_that_of_the_reference) {
  const char* hex =
      "85a3756964a661474b593248a9726571756573744964a6352d504b3645a47479706507a67061636b657483a47479"
      "706502"
      "a46461746192a361736b01a36e7370a12fa46f70747383a5726f6f6d7390a665786365707490a5666c61677381a7"
      "74696d"
      "656f7574cd01f4";
  const auto read = decode_request(from_hex(hex), "/");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->type, RequestType::broadcast);
  EXPECT_EQ(read->saying.event, "ask");
  EXPECT_EQ(read->saying.flags.timeout, std::chrono::milliseconds(500));
  Request again = *read;
  again.audience.reset();
  EXPECT_EQ(to_hex(encode_request(again, "/")), hex);
  EXPECT_EQ(encode_client_count("5-PK6E", 1), R"({"type":8,"requestId":"5-PK6E","clientCount":1})");
  const auto ack = decode_response(from_hex(
      "83a47479706509a9726571756573744964a6352d504b3645a67061636b657482a17901a362696ec4020506"));
  ASSERT_TRUE(ack);
  EXPECT_EQ(ack->id, "5-PK6E");
  EXPECT_EQ(ack->kind, Response::Kind::client_ack);
  const socketio::Args args = ack->ack();
  EXPECT_EQ(args.binary(args[0].at("bin"))->view(), "\x05\x06");
  EXPECT_EQ(
      to_hex(encode_client_ack("5-PK6E", args)),
      "83a47479706509a9726571756573744964a6352d504b3645a67061636b657482a17901a362696ec4020506");
}

TEST(ClassicWire, answers_of_servers_are_those_of_the_reference) {
  EXPECT_EQ(encode_answer("Uo13BI", socketio::arguments(Json{{"from", 14021}})),
            R"({"type":6,"requestId":"Uo13BI","data":{"from":14021}})");
  EXPECT_EQ(encode_answer("Uo13BI", {}), R"({"type":6,"requestId":"Uo13BI"})");
  const auto read = decode_response(R"({"type":6,"requestId":"Uo13BI","data":[1]})");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->answer()[0], Json(JsonArray{1}));
}

TEST(ClassicWire, a_socket_is_told_and_read_again) {
  const Json told = parse_json(R"--({"id":"t6z7wzitl47QG12EAAAA","handshake":{)--"
                               R"--("headers":{"host":"h","x-two":"a, b"},)--"
                               R"--("time":"Tue Nov 24 2026 23:05:59 GMT+0000 )--"
                               R"--((Coordinated Universal Time)","address":"::1",)--"
                               R"--("xdomain":false,"secure":false,"issued":1795561559840,)--"
                               R"--("url":"/socket.io/?EIO=4&transport=websocket",)--"
                               R"--("query":{"EIO":"4","transport":"websocket"},"auth":{"a":1}},)--"
                               R"--("rooms":["t6z7wzitl47QG12EAAAA","room1"],"data":{"n":1}})--")
                        .value();
  const auto socket = to_remote_socket(told);
  ASSERT_TRUE(socket);
  EXPECT_EQ(socket->handshake.header("X-Two"), "a, b");
  EXPECT_EQ(socket->rooms.size(), 2u);
  EXPECT_EQ(to_text(to_json(*socket)), to_text(told));
  EXPECT_FALSE(to_remote_socket(Json(JsonObject{{"rooms", JsonArray()}})));
  const auto odd = to_remote_socket(
      parse_json(
          R"({"id":"x","rooms":7,"handshake":{"headers":{"a\nb":"c","d":"e\nf"},"url":"\n"}})")
          .value());
  ASSERT_TRUE(odd);
  EXPECT_TRUE(odd->handshake.headers().empty());
}

TEST(ClassicWire, nonsense_is_no_message) {
  for (const char* hex :
       {"", "c1", "93", "7b", "c0", "90", "93c0c0c0", "93a178c0c0", "93a178808080",
        // Another namespace; a packet that is no event; reserved, missing and odd names.
        "93a17883a47479706502a46461746191a16da36e7370a22f7880",
        "93a17883a47479706503a46461746191a16da36e7370a12f80",
        "93a17883a47479706502a46461746191aa646973636f6e6e656374a36e7370a12f80",
        "93a17883a47479706502a46461746190a36e7370a12f80",
        "93a17883a47479706502a4646174619101a36e7370a12f80"}) {
    EXPECT_FALSE(decode_broadcast(from_hex(hex), "/")) << hex;
  }
  EXPECT_TRUE(decode_broadcast(from_hex("93a17882a47479706502a46461746191a16d80"), "/"));
  EXPECT_FALSE(decode_broadcast(from_hex("93a17882a47479706502a46461746191a16d80"), "/x"));
  for (const char* text :
       {"", "{", "{}", "null", "\xc0", R"({"type":8})", R"({"type":-1})", R"({"type":"5"})",
        R"({"type":5,"requestId":"x"})", R"({"type":5,"opts":{"rooms":7}})",
        R"({"type":4,"opts":{"rooms":{}},"close":true})", R"({"type":4,"opts":{"rooms":[null]}})",
        R"({"type":4})", R"({"type":2,"opts":{}})", R"({"type":2,"sid":"x"})", R"({"type":6})",
        R"({"type":6,"data":[]})", R"({"type":6,"data":[7]})",
        R"({"type":7,"packet":{"type":2,"data":["connect"],"nsp":"/"},"opts":{}})"}) {
    EXPECT_FALSE(decode_request(text, "/")) << text;
  }
  for (const char* text : {"", "{}", "[]", R"({"requestId":7})", R"({"requestId":""})"}) {
    EXPECT_FALSE(decode_response(text)) << text;
  }
  const auto odd = decode_response(R"({"requestId":"x","clientCount":-5,"sockets":[null,{}]})");
  ASSERT_TRUE(odd);
  EXPECT_EQ(odd->client_count(), 0u);
  EXPECT_TRUE(odd->sockets().empty());
}

}  // namespace
}  // namespace coterie::redis
