#!/usr/bin/env python3
"""A mail server for tests, made of aiosmtpd: TLS and AUTH, each message a file in a folder, and servers that misbehave on request.

Prints `ready PORT` when it listens on loopback. Every message is stored as N.message, its envelope as N.envelope.
"""

import argparse
import asyncio
import os
import ssl

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

parser = argparse.ArgumentParser()
parser.add_argument("--certificate", required=True)
parser.add_argument("--key", required=True)
parser.add_argument("--directory", required=True)
parser.add_argument("--user")
parser.add_argument("--password-file")
parser.add_argument("--starttls", action="store_true")
parser.add_argument("--refuse-sender", action="store_true")
parser.add_argument("--refuse-recipient", action="append", default=[])
parser.add_argument("--defer", action="store_true", help="answer 451 to the message")
parser.add_argument("--size", type=int, default=100_000_000)
parser.add_argument("--greeting", help="say this instead of a greeting, and close")
parser.add_argument("--stall", choices=["tls", "greeting", "message"],
                    help="say nothing from there on; the file `stalled` tells that it came so far")
parser.add_argument("--close-after-message", action="store_true", help="close without a reply to the message")
parser.add_argument("--recipients", type=int, help="answer 452 to more recipients in one transaction")
parser.add_argument("--seven-bit", action="store_true", help="do not offer 8BITMIME")
parser.add_argument("--smtputf8", action="store_true")
parser.add_argument("--offer", action="append", default=[], help="a further line of the reply to EHLO")
parser.add_argument("--breaks-on-groups", action="store_true", help="close when more follows MAIL before its reply")
parser.add_argument("--closes-at-mail", action="store_true")
options = parser.parse_args()


def stalled():
    with open(options.directory + "/stalled", "w"):
        pass


class Handler:
    count = 0

    async def handle_EHLO(self, server, session, envelope, hostname, responses):
        session.host_name = hostname
        return responses[:1] + [f"250-{line}" for line in options.offer] + responses[1:]

    async def handle_MAIL(self, server, session, envelope, address, mail_options):
        if options.closes_at_mail or options.breaks_on_groups and server._reader._buffer:
            server.transport.abort()
            return "421 4.7.0 one at a time"
        if options.refuse_sender:
            return "550 5.7.1 this sender may not send here"
        envelope.mail_from = address
        envelope.mail_options.extend(mail_options)
        return "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, rcpt_options):
        if address in options.refuse_recipient:
            return "550 5.1.1 no such mailbox"
        if options.recipients is not None and len(envelope.rcpt_tos) >= options.recipients:
            return "452 4.5.3 too many recipients"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if options.close_after_message:
            server.transport.abort()
            return "250 OK"
        if options.stall == "message":
            stalled()
            await asyncio.sleep(600)
        if options.defer:
            return "451 4.3.0 try again later"
        Handler.count += 1
        path = f"{options.directory}/{Handler.count}"
        with open(path + ".message", "wb") as file:
            file.write(envelope.original_content)
        with open(path + ".envelope.new", "w") as file:
            file.write("\n".join([envelope.mail_from, *envelope.rcpt_tos, ""]))
        os.rename(path + ".envelope.new", path + ".envelope")
        return f"250 2.0.0 stored as {Handler.count}"


def authenticate(server, session, envelope, mechanism, login):
    with open(options.password_file, "rb") as file:
        password = file.read().rstrip(b"\n")
    good = isinstance(login, LoginPassword) and login.login == options.user.encode() and login.password == password
    return AuthResult(success=good, handled=False)


async def stall(reader, writer):
    stalled()
    while await reader.read(1000):
        pass
    writer.close()


async def refuse(reader, writer):
    writer.write(options.greeting.encode() + b"\r\n")
    await writer.drain()
    await reader.read(100)
    writer.close()


async def main():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(options.certificate, options.key)
    loop = asyncio.get_running_loop()
    implicit = None if options.starttls else context
    if options.stall in ("tls", "greeting"):
        server = await asyncio.start_server(stall, "127.0.0.1", 0, ssl=implicit if options.stall == "greeting" else None)
    elif options.greeting:
        server = await asyncio.start_server(refuse, "127.0.0.1", 0, ssl=implicit)
    else:
        def session():
            return SMTP(
                Handler(), hostname="mail.example.net", data_size_limit=options.size, timeout=60,
                decode_data=options.seven_bit, enable_SMTPUTF8=options.smtputf8,
                tls_context=context if options.starttls else None, require_starttls=options.starttls,
                auth_required=bool(options.user), auth_require_tls=options.starttls,
                authenticator=authenticate if options.user else None)
        server = await loop.create_server(session, "127.0.0.1", 0, ssl=implicit)
    print(f"ready {server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


asyncio.run(main())
