// SPDX-License-Identifier: MIT
#include "storage/child_process.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>

#include "base/blocking.hpp"
#include "base/check.hpp"

namespace coterie::storage {

namespace {

using SteadyClock = std::chrono::steady_clock;

Error failed(const std::string& program, std::string_view how) {
  return Error("program_failed", fmt::format("{}: {}", program, how));
}

void limit(int what, rlim_t most) {
  const struct rlimit value{most, most};
  ::setrlimit(static_cast<__rlimit_resource>(what), &value);
}

// Between fork and exec, in a copy of a process that had many threads: nothing here may allocate
// or lock (signal-safety(7)).
[[noreturn]] void become(char* const* words, char* const* environment, int output, pid_t parent,
                         const ChildLimits& limits) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  if (::getppid() != parent) ::_exit(127);  // It died before we asked to die with it.
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::setpriority(PRIO_PROCESS, 0, 19);
  limit(RLIMIT_CPU, limits.processor_seconds);
  limit(RLIMIT_AS, limits.memory_bytes);
  limit(RLIMIT_FSIZE, 0);
  limit(RLIMIT_CORE, 0);
  const int nothing = ::open("/dev/null", O_RDWR);
  ::dup2(nothing, STDIN_FILENO);
  ::dup2(output, STDOUT_FILENO);
  ::dup2(nothing, STDERR_FILENO);
  ::close_range(STDERR_FILENO + 1, ~0U, 0);
  ::execve(words[0], words, environment);
  ::_exit(127);
}

// When a child's time is over.
class Deadline {
 public:
  explicit Deadline(const ChildLimits& limits)
      : at_(SteadyClock::now() + limits.time), is_over_(limits.is_over) {}

  // Waits until `fd` has something for us; false when there is no time left.
  bool wait_for(int fd) const {
    constexpr long look_interval = 100;  // Milliseconds; at is_over.
    for (;;) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(at_ - SteadyClock::now());
      if (left.count() <= 0 || (is_over_ && *is_over_)) return false;
      pollfd watched{fd, POLLIN, 0};
      const auto most = static_cast<int>(std::min<long>(left.count(), look_interval));
      if (::poll(&watched, 1, most) > 0) return true;
    }
  }

 private:
  const SteadyClock::time_point at_;
  const std::atomic<bool>* const is_over_;
};

// A child that is waited for in any case.
class Child {
 public:
  Child(pid_t pid, int output) : pid_(pid), output_(output) {}
  ~Child() {
    ::close(output_);
    if (!has_ended_) {
      ::kill(pid_, SIGKILL);
      wait();
    }
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  // All it writes, until it has closed its output. False: too late, or too much.
  bool read(std::string& text, const Deadline& deadline, std::size_t bytes_max) const {
    std::array<char, 64 * 1024> piece;
    while (deadline.wait_for(output_)) {
      const ssize_t count = ::read(output_, piece.data(), piece.size());
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) return count == 0;
      if (text.size() + static_cast<std::size_t>(count) > bytes_max) return false;
      text.append(piece.data(), static_cast<std::size_t>(count));
    }
    return false;
  }
  // It has closed its output and should end now: the status of waitpid(2).
  int end(const Deadline& deadline) {
    const int ended = static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0));
    const bool is_in_time = ended >= 0 && deadline.wait_for(ended);
    if (ended >= 0) ::close(ended);
    if (!is_in_time) ::kill(pid_, SIGKILL);
    return wait();
  }

 private:
  int wait() {
    int status = -1;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    has_ended_ = true;
    return status;
  }

  const pid_t pid_;
  const int output_;
  bool has_ended_ = false;
};

std::vector<char*> pointers(const std::vector<std::string>& words) {
  std::vector<char*> list;
  for (const std::string& word : words) list.push_back(const_cast<char*>(word.c_str()));
  list.push_back(nullptr);
  return list;
}

}  // namespace

Result<std::string> run_child(const std::vector<std::string>& words, const ChildLimits& limits) {
  COTERIE_CHECK(may_block() && !words.empty());
  const Deadline deadline(limits);
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return failed(words[0], std::strerror(errno));
  const std::vector<std::string> settings{"PATH=/usr/bin:/bin", "LC_ALL=C", "HOME=/nonexistent"};
  const std::vector<char*> arguments = pointers(words);
  const std::vector<char*> environment = pointers(settings);
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid == 0) become(arguments.data(), environment.data(), ends[1], parent, limits);
  ::close(ends[1]);
  if (pid < 0) {
    ::close(ends[0]);
    return failed(words[0], "could not be started");
  }
  Child child(pid, ends[0]);
  std::string text;
  if (!child.read(text, deadline, limits.output_bytes)) {
    return failed(words[0], "took too long or wrote too much");
  }
  const int status = child.end(deadline);
  if (WIFSIGNALED(status)) return failed(words[0], fmt::format("signal {}", WTERMSIG(status)));
  if (WEXITSTATUS(status) != 0) return failed(words[0], fmt::format("ended with {}", status >> 8));
  return text;
}

std::optional<std::string> find_program(std::string_view name) {
  const auto can_run = [](const std::string& path) { return ::access(path.c_str(), X_OK) == 0; };
  if (name.empty()) return std::nullopt;
  if (name.find('/') != std::string_view::npos) {
    std::string path(name);
    return can_run(path) ? std::optional(std::move(path)) : std::nullopt;
  }
  const char* const variable = std::getenv("PATH");
  std::string_view folders = variable ? variable : "/usr/bin:/bin";
  while (!folders.empty()) {
    const std::size_t end = std::min(folders.find(':'), folders.size());
    const std::string path = fmt::format("{}/{}", folders.substr(0, end), name);
    if (end > 0 && can_run(path)) return path;
    folders.remove_prefix(std::min(end + 1, folders.size()));
  }
  return std::nullopt;
}

}  // namespace coterie::storage
