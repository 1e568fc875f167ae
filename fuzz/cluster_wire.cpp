// Entries of a stream, sessions and messages of a cluster: what is read is written and reads again.
//
// The first byte says what the rest is: a type of entry ("3" to "9"), "s": session, else a message.
// SPDX-License-Identifier: MIT
#include "redis/cluster_wire.hpp"

#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.hpp"

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

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  if (input.empty()) return 0;
  const std::string_view rest = input.substr(1);
  if (input.front() >= '3' && input.front() <= '9') {
    read_entry(input.front(), rest);
  } else if (input.front() == 's') {
    if (const auto session = coterie::redis::decode_session(rest)) {
      COTERIE_CHECK(coterie::redis::decode_session(coterie::redis::encode_session(*session)));
    }
  } else {
    read_message(rest);
  }
  return 0;
}
