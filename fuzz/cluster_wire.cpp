// Entries of a stream, sessions and messages of a cluster: what is read is written and reads again.
//
// The first byte says what the rest is: a type of entry ("3" to "9"), "s": a session, "b" before
// one of these: its MessagePack, not yet in base64; else a message.
// SPDX-License-Identifier: MIT
#include "redis/cluster_wire.hpp"

#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.hpp"
#include "engineio/packet.hpp"

namespace {

using coterie::redis::Request;
using coterie::redis::Response;
using coterie::redis::StreamEntry;

void read_entry(char type, std::string_view data) {
  StreamEntry entry;
  entry.type = type;
  entry.data = data;
  const auto request = coterie::redis::decode_entry(entry);
  if (!request) return;
  const auto fields = coterie::redis::entry_fields("uid", "/", *request);
  entry.type = fields[5];
  entry.data = fields[7];
  COTERIE_CHECK(coterie::redis::decode_entry(entry));
}

void read_message(std::string_view message) {
  const auto read = coterie::redis::decode_message(message, "/");
  if (!read) return;
  if (const auto* response = std::get_if<Response>(&read->body)) {
    response->sockets();
    response->client_count();
    const auto ack = coterie::redis::encode_response("uid", "/", response->id, response->ack());
    COTERIE_CHECK(coterie::redis::decode_message(ack, "/"));
    response->answer();
    return;
  }
  coterie::redis::encode_message("uid", "/", std::get<Request>(read->body));
}

void read_session(std::string_view text) {
  const auto session = coterie::redis::decode_session(text);
  if (!session) return;
  COTERIE_CHECK(coterie::redis::decode_session(coterie::redis::encode_session(*session)));
}

// False: the first byte says that it is neither.
bool read_stored(char kind, std::string_view text) {
  if (kind == 's') return read_session(text), true;
  if (kind < '3' || kind > '9') return false;
  return read_entry(kind, text), true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  if (input.empty()) return 0;
  const std::string_view rest = input.substr(1);
  if (input.front() == 'b' && !rest.empty()) {
    std::string text;
    coterie::engineio::append_base64(rest.substr(1), text);
    read_stored(rest.front(), text);
  } else if (!read_stored(input.front(), rest)) {
    read_message(rest);
  }
  return 0;
}
