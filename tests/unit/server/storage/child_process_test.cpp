// SPDX-License-Identifier: MIT
#include "storage/child_process.hpp"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/blocking.hpp"
#include "support/temp_folder.hpp"
#include "support/together.hpp"

namespace coterie::tests {
namespace {

using namespace std::chrono_literals;
using storage::ChildLimits;
using storage::run_child;

class ChildProcess : public testing::Test {
 protected:
  Result<std::string> shell(const std::string& script, const ChildLimits& limits = {}) {
    return run_child({"/bin/sh", "-c", script}, limits);
  }
  const AllowBlocking blocking;
};

TEST_F(ChildProcess, writes_and_its_words_are_returned) {
  EXPECT_EQ(*run_child({"/bin/echo", "a", "b c; $HOME"}, {}), "a b c; $HOME\n");
  EXPECT_EQ(shell("head -c 1000000 /dev/zero")->size(), 1'000'000U);
}

TEST_F(ChildProcess, that_fails_or_is_not_there_is_an_error) {
  EXPECT_EQ(code_of(shell("echo some; exit 3")), "program_failed");
  EXPECT_EQ(code_of(shell("kill -9 $$")), "program_failed");
  EXPECT_EQ(code_of(run_child({"/nowhere/program"}, {})), "program_failed");
}

TEST_F(ChildProcess, is_ended_at_its_deadline_even_when_it_has_closed_its_output) {
  const auto begin = std::chrono::steady_clock::now();
  ChildLimits limits;
  limits.time = 50ms;
  EXPECT_EQ(code_of(shell("exec sleep 60", limits)), "program_failed");
  EXPECT_EQ(code_of(shell("exec sleep 60 >&-", limits)), "program_failed");
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 20s);
}

TEST_F(ChildProcess, is_ended_when_its_time_is_declared_to_be_over) {
  const std::atomic<bool> is_over = true;
  ChildLimits limits;
  limits.time = 1h;
  limits.is_over = &is_over;
  EXPECT_EQ(code_of(shell("exec sleep 60", limits)), "program_failed");
}

TEST_F(ChildProcess, that_writes_too_much_is_ended) {
  ChildLimits limits;
  limits.output_bytes = 1000;
  EXPECT_EQ(shell("head -c 1000 /dev/zero", limits)->size(), 1000U);
  EXPECT_EQ(code_of(shell("head -c 1001 /dev/zero", limits)), "program_failed");
  EXPECT_EQ(code_of(shell("exec cat /dev/zero", limits)), "program_failed");
}

TEST_F(ChildProcess, has_limits_no_input_no_files_of_ours_and_a_bare_environment) {
  const TempFolder folder;
  EXPECT_EQ(*shell("cat; ulimit -c; ulimit -t"), "0\n10\n");
  EXPECT_EQ(code_of(shell("echo bytes > " + (folder / "file"))), "program_failed");
  EXPECT_EQ(*shell("env | cut -d= -f1 | grep -v PWD | sort | tr '\\n' ' '"), "HOME LC_ALL PATH ");
  // Its own three, and the one that lists them.
  EXPECT_EQ(*shell("ls /proc/self/fd | tr '\\n' ' '"), "0 1 2 3 ");
  ChildLimits limits;
  limits.memory_bytes = 64 << 20;
  EXPECT_EQ(*shell("ulimit -v", limits), "65536\n");
}

TEST_F(ChildProcess, is_found_by_its_path_or_on_the_path) {
  EXPECT_EQ(storage::find_program("/bin/sh"), "/bin/sh");
  EXPECT_TRUE(storage::find_program("sh"));
  EXPECT_FALSE(storage::find_program(""));
  EXPECT_FALSE(storage::find_program("no-program-has-this-name"));
  EXPECT_FALSE(storage::find_program("/bin/no-program-has-this-name"));
}

}  // namespace
}  // namespace coterie::tests
