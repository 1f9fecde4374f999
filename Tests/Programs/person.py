#!/usr/bin/python3
"""A person at a terminal: runs a program on a pseudo-terminal of its own and does what standard input says.

person.py PROGRAM ARGUMENTS…
    type TEXT     presses these keys (escapes as in Python: \\r, \\t, \\x03, \\x1b[A)
    see TEXT      waits until the screen's octets, from behind the last one seen on, hold this
    end           waits for the program's end

Prints everything that the program wrote, then `status N`. Gives up after 60 s without what it waits for: `missing TEXT`.
"""
import os
import pty
import select
import sys

child, screen = pty.fork()
if child == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
written = ""
seen = 0


def read():
    """False at the end, or after 60 s of silence."""
    global written
    ready, _, _ = select.select([screen], [], [], 60)
    if not ready:
        return False
    try:
        octets = os.read(screen, 4096)
    except OSError:
        return False
    written += octets.decode("utf-8", "replace")
    return bool(octets)


for order in sys.stdin:
    word, _, text = order.rstrip("\n").partition(" ")
    text = text.encode("latin-1", "backslashreplace").decode("unicode_escape")
    if word == "type":
        os.write(screen, text.encode())
    elif word == "see":
        while text not in written[seen:]:
            if not read():
                print(written)
                print("missing", repr(text))
                os.kill(child, 9)
                sys.exit(1)
        seen = written.index(text, seen) + len(text)
    elif word == "end":
        while read():
            pass
print(written)
print("status", os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
