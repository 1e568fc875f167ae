// MessagePack as @socket.io/redis-adapter speaks it, to and from the house's JSON. No I/O.
//
//   value  = nil c0 | bool c2 c3 | int | float ca cb | str | bin | array | map | ext
//   int    = 00-7f | e0-ff | cc cd ce cf | d0 d1 d2 d3      (8, 16, 32, 64 bits, big-endian)
//   str    = a0-bf | d9 da db      bin = c4 c5 c6           (a length of 8, 16, 32 bits)
//   array  = 90-9f | dc dd         map = 80-8f | de df
//   ext    = d4 d5 d6 d7 d8 | c7 c8 c9, then its type
//
// Source: the MessagePack specification (github.com/msgpack/msgpack). What it leaves open is as
// notepack.io 3 has it, which the Node servers of a cluster read and write with:
//   a number without a fraction is written as an int, any other as cb; beyond 2^53 one that is read
//   is no longer exact, as in JavaScript;
//   ext -1 is a point in time and becomes its ISO 8601 text, ext 0 in d7 likewise (older servers);
//   ext 0 in c7 c8 c9 is bytes; in d4 it is undefined: null in an array, absent in a map;
//   any other ext becomes [type, bytes].
//
// Bytes stand for themselves in MessagePack; in JSON they are an attachment and what takes its
// place (socketio/arguments.hpp).
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/json.hpp"
#include "base/result.hpp"
#include "socketio/arguments.hpp"

namespace coterie::redis {

// What a client sends may nest to json_depth_max; a node of the cluster wraps a few more around it.
inline constexpr std::size_t cluster_depth_max = json_depth_max + 8;

// Whoever can write to Redis can send anything: what a message may make of memory is bounded.
struct MsgpackLimits {
  std::size_t values_max = 1'000'000;         // A value of one byte becomes one of some twenty.
  std::size_t attachments_max = 1'000;        // Official clients take ten in a packet.
  std::size_t depth_max = cluster_depth_max;  // Nothing recurses deeper.
};

struct Unpacked {
  Json value;
  std::vector<SharedBytes> attachments;
};

// The value of a whole message; Error "bad_msgpack". Text must be UTF-8, the keys of maps text or
// whole numbers. A map that could be taken for what stands for an attachment is refused where there
// are any; without one it is a value like others, as it is in the JSON of a client.
Result<Unpacked> read_msgpack(std::string_view bytes, const MsgpackLimits& limits = {});

// Appends `value`, whose attachments are those of `owner`. It comes from parse_json() or
// read_msgpack(), so its depth is bounded.
void write_msgpack(const Json& value, const socketio::Args& owner, std::string& target);

}  // namespace coterie::redis
