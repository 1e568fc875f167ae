"""What systemd does with a service, as far as the service can see: a socket for notifications, and
one that listens, kept while the service comes and goes.

    systemd.py [--abstract] [--watchdog SECONDS] COMMAND [WORD...]

Prints "port N", then "told TEXT" for each notification (JSON) and "ended CODE" for each end of
the service. SIGHUP is passed on. SIGUSR1 restarts the service: SIGTERM, its end, a new one. SIGTERM
ends it and then this program.
"""
# SPDX-License-Identifier: MIT
import ctypes
import json
import os
import queue
import signal
import socket
import sys
import tempfile
import threading

PR_SET_PDEATHSIG = 1


def say(*words):
    print(*words, flush=True)


def main():
    words = sys.argv[1:]
    is_abstract = words[0] == "--abstract" and bool(words.pop(0))
    watchdog = words.pop(0) if words[0] == "--watchdog" and words.pop(0) else None
    folder = tempfile.TemporaryDirectory()
    name = f"@coterie-test-{os.getpid()}" if is_abstract else f"{folder.name}/notify"
    told = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    told.bind(name.replace("@", "\0"))
    threading.Thread(target=listen_to, args=(told,), daemon=True).start()
    port = socket.create_server(("127.0.0.1", 0), backlog=4096)
    say("port", port.getsockname()[1])

    def start():
        child = os.fork()
        if child:
            return child
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        signal.pthread_sigmask(signal.SIG_SETMASK, [])
        environment = os.environ | {"NOTIFY_SOCKET": name, "LISTEN_FDS": "1",
                                    "LISTEN_PID": str(os.getpid())}
        if watchdog:
            environment["WATCHDOG_USEC"] = str(int(float(watchdog) * 1e6))
        os.dup2(port.fileno(), 3)
        os.set_inheritable(3, True)
        os.execve(words[0], words, environment)

    child = start()
    while True:
        number = commands.get()
        if number == signal.SIGHUP:
            os.kill(child, signal.SIGHUP)
            continue
        os.kill(child, signal.SIGTERM)
        say("ended", os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
        if number == signal.SIGTERM:
            return
        child = start()


def listen_to(told):
    while True:
        say("told", json.dumps(told.recv(4096).decode()))


commands = queue.SimpleQueue()
for each in (signal.SIGHUP, signal.SIGUSR1, signal.SIGTERM):
    signal.signal(each, lambda number, _: commands.put(number))
main()
