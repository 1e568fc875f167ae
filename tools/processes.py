# Starts a command with a time limit, and finds the processes that it left behind.
# SPDX-License-Identifier: MIT
"""Linux gives a subreaper every orphan among its descendants: so whoever outlives the command
that started it is found as a child of ours, even when it opened a session of its own.
"""

import ctypes
import os
import signal
import subprocess
import time
from pathlib import Path

PR_SET_CHILD_SUBREAPER = 36


def become_subreaper():
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def run(command, log, seconds_max, env=None, cwd=None):
    """Runs a command with its output appended to the file `log`; True when it succeeded.

    At the limit the command and its descendants are killed, and the log says so.
    """
    with open(log, "ab") as output:
        output.write(f"$ {' '.join(map(str, command))}\n".encode())
        output.flush()
        try:
            child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output,
                                     stderr=subprocess.STDOUT, env=env, cwd=cwd)
        except OSError as error:
            output.write(f"{error}\n".encode())
            return False
        try:
            return child.wait(seconds_max) == 0
        except subprocess.TimeoutExpired:
            output.write(f"\nstopped after {seconds_max} s\n".encode())
            kill(descendants(child.pid) + [child.pid])
            child.wait()
            return False


def leftovers(seconds_max=3):
    """Ends what earlier commands left running, and returns the command lines of it.

    Only between commands: it reaps every child. What is about to end by itself has a moment to.
    """
    end = time.monotonic() + seconds_max
    while (left := living_children()) and time.monotonic() < end:
        time.sleep(0.05)
    lines = [command_line(pid) for pid in left]
    while left := living_children():
        kill(left)
        time.sleep(0.02)
    return lines


def living_children():
    """Our descendants that still run; those that have ended are reaped."""
    try:
        while os.waitpid(-1, os.WNOHANG) != (0, 0):
            pass
    except ChildProcessError:
        pass
    return descendants(os.getpid())


def descendants(pid):
    children = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            # "PID (name) state parent …": the name may hold anything, a parenthesis too.
            _, _, rest = path.read_text(errors="replace").rpartition(")")
        except OSError:
            continue
        state, parent = rest.split()[:2]
        if state != "Z":
            children.setdefault(int(parent), []).append(int(path.parent.name))
    found = []
    waiting = [pid]
    while waiting:
        below = children.get(waiting.pop(), [])
        found += below
        waiting += below
    return found


def kill(pids):
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass


def command_line(pid):
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return f"process {pid}"
    return b" ".join(words).decode(errors="replace").strip()[:120]
