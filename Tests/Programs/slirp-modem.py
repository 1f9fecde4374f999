#!/usr/bin/python3
"""A modem on a pseudo-terminal whose dial leads to a stranger's PPP server: slirp-fullbolt of Debian's package slirp, which carries
TCP to this machine's loopback as 10.0.2.2.

slirp-modem.py LINK     makes the link, prints `ready LINK`, then `dialled`, `escaped`, `hung up` and `command TEXT` as they come

It answers commands as 3GPP TS 27.007 has them, leaves data mode by a guarded +++ and the call by ATH; slirp itself never hangs up.
"""
import os
import pty
import re
import select
import subprocess
import sys
import time
import tty

ANSWERS = {
    "ATI": "Neutral modem", "AT+CGMI": "Neutral", "AT+CGMM": "PPP", "AT+CGMR": "1", "AT+CGSN": "359998070012345",
    "AT+CPIN?": "+CPIN: READY", "AT+CGREG?": "+CGREG: 0,1", "AT+CEREG?": "+CEREG: 0,1", "AT+CGATT?": "+CGATT: 1",
    "AT+CGDCONT?": '+CGDCONT: 1,"IP","internet"', "AT+CMEE?": "+CMEE: 1", "AT+CFUN?": "+CFUN: 1",
}
REGISTERS = {"3": "013", "4": "010", "5": "008"}
GUARD = 0.8

link = sys.argv[1]
line, terminal = pty.openpty()
tty.setraw(terminal)
os.symlink(os.ttyname(terminal), link)
print("ready", link, flush=True)
os.close(terminal)
call = network = None
online = False
typed = b""
quiet_since = time.monotonic()


def say(*lines):
    for text in lines:
        os.write(line, b"\r\n" + text.encode() + b"\r\n")


def dial():
    global call, network, online
    network, end = pty.openpty()
    tty.setraw(end)
    call = subprocess.Popen(
        ["/usr/bin/slirp-fullbolt", "ppp"], stdin=end, stdout=end, stderr=end, start_new_session=True,
        env={"HOME": "/nonexistent", "PATH": "/usr/bin"})
    os.close(end)
    online = True
    print("dialled", flush=True)


def hang_up():
    global call, network, online
    if call is None:
        return
    call.kill()
    call.wait()
    os.close(network)
    call = network = None
    online = False
    print("hung up", flush=True)


def answer(command):
    print("command", command, flush=True)
    if command.startswith("ATD"):
        say("CONNECT 115200")
        dial()
    elif command == "ATH":
        hang_up()
        say("OK")
    elif re.match(r"ATS\d\?", command):
        say(*[REGISTERS[number] for number in re.findall(r"S(\d)\?", command)], "OK")
    elif command in ANSWERS:
        say(ANSWERS[command], "OK")
    else:
        say("OK")


def take(octets):
    """What the host wrote."""
    global typed, online, quiet_since
    silence, quiet_since = time.monotonic() - quiet_since, time.monotonic()
    if online:
        if octets == b"+++" and silence >= GUARD and not select.select([line], [], [], GUARD)[0]:
            online = False
            print("escaped", flush=True)
            say("OK")
        else:
            os.write(network, octets)
        return
    typed += octets
    while b"\r" in typed and not online:
        command, typed = typed.split(b"\r", 1)
        if command:
            answer(command.decode("latin-1"))


while True:
    ready, _, _ = select.select([line] + ([network] if network else []), [], [])
    if line in ready:
        try:
            take(os.read(line, 65536))
        except OSError:
            time.sleep(0.02)  # nobody has the terminal open
    if network in ready and network:
        try:
            octets = os.read(network, 65536)
        except OSError:
            hang_up()
            say("NO CARRIER")
            continue
        if online:
            os.write(line, octets)
