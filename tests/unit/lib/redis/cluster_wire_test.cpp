// What a server on Node with @socket.io/redis-streams-adapter 0.3.1 has said, and what it hears.
// SPDX-License-Identifier: MIT
#include "redis/cluster_wire.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "support/hex.hpp"

namespace coterie::redis {
namespace {

using socketio::Args;
using test::from_hex;
using test::to_hex;
using Fields = std::vector<std::string>;

constexpr std::string_view uid = "a98abf9892a77710";
// emit("bin", <01 02 03 04>), as base64 of MessagePack.
constexpr std::string_view binary_data =
    "gqZwYWNrZXSCpHR5cGUCpGRhdGGSo2JpbsQEAQIDBKRvcHRzg6Vyb29tc5CmZXhjZXB0kKVmbGFnc4A=";
// timeout(500).emitWithAck("ask", 1).
constexpr std::string_view ask_clients =
    "84a47479706503a46461746183a67061636b657482a47479706502a46461746192a361736b01a972657175657374"
    "4964b035383161666135393733353862666566a46f70747383a5726f6f6d7390a665786365707490a5666c61677381"
    "a7"
    "74696d656f7574cd01f4a3756964b061393861626639383932613737373130a36e7370a12f";
constexpr std::string_view client_count =
    "84a4747970650ba46461746182a9726571756573744964b035383161666135393733353862666566ab636c69656e74"
    "43"
    "6f756e7401a3756964b061333362336464626163316236346632a36e7370a12f";

Request saying(std::string event, JsonArray args, socketio::Audience audience = {}) {
  Request request;
  request.type = RequestType::broadcast;
  request.saying.event = std::move(event);
  request.saying.args = Args(std::move(args));
  request.saying.audience = std::move(audience);
  return request;
}

StreamEntry entry(std::string type, std::string data) {
  StreamEntry entry;
  entry.type = std::move(type);
  entry.data = std::move(data);
  return entry;
}

TEST(ClusterWire, writes_entries_as_node_does) {
  EXPECT_EQ(entry_fields(uid, "/", saying("r", {1}, {{"room1"}, {}})),
            (Fields{"uid", std::string(uid), "nsp", "/", "type", "3", "data",
                    R"({"packet":{"type":2,"data":["r",1]},)"
                    R"("opts":{"rooms":["room1"],"except":[],"flags":{}}})"}));
  Request join;
  join.type = RequestType::join;
  join.audience.emplace();
  join.rooms = {"room9"};
  EXPECT_EQ(entry_fields(uid, "/", join)[7],
            R"({"opts":{"rooms":[],"except":[],"flags":{}},"rooms":["room9"]})");
  Request leave;
  leave.type = RequestType::disconnect;
  leave.audience = socketio::Audience{{"room1"}, {}};
  leave.close = true;
  EXPECT_EQ(entry_fields(uid, "/", leave)[5], "6");
  EXPECT_EQ(entry_fields(uid, "/", leave)[7],
            R"({"opts":{"rooms":["room1"],"except":[],"flags":{}},"close":true})");
}

TEST(ClusterWire, reads_and_writes_bytes_in_entries_as_node_does) {
  const auto read = decode_entry(entry("3", std::string(binary_data)));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->saying.event, "bin");
  ASSERT_EQ(read->saying.args.attachments().size(), 1u);
  EXPECT_EQ(read->saying.args.attachments()[0].view(), "\x01\x02\x03\x04");
  EXPECT_EQ(entry_fields(uid, "/", *read)[7], binary_data);
}

TEST(ClusterWire, reads_what_it_writes) {
  const Request said = saying("n", {"zwölf", nullptr, JsonObject{{"a", 1.5}}}, {{"a", "b"}, {"c"}});
  const auto read = decode_entry(entry("3", entry_fields(uid, "/", said)[7]));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->saying.args.values(), said.saying.args.values());
  EXPECT_EQ(read->saying.audience.rooms, said.saying.audience.rooms);
  EXPECT_EQ(read->saying.audience.except, said.saying.audience.except);
}

// Over a stream as JSON and, with bytes beside it, as MessagePack; and as a question.
TEST(ClusterWire, brings_what_is_nested_as_deep_as_a_client_may) {
  Json deepest = JsonArray();
  for (std::size_t i = 2; i < json_depth_max; ++i) deepest = JsonArray{std::move(deepest)};
  Request request = saying("e", {deepest});
  auto fields = entry_fields(uid, "/", request);
  EXPECT_TRUE(decode_entry(entry(fields[5], fields[7])));
  request.saying.args =
      Args({deepest, JsonObject{{"_placeholder", true}, {"num", 0}}}, {SharedBytes("bytes")});
  fields = entry_fields(uid, "/", request);
  EXPECT_TRUE(decode_entry(entry(fields[5], fields[7])));
  request.id = "id";
  EXPECT_TRUE(decode_message(encode_message(uid, "/", request), "/"));
}

TEST(ClusterWire, reads_and_writes_questions_and_answers_as_node_does) {
  const auto asked = decode_message(from_hex(ask_clients), "/");
  ASSERT_TRUE(asked);
  EXPECT_EQ(asked->uid, uid);
  const auto& request = std::get<Request>(asked->body);
  EXPECT_EQ(request.type, RequestType::broadcast);
  EXPECT_EQ(request.id, "581afa597358bfef");
  EXPECT_EQ(request.saying.flags.timeout, std::chrono::milliseconds(500));
  EXPECT_EQ(to_hex(encode_message(uid, "/", request)), ask_clients);
  EXPECT_EQ(to_hex(encode_response("a33b3ddbac1b64f2", "/", request.id, ClientCount{1})),
            client_count);
  const auto counted = decode_message(from_hex(client_count), "/");
  ASSERT_TRUE(counted);
  EXPECT_EQ(std::get<Response>(counted->body).client_count(), 1u);
  EXPECT_FALSE(decode_message(from_hex(ask_clients), "/other"));
}

TEST(ClusterWire, brings_answers_back) {
  const auto answer = [](const Answer& said) {
    return std::get<Response>(decode_message(encode_response(uid, "/n", "id", said), "/n")->body);
  };
  EXPECT_EQ(answer(socketio::arguments("text", 2)).answer()[0], Json("text"));
  EXPECT_EQ(answer(socketio::Arguments()).answer()[0], Json());
  const Response ack = answer(Args(JsonArray{7}));
  EXPECT_EQ(ack.kind, Response::Kind::client_ack);
  EXPECT_EQ(ack.ack()[0], Json(7));
  socketio::RemoteSocket socket;
  socket.id = "x";
  socket.data = JsonObject();
  socket.auth = JsonObject();
  EXPECT_EQ(answer(socketio::RemoteSockets{{socket}}).sockets().size(), 1u);
}

TEST(ClusterWire, brings_sessions_back_and_takes_none_that_is_malformed) {
  socketio::SavedSession session;
  session.pid = *Id::parse("01234567890123456789");
  session.sid = *Id::parse("abcdefghijabcdefghij");
  session.nsp = "/n";
  session.rooms = {"a", "b"};
  session.data = {{"deep", JsonArray{1, nullptr}}};
  session.offset = {1795528578858, 3};
  const auto read = decode_session(encode_session(session));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->pid, session.pid);
  EXPECT_EQ(read->sid, session.sid);
  EXPECT_EQ(read->nsp, session.nsp);
  EXPECT_EQ(read->rooms, session.rooms);
  EXPECT_EQ(to_text(read->data), to_text(session.data));
  EXPECT_EQ(read->offset, session.offset);
  session.data = {{"look", {{"_placeholder", true}, {"num", 0}}}};
  const auto again = decode_session(encode_session(session));
  ASSERT_TRUE(again);
  EXPECT_EQ(to_text(again->data), to_text(session.data));
  for (const char* text : {"", "{", "{}", "gqN", "wA==", R"({"sid":"x","pid":"y","offset":"1"})"}) {
    EXPECT_FALSE(decode_session(text)) << text;
  }
}

TEST(ClusterWire, takes_nothing_malformed_for_an_entry) {
  const std::vector<std::pair<std::string, std::string>> entries{
      {"3", ""},
      {"3", "{"},
      {"3", "{}"},
      {"3", "gqN"},
      {"3", "wA=="},
      {"", "{}"},
      {"x", "{}"},
      {"3", R"({"packet":null,"opts":{}})"},
      {"3", R"({"packet":{"type":2,"data":[]},"opts":{}})"},
      {"3", R"({"packet":{"type":3,"data":["a"]},"opts":{}})"},
      {"3", R"({"packet":{"type":2,"data":["connect"]},"opts":{}})"},
      {"3", R"({"packet":{"type":2,"data":["a"]},"opts":{"rooms":{}}})"},
      {"3", R"({"packet":{"type":2,"data":["a"]},"opts":{},"requestId":"x"})"},
      {"4", R"({"opts":{},"rooms":[]})"},
      {"5", R"({"opts":{},"rooms":[null]})"},
      {"6", R"({"close":true})"},
      {"7", R"({"opts":{},"requestId":"x"})"},
      {"9", R"({"packet":["a"]})"},
      {"18446744073709551619", "{}"},
      {"-3", "{}"}};
  for (const auto& [type, data] : entries) {
    EXPECT_FALSE(decode_entry(entry(type, data))) << type << ' ' << data;
  }
}

Reply text(std::string value) {
  return Reply(Reply::Value(std::move(value)));
}
Reply list(Reply::List values) {
  return Reply(Reply::Value(std::move(values)));
}

TEST(ClusterWire, reads_the_entries_that_redis_lists) {
  const auto entries = read_entries(
      list({list({text("5-0"), list({text("uid"), text("u"), text("n"), text("7"), text("nsp"),
                                     text("/"), text("alone"), text("s"), text("odd")})}),
            list({text("5-1"), Reply()})}));
  ASSERT_TRUE(entries);
  ASSERT_EQ(entries->size(), 2u);
  EXPECT_EQ((*entries)[0].id, (socketio::Offset{5, 0}));
  EXPECT_EQ((*entries)[0].number, 7u);
  EXPECT_EQ((*entries)[0].alone, "s");
  EXPECT_EQ((*entries)[1].nsp, "");
  EXPECT_FALSE(read_entries(Reply()));
  EXPECT_FALSE(read_entries(list({text("5-0")})));
  EXPECT_FALSE(read_entries(list({list({text("5-x"), list({})})})));
  EXPECT_FALSE(read_entries(list({list({text("5-1"), list({})}), list({text("5-1"), list({})})})));
}

TEST(Offset, is_read_as_it_was_written_and_not_otherwise) {
  using socketio::Offset;
  for (const Offset offset :
       {Offset{0, 0}, Offset{0, 7}, Offset{5, 0}, Offset{1795528578858, 12}}) {
    EXPECT_EQ(Offset::parse(offset.text()), offset);
  }
  for (const char* text : {"", "-", "-1", "1-", "1-2-3", "a", "1 ", " 1", "1-x", "+1", "1-+2",
                           "18446744073709551616", "1-18446744073709551616"}) {
    EXPECT_FALSE(Offset::parse(text)) << text;
  }
}

}  // namespace
}  // namespace coterie::redis
