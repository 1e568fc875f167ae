// MessagePack, and the messages of a cluster in it: what is read is written, and reads the same.
// SPDX-License-Identifier: MIT
#include "redis/msgpack.hpp"

#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.hpp"
#include "redis/classic_wire.hpp"

namespace {

using coterie::redis::decode_broadcast;
using coterie::redis::decode_request;
using coterie::redis::decode_response;
using coterie::redis::encode_broadcast;
using coterie::redis::read_msgpack;
using coterie::redis::Unpacked;
using coterie::redis::write_msgpack;

void read_again(const Unpacked& unpacked) {
  const coterie::socketio::Args owner({}, unpacked.attachments);
  std::string bytes;
  write_msgpack(unpacked.value, owner, bytes);
  const auto again = read_msgpack(bytes);
  COTERIE_CHECK(again.has_value());
  std::string bytes_again;
  write_msgpack(again->value, coterie::socketio::Args({}, again->attachments), bytes_again);
  COTERIE_CHECK(bytes_again == bytes);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view message(reinterpret_cast<const char*>(data), size);
  if (const auto unpacked = read_msgpack(message)) read_again(*unpacked);
  if (const auto broadcast = decode_broadcast(message, "/")) {
    COTERIE_CHECK(decode_broadcast(encode_broadcast("uid", "/", broadcast->saying), "/"));
  }
  if (const auto request = decode_request(message, "/"))
    coterie::redis::encode_request(*request, "/");
  if (const auto response = decode_response(message)) {
    response->sockets();
    coterie::redis::encode_client_ack(response->id, response->ack());
  }
  return 0;
}
