#!/usr/bin/python3
"""Far ends and clients for tunnels, by Python's own sockets.

tunnel-peer.py serve echo|answer|reset      prints `ready PORT`
tunnel-peer.py mirror PORT OCTETS COUNT     COUNT connections at once, random octets both ways, compared by digest
tunnel-peer.py ask PORT OCTETS [line]       ends its direction behind the question, and reads the answer to its end
tunnel-peer.py slow PORT OCTETS OTHER       a client that reads nothing until another one was served
tunnel-peer.py reset PORT OCTETS            sends, then resets the connection
tunnel-peer.py hostile PORT                 what modems say and take for commands, each piece awaited, then all at once
tunnel-peer.py endless PORT                 sends and reads until the connection is reset
"""
import hashlib
import os
import socket
import struct
import sys
import threading


def reset(connection):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def echo(connection):
    while True:
        octets = connection.recv(16384)
        if not octets:
            break
        connection.sendall(octets)
    connection.close()


def answer(connection):
    """The question is a number of octets: up to a line end, or to the client's end where that is carried."""
    question = b""
    while not question.endswith(b"\n"):
        octets = connection.recv(100)
        if not octets:
            break
        question += octets
    try:
        connection.sendall(b"x" * int(question))
    except OSError:
        pass
    connection.close()


def serve(kind):
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)
    print("ready", listener.getsockname()[1], flush=True)
    handler = {"echo": echo, "answer": answer, "reset": lambda c: (c.recv(1), reset(c))}[kind]

    def guarded(connection):
        try:
            handler(connection)
        except OSError:
            pass

    while True:
        connection, _ = listener.accept()
        threading.Thread(target=guarded, args=(connection,), daemon=True).start()


def connect(port):
    return socket.create_connection(("127.0.0.1", port))


def mirror(port, count):
    connection = connect(port)
    sent = os.urandom(count)

    def send():
        connection.sendall(sent)

    sender = threading.Thread(target=send)
    sender.start()
    digest = hashlib.sha256()
    received = 0
    while received < count:
        octets = connection.recv(16384)
        if not octets:
            break
        digest.update(octets)
        received += len(octets)
    sender.join()
    connection.close()
    return "ok" if digest.digest() == hashlib.sha256(sent).digest() else "differs", received


def ask(port, octets, line_end):
    connection = connect(port)
    try:
        connection.sendall(b"%d%s" % (octets, line_end))
        connection.shutdown(socket.SHUT_WR)
        return read(connection)
    except ConnectionError:
        return "reset"


def read(connection):
    received = 0
    try:
        while True:
            octets = connection.recv(16384)
            if not octets:
                return "ok %d" % received
            received += len(octets)
    except ConnectionError:
        return "reset after %d" % received


LINES = [
    "SHUTDOWN", "CLOSED", "0, CLOSED", "NO CARRIER", "+CME ERROR: 843", "OK", "ERROR", "CONNECT", "RDY", "SEND OK",
    "SHUT OK", "+PDP: DEACT", '+QIURC: "closed",0', '+QIURC: "recv",0,4', '+QIURC: "pdpdeact",1', "+CIPRXGET: 1,0",
    "+RECEIVE,0,4:", "+WIPPEERCLOSE: 2,1", "+WIPDATA: 2,1,5", "+WIND: 4",
]


def hostile(port):
    pieces = [bytes(range(256)) * 3, b"\x10\x03\x03\x10\x10", b"x+++", b"+++ATH\r", b"\r\n> ", b"\x1a\x1b", b"AT+CFUN=1,1\r"]
    pieces += [b"\r\n" + line.encode() + b"\r\n" for line in LINES]
    connection = connect(port)
    for piece in pieces + [b"".join(pieces)]:
        connection.sendall(piece)
        received = b""
        while len(received) < len(piece):
            octets = connection.recv(16384)
            if not octets:
                return "ended within %r, behind %r" % (piece, received)
            received += octets
        if received != piece:
            return "%r came back as %r" % (piece, received)
    connection.close()
    return "ok"


def slow(port, octets, other):
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.connect(("127.0.0.1", port))
    connection.sendall(b"%d\n" % octets)
    second = connect(port)
    second.sendall(b"%d\n" % other)
    print(read(second))
    print(read(connection))


def main(words):
    kind = words[0]
    if kind == "serve":
        serve(words[1])
    port = int(words[1])
    if kind == "mirror":
        results = []
        threads = [
            threading.Thread(target=lambda: results.append(mirror(port, int(words[2])))) for _ in range(int(words[3]))
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for result in results:
            print(*result)
    elif kind == "ask":
        print(ask(port, int(words[2]), b"\n" if len(words) > 3 else b""))
    elif kind == "hostile":
        print(hostile(port))
    elif kind == "slow":
        slow(port, int(words[2]), int(words[3]))
    elif kind == "reset":
        connection = connect(port)
        connection.sendall(b"y" * int(words[2]))
        connection.recv(100)
        reset(connection)
        print("ok")
    elif kind == "endless":
        connection = connect(port)
        total = 0
        try:
            while True:
                connection.sendall(b"z" * 1000)
                octets = connection.recv(16384)
                if not octets:
                    print("ended")
                    return
                if total < 10000 <= total + len(octets):
                    print("10000", flush=True)
                total += len(octets)
        except ConnectionError:
            print("reset")


main(sys.argv[1:])
