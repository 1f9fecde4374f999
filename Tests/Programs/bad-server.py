#!/usr/bin/env python3
"""SMTP servers that misbehave, each in its own way: a table of cases, one process for all of them.

Written from RFC 5321, 3207, 4954, 2920, 3030 and 1870, and from what servers in use get wrong. Every case is a good server but
for the steps that the table names. Prints a line `case NAME PORT PORT PORT` for each, ports on loopback that behave alike,
and then `ready`. What a port saw is in DIRECTORY/PORT.log: `connected`, each command behind `clear: ` or `tls: ` with what AUTH
says left out, a message as a count of its octets, and `ended`. Ends with its standard input, and removes DIRECTORY then.
"""

import argparse
import asyncio
import base64
import logging
import os
import shutil
import socket
import ssl
import struct
import sys
import threading
from dataclasses import dataclass, field

PATIENCE = 45  # seconds; no session lasts longer, whatever its client does


class Ended(Exception):
    """The session is over."""


# What a step does: text is a reply, octets are written as they are, a list is done in its order, a function is awaited.

def drip(octets, every):
    """One octet at a time, `every` so many seconds."""
    async def run(session):
        for octet in octets:
            await session.write(bytes([octet]))
            await asyncio.sleep(every)
    run.reply = octets
    return run


def pieces(*parts):
    """Each part in a segment of its own."""
    async def run(session):
        for part in parts:
            await session.write(part)
            await asyncio.sleep(0.02)
    return run


def flood(octets, first=b""):
    """`first`, and then `octets` until nobody takes them."""
    async def run(session):
        await session.write(first)
        end = asyncio.get_running_loop().time() + 10
        while asyncio.get_running_loop().time() < end:
            await session.write(octets * 16)
        raise Ended
    return run


def wait(seconds):
    async def run(session):
        await asyncio.sleep(seconds)
    return run


async def close(session):
    """With notice: close_notify where TLS stands, and then the end of TCP."""
    session.writer.close()
    raise Ended


async def cut(session):
    """The end of TCP, and no word from TLS."""
    session.socket.shutdown(socket.SHUT_WR)
    await session.drain()
    session.writer.transport.abort()
    raise Ended


async def reset(session):
    """RST."""
    session.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    session.writer.transport.abort()
    raise Ended


async def silence(session):
    """Reads on, and says nothing more."""
    await session.drain()
    raise Ended


async def deafness(session):
    """Reads nothing more, for longer than the tests' clients are patient."""
    session.writer.transport.pause_reading()
    await asyncio.sleep(4)
    await reset(session)


async def echo_password(session):
    password = options.password.decode()
    user = options.user
    plain = base64.b64encode(b"\0" + user.encode() + b"\0" + options.password).decode()
    login = base64.b64encode(options.password).decode()
    await session.write(f"535 5.7.8 {user} is not {password} nor {plain} nor {login}\r\n".encode())


async def echo_password_in_nonsense(session):
    await session.write(b"!" * 70 + b" " + options.password + b"\r\n")


async def flood_while_the_message_comes(session):
    """Replies and replies, and no octet is read."""
    session.writer.transport.pause_reading()
    await flood(b"250 2.0.0 thank you\r\n")(session)


class Each:
    """The first action for the first time, the second for the second, the last one for all that follow."""

    def __init__(self, *actions):
        self.actions = actions


@dataclass
class Case:
    """A server. `clear` is what EHLO offers before TLS, nothing for TLS from the first octet."""
    steps: dict = field(default_factory=dict)
    offers: tuple = ("PIPELINING", "CHUNKING", "SIZE 10000000", "8BITMIME", "AUTH PLAIN LOGIN")
    clear: tuple = ()
    receive_buffer: int = 0


DATA = ("PIPELINING", "SIZE 10000000", "8BITMIME", "AUTH PLAIN LOGIN")
PLAIN_SMTP = ("SIZE 10000000", "AUTH PLAIN LOGIN")
LOCK_STEP_CHUNKS = ("CHUNKING", "SIZE 10000000", "AUTH PLAIN LOGIN")
STARTTLS = ("PIPELINING", "STARTTLS")
ESCAPES = b"550 5.1.1 \x1b[2J\x1b]0;owned\x07 no\x00 such \xc2\x9b31m user\xe2\x80\xae\x7f\r\n"


def at(steps, offers=None, clear=(), receive_buffer=0):
    case = Case(steps=steps, clear=clear, receive_buffer=receive_buffer)
    if offers is not None:
        case.offers = offers
    return case


CASES = {
    # Good ones, for the habits that are allowed.
    "good": at({}),
    "good-starttls": at({}, clear=STARTTLS),
    "bare-lf": at({"greeting": b"220 mail.example.test\n", "mail": b"250 2.1.0 ok\n"}),
    "code-alone": at({"mail": b"250\r\n", "rcpt": b"250-\r\n250\r\n"}),
    "octet-by-octet": at({"greeting": drip(b"220 mail.example.test ESMTP\r\n", 0.003), "mail": drip(b"250 ok\r\n", 0.003)}),
    "split-replies": at({"greeting": pieces(b"2", b"20-mail", b".example.test\r", b"\n220 ", b"\r\n")}),
    "eight-bit-reply": at({"greeting": b"220 m\xfcller \xe2\x82\xac\r\n"}),
    "nul-in-reply": at({"rcpt": b"250 2.1.5 o\x00k\r\n"}),
    "helo-only": at({"ehlo": "502 5.5.1 what is EHLO", "helo": "250 mail.example.test"}),
    "unknown-codes": at({"mail": "259 fine", "rcpt": "278 so be it", "bdat": "299 kept"}),
    "keeps-open-after-quit": at({"quit": ["221 2.0.0 bye", silence]}),
    "silent-after-quit": at({"quit": silence}),
    "421-at-quit": at({"quit": ["421 4.3.2 going down", close]}),
    "cut-after-message": at({"bdat": ["250 2.0.0 kept", cut]}),
    "reset-after-message": at({"bdat": ["250 2.0.0 kept", wait(0.2), reset]}),
    "two-final-replies": at({"bdat": b"250 2.0.0 kept\r\n550 5.0.0 or not\r\n"}),
    "dot-two-final-replies": at({"dot": b"250 2.0.0 kept\r\n250 2.0.0 kept\r\n"}, offers=DATA),

    # The greeting.
    "greeting-never": at({"greeting": silence}),
    "greeting-slow": at({"greeting": drip(b"220-" + b"x" * 4000, 0.05)}),
    "greeting-endless-slow": at({"greeting": drip(b"220-x\r\n" * 1000, 0.02)}),
    "greeting-endless-line": at({"greeting": flood(b"a" * 1024, b"220 ")}),
    "greeting-endless-lines": at({"greeting": flood(b"220-again\r\n")}),
    "greeting-554": at({"greeting": "554 5.3.2 no service here"}),
    "greeting-421": at({"greeting": ["421 4.3.2 too many connections", close]}),
    "greeting-250": at({"greeting": "250 welcome"}),
    "greeting-354": at({"greeting": "354 welcome"}),
    "greeting-close": at({"greeting": close}),
    "greeting-cut": at({"greeting": cut}),
    "greeting-reset": at({"greeting": reset}),
    "greeting-half": at({"greeting": [b"220 mail", cut]}),
    "greeting-and-more": at({"greeting": b"220 mail.example.test\r\n250 2.0.0 already\r\n"}),

    # Replies that are none.
    "no-code": at({"greeting": "mail.example.test ESMTP"}),
    "two-digits": at({"greeting": "22 mail.example.test"}),
    "four-digits": at({"greeting": "2200 mail.example.test"}),
    "letters": at({"ehlo": "2x0 mail.example.test"}),
    "code-000": at({"ehlo": "000 mail.example.test"}),
    "code-999": at({"mail": "999 what"}, offers=DATA),
    "code-199": at({"rcpt": "199 soon"}),
    "nul-in-code": at({"mail": b"2\x0050 ok\r\n"}, offers=DATA),
    "underscore": at({"mail": "250_ok"}, offers=DATA),
    "empty-line": at({"greeting": ""}),
    "bare-cr": at({"mail": b"250 ok\r"}, offers=DATA),
    "http": at({"greeting": "HTTP/1.1 400 Bad Request"}),
    "imap": at({"greeting": "* OK IMAP4rev1 ready"}),
    "pop3": at({"greeting": "+OK POP3 ready"}),
    "differing-codes": at({"ehlo": b"250-mail.example.test\r\n220-PIPELINING\r\n250 CHUNKING\r\n"}),
    "differing-last-code": at({"mail": b"250-2.1.0 ok\r\n550 5.1.0 no\r\n"}),
    "ehlo-endless-lines": at({"ehlo": flood(b"250-X-AGAIN\r\n")}),
    "ehlo-long-line": at({"ehlo": b"250-mail.example.test\r\n250 X-" + b"A" * 5000 + b"\r\n"}),
    "mail-endless-line": at({"mail": flood(b"a" * 1024, b"250 ")}, offers=DATA),

    # EHLO.
    "ehlo-421": at({"ehlo": ["421 4.3.2 going down", close]}),
    "ehlo-502": at({"ehlo": "502 5.5.1 what is EHLO"}),
    "ehlo-550": at({"ehlo": "550 5.7.1 that name is not welcome"}),
    "ehlo-450": at({"ehlo": "450 4.3.2 not now"}),
    "ehlo-354": at({"ehlo": "354 go on"}),
    "ehlo-never": at({"ehlo": silence}),
    "ehlo-close": at({"ehlo": close}),
    "ehlo-cut": at({"ehlo": cut}),
    "ehlo-and-more": at({"ehlo": b"250-mail.example.test\r\n250-PIPELINING\r\n250-CHUNKING\r\n250 AUTH PLAIN\r\n235 2.7.0 come in\r\n"}),

    # STARTTLS.
    "starttls-withdrawn": at({}, clear=("PIPELINING", "AUTH PLAIN LOGIN")),
    "starttls-454": at({"starttls": "454 4.7.0 TLS is not available now"}, clear=STARTTLS),
    "starttls-502": at({"starttls": "502 5.5.1 not implemented"}, clear=STARTTLS),
    "starttls-250": at({"starttls": "250 2.0.0 ok"}, clear=STARTTLS),
    "starttls-421": at({"starttls": ["421 4.3.2 going down", close]}, clear=STARTTLS),
    "starttls-never": at({"starttls": silence}, clear=STARTTLS),
    "starttls-close": at({"starttls": close}, clear=STARTTLS),
    "starttls-injected": at({"starttls": b"220 2.0.0 go\r\n250-mail.example.test\r\n250 AUTH PLAIN\r\n"}, clear=STARTTLS),
    "starttls-injected-later": at({"starttls": [pieces(b"220 2.0.0 go\r\n", b"250 AUTH PLAIN\r\n"), silence]}, clear=STARTTLS),
    "starttls-half-line-injected": at({"starttls": b"220 2.0.0 go\r\n25"}, clear=STARTTLS),
    "starttls-no-handshake": at({"starttls": ["220 2.0.0 go", silence]}, clear=STARTTLS),
    "starttls-close-after-go": at({"starttls": ["220 2.0.0 go", close]}, clear=STARTTLS),
    "clear-auth-only": at({}, offers=("PIPELINING",), clear=("STARTTLS", "AUTH PLAIN LOGIN")),
    "clear-offers-more": at({}, offers=PLAIN_SMTP, clear=("PIPELINING", "CHUNKING", "STARTTLS")),
    "greets-again-after-tls": at({"tls": "220 mail.example.test again"}, clear=STARTTLS),
    "421-after-tls": at({"ehlo": ["421 4.3.2 going down", close]}, clear=STARTTLS),

    # AUTH.
    "auth-not-offered": at({}, offers=("PIPELINING", "CHUNKING")),
    "auth-unknown": at({}, offers=("PIPELINING", "AUTH GSSAPI \x1b[31mX-OWN")),
    "auth-334-forever": at({"auth": "334 ", "auth-line": "334 "}, offers=("AUTH LOGIN",)),
    "auth-334-to-plain": at({"auth": "334 ", "auth-line": "334 "}),
    "auth-bad-challenge": at({"auth": "334 not base64!", "auth-line": "334 @@@"}, offers=("AUTH LOGIN",)),
    "auth-535": at({"auth": "535 5.7.8 bad credentials"}),
    "auth-535-oauth": at({"auth": "535 5.7.139 basic authentication is off"}),
    "auth-454": at({"auth": "454 4.7.0 the directory is away"}),
    "auth-432": at({"auth": "432 4.7.12 a password transition is needed"}),
    "auth-530": at({"auth": "530 5.7.0 something first"}),
    "auth-534": at({"auth": "534 5.7.9 that mechanism is too weak"}),
    "auth-538": at({"auth": "538 5.7.11 encryption is required"}),
    "auth-504": at({"auth": "504 5.5.4 no such mechanism"}),
    "auth-421": at({"auth": ["421 4.7.0 too many failures", close]}),
    "auth-354": at({"auth": "354 what"}),
    "auth-never": at({"auth": silence}),
    "auth-close": at({"auth": close}),
    "auth-cut": at({"auth": cut}),
    "auth-echo": at({"auth": echo_password}),
    "auth-echo-in-nonsense": at({"auth": echo_password_in_nonsense}),

    # MAIL and RCPT.
    "mail-451": at({"mail": "451 4.3.0 not now"}),
    "mail-550": at({"mail": "550 5.7.1 this sender may not send here"}),
    "mail-552": at({"mail": "552 5.3.4 larger than I said"}),
    "mail-530": at({"mail": "530 5.7.0 log in first"}),
    "mail-354": at({"mail": "354 what"}, offers=PLAIN_SMTP),
    "mail-421": at({"mail": ["421 4.3.2 going down", close]}),
    "mail-never": at({"mail": silence}, offers=DATA),
    "mail-close": at({"mail": close}, offers=DATA),
    "mail-cut": at({"mail": cut}, offers=PLAIN_SMTP),
    "rcpt-550": at({"rcpt": "550 5.1.1 no such mailbox"}),
    "rcpt-452": at({"rcpt": "452 4.2.2 mailbox full for now"}),
    "rcpt-some": at({"rcpt": Each("250 2.1.5 ok", "550 5.1.1 no such mailbox", "450 4.2.1 busy")}),
    "rcpt-some-data": at({"rcpt": Each("250 2.1.5 ok", "550 5.1.1 no such mailbox", "450 4.2.1 busy")}, offers=DATA),
    "rcpt-refused-354": at({"rcpt": "550 5.1.1 no such mailbox", "data": "354 go on all the same"}, offers=DATA),
    "rcpt-refused-bdat-250": at({"rcpt": "550 5.1.1 no such mailbox", "bdat": "250 2.0.0 kept for nobody"}),
    "rcpt-421": at({"rcpt": ["421 4.3.2 going down", close]}),
    "rcpt-close": at({"rcpt": close}, offers=DATA),
    "rcpt-escapes": at({"rcpt": ESCAPES}),
    "rcpt-long-words": at({"rcpt": b"550-" + b"no " * 600 + b"\r\n550 really\r\n"}),

    # Pipelining that is offered and not kept.
    "pipelining-503": at({"pipelined": "503 5.5.1 one at a time"}, offers=DATA),
    "pipelining-503-chunks": at({"pipelined": "503 5.5.1 one at a time"}),
    "pipelining-closes": at({"pipelined": cut}, offers=DATA),
    "pipelining-421": at({"pipelined": ["421 4.7.0 improper pipelining", close]}, offers=DATA),

    # DATA, BDAT and the message.
    "data-451": at({"data": "451 4.3.0 not now"}, offers=DATA),
    "data-554": at({"data": "554 5.5.1 no"}, offers=DATA),
    "data-250": at({"data": "250 2.0.0 ok"}, offers=DATA),
    "data-421": at({"data": ["421 4.3.2 going down", close]}, offers=DATA),
    "data-close": at({"data": close}, offers=DATA),
    "data-never": at({"data": silence}, offers=PLAIN_SMTP),
    "bdat-502": at({"bdat-head": "502 5.5.1 what is BDAT"}, offers=LOCK_STEP_CHUNKS),
    "bdat-354": at({"bdat": "354 go on"}),
    "bdat-503": at({"bdat": "503 5.5.1 not now"}),
    "bdat-never": at({"bdat": silence}),
    "body-421": at({"content": ["421 4.3.2 going down", close]}, offers=DATA),
    "body-552": at({"content": ["552 5.3.4 that is enough", silence]}, offers=DATA),
    "body-250": at({"content": ["250 2.0.0 kept already", silence]}, offers=DATA),
    "body-close": at({"content": close}, offers=DATA),
    "body-cut": at({"content": cut}, offers=DATA),
    "body-reset": at({"content": reset}, offers=DATA),
    "body-deaf": at({"content": deafness}, offers=DATA, receive_buffer=4096),
    "body-flood": at({"content": flood_while_the_message_comes}, offers=DATA, receive_buffer=4096),
    "bdat-deaf": at({"bdat-head": deafness}, receive_buffer=4096),
    "dot-451": at({"dot": "451 4.3.0 no room"}, offers=DATA),
    "dot-550": at({"dot": "550 5.7.1 that is spam"}, offers=DATA),
    "dot-552": at({"dot": "552 5.2.2 larger than I said"}, offers=DATA),
    "dot-354": at({"dot": "354 more"}, offers=DATA),
    "dot-421": at({"dot": ["421 4.3.2 going down", close]}, offers=DATA),
    "dot-never": at({"dot": silence}, offers=DATA),
    "dot-close": at({"dot": close}, offers=DATA),
    "dot-cut": at({"dot": cut}, offers=DATA),
    "dot-nonsense": at({"dot": "thank you"}, offers=DATA),
    "dot-slow": at({"dot": drip(b"250 2.0.0 kept " + b"x" * 400, 0.05)}, offers=DATA),
    "size-too-small": at({}, offers=("PIPELINING", "SIZE 100", "AUTH PLAIN LOGIN")),
    "size-nonsense": at({}, offers=("PIPELINING", "SIZE minus-one", "AUTH PLAIN LOGIN")),
}


class Session:
    def __init__(self, case, reader, writer, log):
        self.case = case
        self.reader = reader
        self.writer = writer
        self.log = log
        self.socket = writer.get_extra_info("socket")
        self.is_protected = not case.clear
        self.buffer = b""
        self.counts = {}
        self.mail_is_open = False
        # Whether more had come behind MAIL before MAIL was answered.
        self.is_pipelined = False
        self.recipients = 0

    async def fill(self):
        octets = await self.reader.read(65536)
        if not octets:
            raise Ended
        self.buffer += octets

    async def raw_line(self):
        while b"\n" not in self.buffer:
            await self.fill()
        line, _, self.buffer = self.buffer.partition(b"\n")
        return line + b"\n"

    async def line(self):
        return (await self.raw_line()).rstrip(b"\r\n").decode("utf-8", "replace")

    async def octets(self, count):
        while len(self.buffer) < count:
            await self.fill()
        self.buffer = self.buffer[count:]

    async def write(self, octets):
        if self.writer.transport.is_closing():
            raise Ended
        self.writer.write(octets)
        await self.writer.drain()
        # Else a flood would leave no room for the news that nobody is there any more.
        await asyncio.sleep(0)

    async def drain(self):
        while await self.reader.read(65536):
            pass

    def saw(self, words):
        self.log.write(("tls: " if self.is_protected else "clear: ") + words + "\n")
        self.log.flush()

    async def do(self, step, usual):
        """The case's own behaviour at this step, else the usual one. Answers with the digit that its reply begins with."""
        if self.is_pipelined and step in ("rcpt", "data", "bdat") and "pipelined" in self.case.steps:
            step = "pipelined"
        action = self.case.steps.get(step, usual)
        if isinstance(action, Each):
            count = self.counts[step] = self.counts.get(step, 0) + 1
            action = action.actions[min(count, len(action.actions)) - 1]
        await self.perform(action)
        reply = action if isinstance(action, (str, bytes)) else getattr(action, "reply", "")
        return chr(reply[0]) if isinstance(reply, bytes) else reply[:1]

    async def perform(self, action):
        if isinstance(action, str):
            await self.write(action.encode() + b"\r\n")
        elif isinstance(action, bytes):
            await self.write(action)
        elif isinstance(action, list):
            for part in action:
                await self.perform(part)
        else:
            await action(self)

    async def run(self):
        await self.do("greeting", "220 mail.example.test ESMTP")
        while True:
            line = await self.line()
            verb = line.split(" ")[0].upper()
            self.saw("AUTH <redacted>" if verb == "AUTH" else line)
            handler = getattr(self, "on_" + verb.lower(), None)
            if handler is None:
                await self.perform("500 5.5.2 unknown command")
            else:
                await handler(line)

    async def on_ehlo(self, line):
        lines = ["mail.example.test", *(self.case.offers if self.is_protected else self.case.clear)]
        usual = "\r\n".join([f"250-{word}" for word in lines[:-1]] + [f"250 {lines[-1]}"])
        # Steps are those of the protected session; before TLS the server is good but for STARTTLS.
        await (self.do("ehlo", usual) if self.is_protected else self.perform(usual))

    async def on_helo(self, line):
        await self.do("helo", "250 mail.example.test")

    async def on_starttls(self, line):
        if self.is_protected:
            return await self.perform("503 5.5.1 TLS stands already")
        if await self.do("starttls", "220 2.0.0 go ahead") != "2" or "starttls" in self.case.steps:
            return
        await self.writer.start_tls(context)
        self.is_protected = True
        self.saw("handshake")
        if "tls" in self.case.steps:
            await self.do("tls", "")

    async def on_auth(self, line):
        if "auth" not in self.case.steps:
            words = line.split(" ")
            wanted = b"\0" + options.user.encode() + b"\0" + options.password
            good = len(words) == 3 and words[1].upper() == "PLAIN" and base64.b64decode(words[2]) == wanted
            return await self.perform("235 2.7.0 welcome" if good else "535 5.7.8 bad credentials")
        await self.do("auth", "")
        while "auth-line" in self.case.steps:
            answer = await self.line()
            if answer in ("*", "QUIT"):
                self.saw(answer)
                return await self.perform("501 5.7.0 cancelled")
            self.saw("<response>")
            await self.do("auth-line", "")

    async def on_mail(self, line):
        self.is_pipelined = bool(self.buffer)
        self.mail_is_open = await self.do("mail", "250 2.1.0 ok") == "2"
        self.recipients = 0

    async def on_rcpt(self, line):
        if not self.mail_is_open:
            await self.perform("503 5.5.1 MAIL first")
        elif await self.do("rcpt", "250 2.1.5 ok") == "2":
            self.recipients += 1

    async def on_data(self, line):
        if await self.do("data", "354 go on" if self.recipients else "554 5.5.1 no valid recipients") != "3":
            return
        await self.content()
        await self.do("dot", "250 2.0.0 kept" if self.recipients else "554 5.5.1 nobody wants it")
        self.mail_is_open = False

    async def content(self):
        """Up to the lone dot (RFC 5321 §4.5.2); behind its first lines the case's own behaviour."""
        octets, lines = 0, 0
        while True:
            line = await self.raw_line()
            if line == b".\r\n":
                return self.saw(f"<message of {octets} octets>")
            octets += len(line)
            lines += 1
            if lines == 8 and "content" in self.case.steps:
                self.saw("<a part of a message>")
                await self.do("content", "")

    async def on_bdat(self, line):
        if "bdat-head" in self.case.steps:
            await self.do("bdat-head", "")
        await self.octets(int(line.split(" ")[1]))
        self.saw(line.replace("BDAT", "<message of").replace(" LAST", " octets>"))
        if "bdat-head" not in self.case.steps:
            await self.do("bdat", "250 2.0.0 kept" if self.recipients else "503 5.5.1 RCPT first")
        self.mail_is_open = False

    async def on_rset(self, line):
        self.is_pipelined = False
        self.mail_is_open = False
        await self.do("rset", "250 2.0.0 ok")

    async def on_quit(self, line):
        await self.do("quit", "221 2.0.0 bye")
        await close(self)


async def serve(case, reader, writer, path):
    with open(path, "a", encoding="utf-8") as log:
        log.write("connected\n")
        log.flush()
        session = Session(case, reader, writer, log)
        try:
            await asyncio.wait_for(session.run(), PATIENCE)
        except (Ended, asyncio.TimeoutError, OSError, RuntimeError):
            pass
        finally:
            if not writer.transport.is_closing():
                writer.transport.abort()
            log.write("ended\n")


async def listen(case):
    server_socket = socket.socket()
    if case.receive_buffer:
        server_socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, case.receive_buffer)
        # Loopback's large segments would let the kernel take megabytes of a message that nobody reads.
        server_socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 1400)
    server_socket.bind(("127.0.0.1", 0))
    port = server_socket.getsockname()[1]
    path = f"{options.directory}/{port}.log"

    async def connected(reader, writer):
        await serve(case, reader, writer, path)

    await asyncio.start_server(connected, sock=server_socket, ssl=None if case.clear else context, limit=65536)
    return port


async def main():
    for name, case in CASES.items():
        print("case", name, *[await listen(case) for _ in range(3)])
    print("ready", flush=True)
    await asyncio.Event().wait()


def end_with_input():
    while sys.stdin.buffer.read(4096):
        pass
    shutil.rmtree(options.directory, ignore_errors=True)
    os._exit(0)


parser = argparse.ArgumentParser()
parser.add_argument("--certificate", required=True)
parser.add_argument("--key", required=True)
parser.add_argument("--directory", required=True)
parser.add_argument("--user", required=True)
parser.add_argument("--password-file", required=True)
options = parser.parse_args()
with open(options.password_file, "rb") as file:
    options.password = file.read().rstrip(b"\n")
# What asyncio says of lost connections is expected here, and nobody reads it: a full pipe would hold everything up.
logging.disable()
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(options.certificate, options.key)
threading.Thread(target=end_with_input, daemon=True).start()
asyncio.run(main())
