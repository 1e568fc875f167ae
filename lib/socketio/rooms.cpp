// SPDX-License-Identifier: MIT
#include "socketio/rooms.hpp"

#include <algorithm>
#include <optional>

#include "base/shrink.hpp"
#include "socketio/socket.hpp"

namespace coterie::socketio {

namespace {

// Which of a socket's memberships is the one in `room`; looks through the shorter of both lists.
std::optional<std::size_t> find_membership(const std::vector<Membership>& memberships,
                                           const Room& room) {
  if (memberships.size() <= room.members.size()) {
    const auto found = std::ranges::find(memberships, &room, &Membership::room);
    if (found == memberships.end()) return std::nullopt;
    return static_cast<std::size_t>(found - memberships.begin());
  }
  for (std::size_t place = 0; place < room.members.size(); ++place) {
    const std::size_t index = room.members[place].membership;
    if (index < memberships.size() && memberships[index].room == &room &&
        memberships[index].place == place) {
      return index;
    }
  }
  return std::nullopt;
}

}  // namespace

const Room* Rooms::find(std::string_view name) const {
  const auto found = rooms_.find(name);
  return found == rooms_.end() ? nullptr : found->second.get();
}

void Rooms::join(Socket& socket, std::vector<Membership>& memberships, std::string_view name) {
  auto found = rooms_.find(name);
  if (found == rooms_.end()) {
    auto room = std::make_unique<Room>();
    room->name = name;
    found = rooms_.emplace(std::string(name), std::move(room)).first;
  }
  Room& room = *found->second;
  if (find_membership(memberships, room)) return;
  memberships.push_back({&room, static_cast<std::uint32_t>(room.members.size())});
  room.members.push_back({&socket, static_cast<std::uint32_t>(memberships.size() - 1)});
}

void Rooms::leave(std::vector<Membership>& memberships, std::string_view name) {
  const Room* room = find(name);
  if (!room) return;
  if (const auto index = find_membership(memberships, *room)) remove(memberships, *index);
}

void Rooms::leave_all(std::vector<Membership>& memberships) {
  while (!memberships.empty()) remove(memberships, memberships.size() - 1);
  memberships.shrink_to_fit();
}

bool Rooms::is_in(const std::vector<Membership>& memberships, std::string_view name) const {
  const Room* room = find(name);
  return room && find_membership(memberships, *room).has_value();
}

void Rooms::remove(std::vector<Membership>& memberships, std::size_t index) {
  const auto [room, place] = memberships[index];
  // The last member takes the place that becomes free, and its socket is told.
  const Room::Member moved = room->members.back();
  room->members[place] = moved;
  room->members.pop_back();
  if (place < room->members.size()) {
    moved.socket->memberships_[moved.membership].place = place;
  }
  if (room->members.empty()) {
    rooms_.erase(rooms_.find(std::string_view(room->name)));
    shrink_if_sparse(rooms_);
  } else if (room->members.capacity() > 64 && room->members.size() < room->members.capacity() / 4) {
    room->members.shrink_to_fit();
  }
  // The same among this socket's memberships.
  const Membership last = memberships.back();
  memberships[index] = last;
  memberships.pop_back();
  if (index < memberships.size()) {
    last.room->members[last.place].membership = static_cast<std::uint32_t>(index);
  }
}

}  // namespace coterie::socketio
