#!/usr/bin/env python3
"""A mail server for tests of AUTH, for mechanisms that no packaged server offers. Written from the RFCs (4954, 5802, 7677, 9266,
5929, 7628, 4422), on implicit TLS by pyOpenSSL, which can export keys where Python's own ssl module cannot.

Prints `ready PORT` when it listens on loopback. Messages are stored as N.message; N.login says how the sender logged in.
"""

import argparse
import base64
import hashlib
import hmac
import json
import os
import secrets
import socket
import threading

from OpenSSL import SSL, crypto

parser = argparse.ArgumentParser()
parser.add_argument("--certificate", required=True)
parser.add_argument("--key", required=True)
parser.add_argument("--directory", required=True)
parser.add_argument("--user", required=True)
parser.add_argument("--password-file")
parser.add_argument("--token-file")
parser.add_argument("--client-anchors", help="ask for a client certificate below these; EXTERNAL takes its common name")
parser.add_argument("--mechanism", action="append", default=[])
parser.add_argument("--tls12", action="store_true")
parser.add_argument("--refuse", help="answer this to every AUTH, at its end")
options = parser.parse_args()


def content(path):
    with open(path, "rb") as file:
        return file.read().rstrip(b"\n")


class Refused(Exception):
    """The reply that ends an AUTH command."""


class Session:
    count = 0
    lock = threading.Lock()

    def __init__(self, connection):
        self.connection = connection
        self.input = b""
        self.login = None

    def line(self):
        while b"\n" not in self.input:
            self.input += self.connection.recv(65536)
        line, self.input = self.input.split(b"\n", 1)
        assert line.endswith(b"\r"), "a line ends with CR LF"
        return line[:-1]

    def reply(self, *lines):
        code, last = lines[0].split(" ", 1)
        texts = [*[line for line in lines[1:]]]
        out = [f"{code}{'-' if texts else ' '}{last}"]
        out += [f"{code}{' ' if index == len(texts) - 1 else '-'}{text}" for index, text in enumerate(texts)]
        self.connection.sendall("".join(line + "\r\n" for line in out).encode())

    def challenge(self, octets):
        self.reply("334 " + base64.b64encode(octets).decode())
        return self.response(self.line())

    def response(self, word):
        if word == b"*":
            raise Refused("501 5.7.0 cancelled")
        try:
            return base64.b64decode(word, validate=True)
        except ValueError:
            raise Refused("501 5.5.2 no base64")

    # The mechanisms. Each returns the user, or raises the refusal.

    def scram(self, first, is_plus):
        flag, authorization, bare = first.decode().split(",", 2)
        header = f"{flag},{authorization},".encode()
        if flag == "y" and "SCRAM-SHA-256-PLUS" in options.mechanism:
            self.challenge(b"e=server-does-support-channel-binding")
        if is_plus != flag.startswith("p="):
            raise Refused("535 5.7.8 binding and mechanism do not go together")
        attributes = dict(part.split("=", 1) for part in bare.split(","))
        user = attributes["n"].replace("=2C", ",").replace("=3D", "=")
        salt, iterations = os.urandom(16), 4096
        nonce = attributes["r"] + secrets.token_urlsafe(18)
        server_first = f"r={nonce},s={base64.b64encode(salt).decode()},i={iterations}"
        final = self.challenge(server_first.encode()).decode()
        without_proof, proof = final.rsplit(",p=", 1)
        attributes = dict(part.split("=", 1) for part in without_proof.split(","))
        if base64.b64decode(attributes["c"]) != header + (self.binding(flag[2:]) if is_plus else b""):
            self.challenge(b"e=channel-bindings-dont-match")
            raise Refused("535 5.7.8 channel bindings do not match")
        salted = hashlib.pbkdf2_hmac("sha256", content(options.password_file), salt, iterations)
        exchange = f"{bare},{server_first},{without_proof}".encode()

        def keyed(key, message):
            return hmac.new(key, message, hashlib.sha256).digest()

        stored = hashlib.sha256(keyed(salted, b"Client Key")).digest()
        client_key = bytes(a ^ b for a, b in zip(base64.b64decode(proof), keyed(stored, exchange)))
        if attributes["r"] != nonce or hashlib.sha256(client_key).digest() != stored or user != options.user:
            raise Refused("535 5.7.8 the proof is wrong")
        signature = keyed(keyed(salted, b"Server Key"), exchange)
        if self.challenge(b"v=" + base64.b64encode(signature)) != b"":
            raise Refused("501 5.5.2 nothing is left to say")
        return user + (" bound by " + flag[2:] if is_plus else "")

    def binding(self, kind):
        is_13 = self.connection.get_protocol_version_name() == "TLSv1.3"
        if kind == "tls-exporter" and is_13:
            return self.connection.export_keying_material(b"EXPORTER-Channel-Binding", 32)
        if kind == "tls-server-end-point" and not is_13:
            # The test's certificates are signed with SHA-256.
            certificate = crypto.load_certificate(crypto.FILETYPE_PEM, content(options.certificate))
            return hashlib.sha256(crypto.dump_certificate(crypto.FILETYPE_ASN1, certificate)).digest()
        raise Refused("535 5.7.8 no such channel binding")

    def token(self, user, token, dismissal):
        if user == options.user and token == content(options.token_file).decode():
            return user
        error = json.dumps({"status": "invalid_token", "scope": "mail.send"}, indent=1)
        if self.challenge(error.encode()) != dismissal:
            raise Refused("501 5.5.2 an error wants its dismissal")
        raise Refused("535 5.7.8 the token is not valid")

    def xoauth2(self, message):
        parts = message.decode().split("\1")
        if len(parts) != 4 or parts[2:] != ["", ""] or not parts[0].startswith("user="):
            raise Refused("501 5.5.2 not the form of XOAUTH2")
        return self.token(parts[0][5:], parts[1].removeprefix("auth=Bearer "), b"")

    def oauthbearer(self, message):
        head, *pairs = message.decode().split("\1")
        flag, identity, rest = head.split(",")
        if flag != "n" or rest != "" or pairs[-2:] != ["", ""]:
            raise Refused("501 5.5.2 not the form of RFC 7628")
        values = dict(pair.split("=", 1) for pair in pairs[:-2])
        if values["host"] not in ("localhost", "mail.example.test") or not values["port"].isdigit():
            raise Refused("535 5.7.8 another server is meant")
        user = identity.removeprefix("a=").replace("=2C", ",").replace("=3D", "=")
        return self.token(user, values["auth"].removeprefix("Bearer "), b"\1")

    def external(self, identity):
        certificate = self.connection.get_peer_certificate()
        if certificate is None:
            raise Refused("535 5.7.8 there is no client certificate")
        name = certificate.get_subject().CN
        if identity not in (b"", options.user.encode()):
            raise Refused("535 5.7.8 nobody may act for another")
        return name

    def authenticate(self, words):
        name = words[1].decode().upper()
        if name not in options.mechanism:
            raise Refused("504 5.5.4 mechanism not known")
        if len(words) == 3:
            first = b"" if words[2] == b"=" else self.response(words[2])
        else:
            first = self.challenge(b"")
        if options.refuse:
            raise Refused(options.refuse)
        return {
            "SCRAM-SHA-256": lambda: self.scram(first, False), "SCRAM-SHA-256-PLUS": lambda: self.scram(first, True),
            "XOAUTH2": lambda: self.xoauth2(first), "OAUTHBEARER": lambda: self.oauthbearer(first),
            "EXTERNAL": lambda: self.external(first),
        }[name]() + " by " + name

    def data(self):
        self.reply("354 go on")
        octets = b""
        while not (b"\r\n" + octets).endswith(b"\r\n.\r\n"):
            octets += self.line() + b"\r\n"
        with Session.lock:
            Session.count += 1
            path = f"{options.directory}/{Session.count}"
        with open(path + ".login", "w") as file:
            file.write(self.login)
        with open(path + ".message", "wb") as file:
            file.write((b"\r\n" + octets[:-3]).replace(b"\r\n..", b"\r\n.")[2:])
        self.reply("250 2.0.0 stored")

    def serve(self):
        self.reply("220 mail.example.net ESMTP")
        while True:
            words = self.line().split(b" ")
            verb = words[0].upper()
            if verb == b"EHLO":
                self.reply("250 mail.example.net", "SIZE", "AUTH " + " ".join(options.mechanism))
            elif verb == b"AUTH":
                try:
                    self.login = self.authenticate(words)
                    self.reply("235 2.7.0 welcome")
                except Refused as refusal:
                    self.reply(str(refusal))
            elif verb == b"QUIT":
                self.reply("221 bye")
                return
            elif self.login is None:
                self.reply("530 5.7.0 authentication required")
            elif verb == b"DATA":
                self.data()
            else:
                self.reply("250 2.0.0 ok")


def serve(plain):
    connection = SSL.Connection(context, plain)
    connection.set_accept_state()
    try:
        connection.do_handshake()
        Session(connection).serve()
        connection.shutdown()
    except (SSL.Error, OSError):
        pass
    plain.close()


context = SSL.Context(SSL.TLS_SERVER_METHOD)
context.use_certificate_chain_file(options.certificate)
context.use_privatekey_file(options.key)
if options.tls12:
    context.set_max_proto_version(SSL.TLS1_2_VERSION)
if options.client_anchors:
    context.load_verify_locations(options.client_anchors)
    context.set_verify(SSL.VERIFY_PEER, lambda connection, certificate, error, depth, is_good: bool(is_good))
    context.set_session_id(b"sasl")
listener = socket.create_server(("127.0.0.1", 0))
print(f"ready {listener.getsockname()[1]}", flush=True)
while True:
    threading.Thread(target=serve, args=[listener.accept()[0]], daemon=True).start()
