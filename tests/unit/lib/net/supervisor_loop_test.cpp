// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstring>
#include <map>

#include "net/supervisor.hpp"

namespace coterie::net {
namespace {

using namespace std::chrono_literals;
using Variables = std::map<std::string, std::string, std::less<>>;

Supervisor::Variable from(const Variables& variables) {
  return [&variables](const char* name) -> const char* {
    const auto found = variables.find(std::string_view(name));
    return found == variables.end() ? nullptr : found->second.c_str();
  };
}

const std::string us = std::to_string(::getpid());

// A socket for notifications; what it was told last.
class Ear {
 public:
  explicit Ear(const std::string& name) : fd_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, name.data(), name.size());
    if (name.front() == '@') address.sun_path[0] = '\0';
    const std::size_t size = offsetof(sockaddr_un, sun_path) + name.size();
    EXPECT_EQ(::bind(fd_, reinterpret_cast<sockaddr*>(&address), static_cast<socklen_t>(size)), 0);
  }
  ~Ear() { ::close(fd_); }
  Ear(const Ear&) = delete;
  Ear& operator=(const Ear&) = delete;

  std::string heard() {
    std::array<char, 256> text;
    const ssize_t size = ::recv(fd_, text.data(), text.size(), 0);
    return size < 0 ? "" : std::string(text.data(), static_cast<std::size_t>(size));
  }

 private:
  const int fd_;
};

TEST(Supervisor, is_told_outside_of_the_file_system) {
  const std::string name = "@coterie-unit-test-" + us;
  Ear ear(name);
  const Variables variables{{"NOTIFY_SOCKET", name}};
  const Supervisor supervisor(from(variables));
  supervisor.tell("READY=1");
  EXPECT_EQ(ear.heard(), "READY=1");
  supervisor.tell_reloading();
  EXPECT_TRUE(ear.heard().starts_with("RELOADING=1\nMONOTONIC_USEC="));
}

TEST(Supervisor, is_told_by_a_path) {
  const std::string name = "/tmp/coterie-unit-test-" + us;
  Ear ear(name);
  const Variables variables{{"NOTIFY_SOCKET", name}};
  Supervisor(from(variables)).tell("STOPPING=1");
  EXPECT_EQ(ear.heard(), "STOPPING=1");
  ::unlink(name.c_str());
}

TEST(Supervisor, that_is_not_there_is_no_trouble) {
  const std::string endless(200, 'x');
  for (const std::string& name : {std::string("/nowhere/at/all"), std::string("@nobody"),
                                  std::string("relative"), "/" + endless, std::string()}) {
    const Variables variables{{"NOTIFY_SOCKET", name}};
    Supervisor(from(variables)).tell("READY=1");
  }
}

TEST(Supervisor, wants_to_hear_twice_in_the_time_that_it_waits) {
  const auto interval = [](const Variables& variables) {
    return Supervisor(from(variables)).watchdog_interval();
  };
  EXPECT_EQ(interval({{"WATCHDOG_USEC", "3000000"}}), 1500ms);
  EXPECT_EQ(interval({{"WATCHDOG_USEC", "3000000"}, {"WATCHDOG_PID", us}}), 1500ms);
  EXPECT_EQ(interval({{"WATCHDOG_USEC", "3000000"}, {"WATCHDOG_PID", "1"}}), std::nullopt);
  for (const char* wrong : {"", "0", "1", "-5", "3s", "x", "99999999999999999999"}) {
    EXPECT_EQ(interval({{"WATCHDOG_USEC", wrong}}), std::nullopt) << wrong;
  }
  EXPECT_EQ(interval({}), std::nullopt);
}

TEST(InheritedListeners, are_the_descriptors_behind_the_third_when_they_are_for_us) {
  using Names = std::vector<std::string>;
  const auto listeners = [](const Variables& variables) {
    return inherited_listeners(from(variables));
  };
  EXPECT_EQ(listeners({{"LISTEN_PID", us}, {"LISTEN_FDS", "2"}}), (Names{"fd:3", "fd:4"}));
  EXPECT_EQ(listeners({{"LISTEN_PID", us}, {"LISTEN_FDS", "0"}}), Names());
  EXPECT_EQ(listeners({{"LISTEN_PID", us}}), Names());
  EXPECT_EQ(listeners({{"LISTEN_PID", "1"}, {"LISTEN_FDS", "2"}}), Names());
  EXPECT_EQ(listeners({{"LISTEN_FDS", "2"}}), Names());
  EXPECT_EQ(listeners({{"LISTEN_PID", us}, {"LISTEN_FDS", "4000000000"}}).size(), 64U);
}

}  // namespace
}  // namespace coterie::net
