# The conversation of support/scenario.mjs, held by python3-socketio: another implementation of both
# layers of the protocol, by other people.
# SPDX-License-Identifier: MIT
"""python_client.py URL: prints a line of JSON for each kind of client and each transport."""

import asyncio
import hashlib
import json
import os
import queue
import sys
import traceback

import socketio

AUTH = {"token": "abc", "list": [1, {"a": None}]}
SCRIPTS = ["你好", "Привет", "e\u0301", "😀", "\u2028", "\0", '"\\\n', ""]
VALUES = [1, -0.5, True, False, None, {"deep": [{"list": []}], "": {}}, ["a", ["b"]]]
LARGE = 300_000
SECONDS_MAX = 15
WAYS = {"polling": ["polling"], "websocket": ["websocket"], "upgrade": ["polling", "websocket"]}


def in_short(value):
    """Bytes and long texts in short, so that a transcript can be read and compared."""
    if isinstance(value, str):
        if len(value) <= 100:
            return value
        return {"text": f"{len(value)} letters {hashlib.sha1(value.encode()).hexdigest()}"}
    if isinstance(value, bytes):
        short = value.hex() if len(value) <= 32 else hashlib.sha1(value).hexdigest()
        return {"bytes": f"{len(value)} {short}"}
    if isinstance(value, list | tuple):
        return [in_short(each) for each in value]
    if isinstance(value, dict):
        return {key: in_short(each) for key, each in value.items()}
    return value


class Threads:
    """The client with threads, behind the words of the one without."""

    def __init__(self):
        self.client = socketio.Client(reconnection=False)
        self.events = queue.Queue()
        # Left alone it takes each message on a thread of its own, so that on a busy machine an
        # attachment may overtake its packet.
        trigger = self.client.eio._trigger_event

        def in_order(*event, run_async=False):
            return trigger(*event, run_async=False)

        self.client.eio._trigger_event = in_order

    async def call(self, name, *args, **options):
        return getattr(self.client, name)(*args, **options)

    async def event(self):
        return self.events.get(timeout=SECONDS_MAX)

    def put(self, event):
        self.events.put(event)


class Coroutines:
    """The client of asyncio."""

    def __init__(self):
        self.client = socketio.AsyncClient(reconnection=False)
        self.events = asyncio.Queue()

    async def call(self, name, *args, **options):
        return await getattr(self.client, name)(*args, **options)

    async def event(self):
        return await asyncio.wait_for(self.events.get(), SECONDS_MAX)

    def put(self, event):
        self.events.put_nowait(event)


class Peer:
    def __init__(self, make, url, transports, auth, nsps):
        self.make = make
        self.options = {"transports": transports, "auth": auth, "namespaces": list(nsps),
                        "wait_timeout": SECONDS_MAX}
        self.url = url

    def listen(self, nsp):
        client = self.kind.client

        def hear(event, *args):
            if event == "question":
                return args
            self.kind.put((nsp, event, list(args)))
            return None

        def note(event):
            return lambda *args: self.kind.put((nsp, event, list(args)))

        client.on("*", hear, namespace=nsp)
        client.on("connect_error", note("(refused)"), namespace=nsp)
        client.on("disconnect", note("(ended)"), namespace=nsp)

    async def returns(self, wait=True):
        """Joins, with a client of its own each time: those that are used again get confused."""
        self.kind = self.make()
        self.unheard = []
        for nsp in self.options["namespaces"]:
            self.listen(nsp)
        await self.kind.call("connect", self.url, wait=wait, **self.options)
        return self

    async def refusal(self):
        await self.returns(wait=False)
        words = (await self.hear("(refused)", self.options["namespaces"][0]))[0]
        await self.leave()
        return {"message": words["message"], "data": words.get("data")}

    async def hear(self, name, nsp="/"):
        while True:
            for event in self.unheard:
                if event[:2] == (nsp, name):
                    self.unheard.remove(event)
                    return event[2]
            try:
                self.unheard.append(await self.kind.event())
            except (queue.Empty, asyncio.TimeoutError):
                others = in_short(self.unheard)
                raise RuntimeError(f"“{name}” did not come, but {others}") from None

    async def say(self, event, *args, nsp="/"):
        await self.kind.call("emit", event, args, namespace=nsp)

    async def ask(self, event, *args):
        answer = await self.kind.call("call", event, args, timeout=SECONDS_MAX)
        return list(answer) if isinstance(answer, tuple) else [answer]

    async def leave(self):
        await self.kind.call("disconnect")


async def scenario(peer_of):
    """Returns what was seen, as [what, value] pairs, and the transport at the end."""
    seen = []

    def note(what, value):
        seen.append([what, in_short(value)])

    # Namespaces are joined when one connects; the one that is wanted later comes along.
    peer = await peer_of(AUTH, "/", "/other").returns()

    async def echo(what, *args):
        await peer.say("echo", *args)
        note(what, await peer.hear("echoed"))

    note("welcome", await peer.hear("welcome"))
    await echo("text", "hello", "there")
    await echo("nothing")
    await echo("scripts", *SCRIPTS)
    await echo("values", *VALUES)
    await echo("bytes", b"\x00\x01\xfe\xff")
    await echo("no bytes", b"")
    inner = {"a": [b"\x01", "text", {"b": b"\x02\x03"}], "c": b"\x04"}
    await echo("bytes within", inner, 5, b"\x06")
    await peer.say("give", 1000)
    note("bytes of the server", await peer.hear("given"))

    note("ack", await peer.ask("echo-ack", "a", {"b": [1]}))
    note("ack with bytes", await peer.ask("echo-ack", [b"\x07"], b"\x08", "c"))
    await peer.say("ask", "who?", 1)
    note("asked", await peer.hear("answered"))
    await peer.say("ask", {"which": b"\x09"}, b"\x0a\x0b")
    note("asked with bytes", await peer.hear("answered"))

    await echo("large text", "é" * (LARGE // 2))
    await echo("large bytes", bytes(i % 256 for i in range(LARGE)))
    await peer.say("big", LARGE)
    note("large text of the server", await peer.hear("grown"))
    await peer.say("give", LARGE)
    note("large bytes of the server", await peer.hear("given"))

    await rooms(peer, await peer_of({}, "/").returns(), note)

    note("another namespace", await peer.hear("welcome", "/other"))
    await peer.say("echo", "other", nsp="/other")
    note("another namespace", await peer.hear("echoed", "/other"))
    await echo("the first namespace", "still here")
    note("no namespace", await peer_of({}, "/nowhere").refusal())
    note("no entry", await peer_of({"refuse": "not you"}, "/").refusal())
    await ends(peer, note, echo)
    carried_by = peer.kind.client.transport()
    await peer.leave()
    return {"seen": seen, "carriedBy": carried_by}


async def ends(peer, note, echo):
    peer.options["namespaces"] = ["/"]
    await peer.leave()
    await peer.hear("(ended)")
    await peer.returns()
    await peer.hear("welcome")
    for farewell in ("leave-me", "close-me"):
        await peer.say(farewell)
        await peer.hear("(ended)")
        await peer.returns()
        note(f"back after {farewell}", await peer.hear("welcome"))
        await echo("and", farewell)
    await peer.leave()
    await peer.hear("(ended)")
    await peer.returns()
    note("back again", await peer.hear("welcome"))
    await echo("and", b"\x0c")


async def rooms(peer, second, note):
    note("welcome", await second.hear("welcome"))
    note("join", await second.ask("join", "room"))
    note("join", await peer.ask("join", "room"))
    await peer.say("tell", "room", "both", b"\x01\x02")
    note("told", await second.hear("told"))
    await second.say("tell", "room", {"back": True})
    note("told", await peer.hear("told"))
    note("leave", await second.ask("leave", "room"))
    await peer.say("tell", "room", "nobody")
    await peer.say("tell-all", "all", b"\x03")
    note("told", await second.hear("told"))
    note("told", await peer.hear("told"))
    await second.leave()


def main():
    url = sys.argv[1]
    for kind in (Threads, Coroutines):
        for way, transports in WAYS.items():
            def peer_of(auth, *nsps, kind=kind, transports=transports):
                return Peer(kind, url, transports, auth, nsps)

            result = asyncio.run(scenario(peer_of))
            print(json.dumps({"kind": kind.__name__, "way": way, **result}), flush=True)


if __name__ == "__main__":
    try:
        main()
    except Exception:
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(1)  # Threads of clients that have not ended must not keep us.
