// SPDX-License-Identifier: MIT
#include <csignal>

#include "app/commands.hpp"

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // A broken stream is an error of a call, not of the process.
  std::signal(SIGXFSZ, SIG_IGN);  // So is a file that may grow no larger.
  return coterie::app::run_command(argc, argv);
}
