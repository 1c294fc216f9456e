"""What one send takes with the event libraries of Python, in nanoseconds; a line each: library, receivers, median.

Each library does the same: a value is handed to each receiver, which adds it up. The first line is a loop by hand.
"""

import os
import statistics
import sys
import time
from importlib.metadata import version

from blinker import Signal
from pubsub.core import Publisher as PyPubSub
from pyee.base import EventEmitter as Pyee
from pymitter import EventEmitter as Pymitter

ROUNDS = int(os.environ.get("REM_BENCH_ROUNDS", "101"))
CALLS = 200


def receivers(count):
    """As many different functions, and what they have seen."""
    seen = [0] * count

    def receiver(at):
        def receive(sender=None, value=1):
            seen[at] += value

        return receive

    return [receiver(at) for at in range(count)], seen


def by_hand(all_receivers):
    def send():
        for receiver in all_receivers:
            receiver(None, 1)

    return send


def blinker(all_receivers):
    signal = Signal()
    for receiver in all_receivers:
        signal.connect(receiver, weak=False)
    return lambda: signal.send("sender", value=1)


def pyee(all_receivers):
    emitter = Pyee()
    for receiver in all_receivers:
        emitter.on("system.connected", receiver)
    return lambda: emitter.emit("system.connected", None, 1)


def pymitter(all_receivers):
    emitter = Pymitter()
    for receiver in all_receivers:
        emitter.on("system.connected", receiver)
    return lambda: emitter.emit("system.connected", None, 1)


def pymitter_wildcard(all_receivers):
    emitter = Pymitter(wildcard=True)
    for receiver in all_receivers:
        emitter.on("system.*", receiver)
    return lambda: emitter.emit("system.connected", None, 1)


def pypubsub(all_receivers, listen="system.connected"):
    publisher = PyPubSub()
    for receiver in all_receivers:
        publisher.subscribe(receiver, listen)

    def send(held=tuple(all_receivers)):  # it holds its listeners weakly
        publisher.sendMessage("system.connected", sender=None, value=1)

    return send


def pypubsub_parent(all_receivers):
    return pypubsub(all_receivers, "system")


CONTENDERS = [
    ("a loop by hand", by_hand),
    (f"Blinker {version('blinker')}", blinker),
    (f"pyee {version('pyee')}", pyee),
    (f"PyPubSub {version('pypubsub')}", pypubsub),
    (f"PyPubSub {version('pypubsub')}, by the parent topic", pypubsub_parent),
    (f"pymitter {version('pymitter')}", pymitter),
    (f"pymitter {version('pymitter')}, by wildcard", pymitter_wildcard),
]


def main():
    print(f"CPython {sys.version.split()[0]}")
    for count in (1, 8):
        sends, times = [], []
        for _, make in CONTENDERS:
            all_receivers, seen = receivers(count)
            send = make(all_receivers)
            send()
            assert seen == [1] * count, "every receiver has had it once"
            sends.append(send)
            times.append([])
        # In turns, so that what else the machine does meets all of them; the first round warms up.
        for turn in range(ROUNDS + 1):
            for send, took in zip(sends, times):
                start = time.perf_counter_ns()
                for _ in range(CALLS):
                    send()
                if turn > 0:
                    took.append((time.perf_counter_ns() - start) / CALLS)
        for (name, _), took in zip(CONTENDERS, times):
            print(f"{name}\t{count}\t{statistics.median(took):.0f}")


main()
