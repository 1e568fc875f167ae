// Which sockets are in which rooms: an index in both directions. A pure data structure.
//
// A room is a plain vector of sockets, so that a broadcast walks contiguous memory; each membership
// knows its place in the room's vector and each place its membership, so that leaving is O(1). A
// room exists while it has members. One thread.
// SPDX-License-Identifier: MIT
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace coterie::socketio {

class Socket;
struct Room;

// One room of one socket, kept by the socket.
struct Membership {
  Room* room;
  std::uint32_t place;  // In the room's members.
};

struct Room {
  struct Member {
    Socket* socket;
    std::uint32_t membership;  // Its index in the socket's memberships.
  };
  std::string name;
  std::vector<Member> members;
};

class Rooms {
 public:
  // `memberships` belong to `socket`. Both do nothing when there is nothing to do.
  void join(Socket& socket, std::vector<Membership>& memberships, std::string_view name);
  void leave(std::vector<Membership>& memberships, std::string_view name);
  void leave_all(std::vector<Membership>& memberships);
  bool is_in(const std::vector<Membership>& memberships, std::string_view name) const;

  // Null when nobody is in it.
  const Room* find(std::string_view name) const;
  std::size_t size() const { return rooms_.size(); }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view name) const {
      return std::hash<std::string_view>()(name);
    }
  };

  void remove(std::vector<Membership>& memberships, std::size_t index);

  boost::unordered_flat_map<std::string, std::unique_ptr<Room>, Hash, std::equal_to<>> rooms_;
};

}  // namespace coterie::socketio
