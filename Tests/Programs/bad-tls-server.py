#!/usr/bin/env python3
"""A TLS server for tests that breaks off, breaks the protocol, stalls, or never ends. Prints `ready PORT`; serves loopback.

What clients say under TLS is written to DIRECTORY/received. MODE is one of:

  raw KIND          octets in place of a handshake: silence, close, garbage, smtp, alert-N, version-XXYY, suite-XXYY,
                    old (without RFC 5746), no-certificates, empty-records, warnings, ccs
  flight N STOP HOW a true handshake of which the Nth flight (from 1) ends after STOP octets (negative: from its end), and then
                    stalls, closes, resets, or trickles an octet every tenth of a second
  smtp PLACE HOW    a true handshake and an SMTP server that closes: before the greeting (`greeting`), or after ehlo, auth, data,
                    message or final; with close_notify, without (`cut`), or by a reset
  endless KIND      a true handshake, then tickets, key-updates or hello-requests (TLS 1.2) without end in place of the greeting
"""

import argparse
import ctypes
import random
import socket
import ssl
import struct
import threading
import time

parser = argparse.ArgumentParser()
parser.add_argument("--certificate", required=True)
parser.add_argument("--key", required=True)
parser.add_argument("--directory", required=True)
parser.add_argument("--version", choices=["1.2", "1.3"], default="1.3")
parser.add_argument("mode")
parser.add_argument("words", nargs="*")
# A number below zero is a word like any other.
options, rest = parser.parse_known_args()
words = options.words + rest


def received(octets):
    with open(options.directory + "/received", "ab") as file:
        file.write(octets)


def wait_for_end(connection):
    """Until the client has gone, so that nothing but its own limit ends it."""
    try:
        while connection.recv(65536):
            pass
    except OSError:
        pass


def end(connection, how):
    if how == "reset":
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    elif how == "stall":
        wait_for_end(connection)
    connection.close()


# Octets in place of a handshake


def record(kind, body, version=0x0303):
    return struct.pack(">BHH", kind, version, len(body)) + body


def message(kind, body):
    return bytes([kind]) + len(body).to_bytes(3, "big") + body


def server_hello(version=0x0303, suite=0xC02F, extensions=b""):
    return message(2, struct.pack(">H", version) + bytes(32) + b"\0" + struct.pack(">HB", suite, 0) + extensions)


def raw(connection, kind):
    if kind == "close":
        return end(connection, "close")
    connection.recv(65536)
    if kind == "silence":
        return end(connection, "stall")
    value = int(kind.split("-")[1], 16) if "-" in kind and kind.split("-")[0] in ("version", "suite") else 0
    if kind == "garbage":
        octets = bytes(random.Random(1).randrange(256) for _ in range(3000))
    elif kind == "smtp":
        octets = b"220 mail.example.test ESMTP\r\n"
    elif kind.startswith("alert-"):
        octets = record(21, bytes([2, int(kind[6:])]))
    elif kind.startswith("version-"):
        octets = record(22, server_hello(version=value), min(value, 0x0303))
    elif kind.startswith("suite-"):
        octets = record(22, server_hello(suite=value))
    elif kind == "old":
        octets = record(22, server_hello())
    elif kind == "no-certificates":
        octets = record(22, server_hello(extensions=bytes.fromhex("0005ff01000100")) + message(11, bytes(3)) + message(14, b""))
    else:
        octets = {"empty-records": record(22, b""), "warnings": record(21, bytes([1, 90])),
                  "ccs": record(20, b"\1")}[kind]
        try:
            while True:
                connection.sendall(octets * 1000)
        except OSError:
            return end(connection, "close")
    connection.sendall(octets)
    end(connection, "stall" if kind == "smtp" else "close")


# A true handshake


def context():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    # A weak certificate is the client's business to refuse.
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    context.load_cert_chain(options.certificate, options.key)
    version = ssl.TLSVersion.TLSv1_2 if options.version == "1.2" else ssl.TLSVersion.TLSv1_3
    context.minimum_version = context.maximum_version = version
    return context


def flight(connection, number, stop, how):
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context().wrap_bio(incoming, outgoing, server_side=True)
    for count in range(1, 10):
        while True:
            try:
                tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                if outgoing.pending:
                    break
                incoming.write(connection.recv(65536))
        octets = outgoing.read()
        if count < number:
            connection.sendall(octets)
            continue
        octets = octets[:stop]
        if how == "trickle":
            for octet in octets:
                connection.sendall(bytes([octet]))
                time.sleep(0.1)
        else:
            connection.sendall(octets)
        return end(connection, how)


REPLIES = {
    "EHLO": b"250-mail.example.test\r\n250-PIPELINING\r\n250 AUTH PLAIN\r\n", "AUTH": b"235 2.7.0 good\r\n",
    "MAIL": b"250 2.1.0 good\r\n", "RCPT": b"250 2.1.5 good\r\n", "DATA": b"354 go ahead\r\n",
    "QUIT": b"221 2.0.0 bye\r\n",
}


def smtp(connection, place, how):
    tls = context().wrap_socket(connection, server_side=True)

    def close():
        if how == "notify":
            tls.settimeout(5)
            try:
                tls.unwrap()
            except OSError:
                pass
        end(tls, how)

    if place == "greeting":
        return close()
    tls.sendall(b"220 mail.example.test ESMTP\r\n")
    lines = tls.makefile("rb")
    in_message = False
    for line in lines:
        received(line)
        verb = line.split()[0].decode() if line.split() else ""
        if in_message:
            if line != b".\r\n":
                continue
            if place == "message":
                return close()
            in_message = False
            tls.sendall(b"250 2.0.0 stored\r\n")
            if place == "final":
                return close()
            continue
        if place == verb.lower():
            if place != "data":
                tls.sendall(REPLIES[verb])
            return close()
        in_message = verb == "DATA"
        tls.sendall(REPLIES[verb])
    end(tls, "close")


def endless(connection, kind):
    """By the library itself: Python's own module has no word for these."""
    library = ctypes.CDLL("libssl.so.3")
    for name in ("TLS_server_method", "SSL_CTX_new", "SSL_new"):
        getattr(library, name).restype = ctypes.c_void_p
    new = library.SSL_CTX_new(ctypes.c_void_p(library.TLS_server_method()))
    shared = ctypes.c_void_p(new)
    library.SSL_CTX_use_certificate_chain_file(shared, options.certificate.encode())
    library.SSL_CTX_use_PrivateKey_file(shared, options.key.encode(), 1)
    # SSL_CTRL_SET_MAX_PROTO_VERSION
    library.SSL_CTX_ctrl(shared, 124, ctypes.c_long(0x0303 if options.version == "1.2" else 0x0304), None)
    tls = ctypes.c_void_p(library.SSL_new(shared))
    library.SSL_set_fd(tls, connection.fileno())
    if library.SSL_accept(tls) != 1:
        return end(connection, "close")
    step = {
        "tickets": library.SSL_new_session_ticket, "hello-requests": library.SSL_renegotiate,
        "key-updates": lambda tls: library.SSL_key_update(tls, 1),
    }[kind]
    # 64 MB of tickets at most, should the client take them all.
    for _ in range(300_000):
        if step(tls) != 1 or library.SSL_do_handshake(tls) != 1:
            break
    with open(options.directory + "/ended", "w"):
        pass
    end(connection, "close")


def serve(connection):
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        if options.mode == "raw":
            raw(connection, words[0])
        elif options.mode == "flight":
            flight(connection, int(words[0]), int(words[1]), words[2])
        elif options.mode == "smtp":
            smtp(connection, words[0], words[1])
        else:
            endless(connection, words[0])
    except OSError:
        connection.close()


listener = socket.create_server(("127.0.0.1", 0))
print(f"ready {listener.getsockname()[1]}", flush=True)
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
