// The command line: coterie serve | user | token | migrate | config | openapi.
// SPDX-License-Identifier: MIT
#pragma once

namespace coterie::app {

// Runs the command; returns the exit status: 0 done, 1 failed, 2 not understood.
int run_command(int argc, char** argv);

}  // namespace coterie::app
