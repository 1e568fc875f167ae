// SPDX-License-Identifier: MIT
#include "app/secret.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include "base/blocking.hpp"
#include "base/check.hpp"
#include "base/log.hpp"
#include "base/random.hpp"

namespace coterie::app {

namespace {

constexpr std::size_t secret_length = 64;
constexpr std::size_t secret_length_min = 16;
constexpr const char* secret_key = "coterie:jwt_secret";

Error failure(const std::string& path) {
  return Error("bad_secret", fmt::format("{}: {}", path, std::strerror(errno)));
}

// Writes a secret under a name of its own, then gives it that of `path`: unless someone was faster,
// or in the place of what is there.
enum class Placing { first, anyway };

Result<void> write(const std::string& path, const std::string& secret, Placing placing) {
  const std::string temporary = path + "." + random_id(system_random(), 8);
  const int fd = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) return failure(temporary);
  const bool is_written =
      ::write(fd, secret.data(), secret.size()) == static_cast<ssize_t>(secret.size()) &&
      ::fsync(fd) == 0;
  ::close(fd);
  const auto is_placed = [&] {
    if (placing == Placing::anyway) return ::rename(temporary.c_str(), path.c_str()) == 0;
    return ::link(temporary.c_str(), path.c_str()) == 0 || errno == EEXIST;
  };
  const bool is_done = is_written && is_placed();
  const Error problem = is_done ? Error() : failure(path);
  ::unlink(temporary.c_str());
  if (!is_done) return problem;
  return {};
}

Result<void> make(const std::string& path) {
  return write(path, random_string(system_random(), secret_length, "0123456789abcdef"),
               Placing::first);
}

}  // namespace

Result<std::string> load_or_make_secret(const std::string& path) {
  COTERIE_CHECK(may_block());
  struct stat facts{};
  if (::stat(path.c_str(), &facts) != 0) {
    if (errno != ENOENT) return failure(path);
    if (const auto made = make(path); !made) return made.error();
  } else if ((facts.st_mode & 077) != 0) {
    log::warn("{} can be read by others: chmod 600 it, or whoever reads it can log in as anyone",
              path);
  }
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  std::string secret = text.str();
  while (!secret.empty() && (secret.back() == '\n' || secret.back() == ' ')) secret.pop_back();
  if (secret.size() < secret_length_min) {
    return Error("bad_secret",
                 fmt::format("{} holds fewer than {} characters", path, secret_length_min));
  }
  return secret;
}

Result<std::string> share_secret(redis::Client& redis, const std::string& path) {
  const auto own = load_or_make_secret(path);
  if (!own) return own.error();
  const auto proposed = redis.run({"SET", secret_key, *own, "NX"}, redis::Repeat::harmless);
  if (!proposed) return proposed.error();
  const auto reply = redis.run({"GET", secret_key}, redis::Repeat::harmless);
  if (!reply) return reply.error();
  auto shared = reply->text();
  if (!shared) return shared.error();
  if (shared->size() < secret_length_min) {
    return Error("bad_secret", fmt::format("{} in Redis holds fewer than {} characters", secret_key,
                                           secret_length_min));
  }
  if (*shared != *own) {
    log::warn(
        "{} becomes that of the other servers at this Redis: log-ins made with the one of "
        "before are over",
        path);
    if (auto written = write(path, *shared, Placing::anyway); !written) return written.error();
  }
  return shared;
}

}  // namespace coterie::app
