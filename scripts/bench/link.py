"""A slow IP link between two network namespaces of its own, made of two TUN devices: FIFO at the link's rate, then delay.

It stands in for a cellular bearer, so that whole programs can be measured over kernel TCP. Every packet is logged as
(seconds, direction, octets of IP, octets of TCP payload), which is what an operator bills and what a round trip is made of.
Needs root. Only addresses of the two namespaces are ever spoken to.
"""

import ctypes
import fcntl
import heapq
import os
import select
import struct
import subprocess
import threading
import time

TUNSETIFF = 0x400454CA
IFF_TUN, IFF_NO_PI = 0x0001, 0x1000
CLONE_NEWNET = 0x40000000
libc = ctypes.CDLL(None, use_errno=True)

CLIENT_ADDRESS, SERVER_ADDRESS = "10.99.0.1", "10.99.0.2"


def ip(*words):
    subprocess.run(["ip", *words], check=True)


class Link:
    """rtt in seconds; up and down in bit/s, None for no limit."""

    def __init__(self, rtt, up=None, down=None, hosts=""):
        self.delay, self.rates = rtt / 2, {"up": up, "down": down}
        self.names = {"up": f"mm-client-{os.getpid()}", "down": f"mm-server-{os.getpid()}"}
        self.log, self.lock, self.stopping = [], threading.Lock(), threading.Event()
        self.devices = {}
        addresses = {"up": (CLIENT_ADDRESS, SERVER_ADDRESS), "down": (SERVER_ADDRESS, CLIENT_ADDRESS)}
        for side, name in self.names.items():
            ip("netns", "add", name)
            os.makedirs(f"/etc/netns/{name}", exist_ok=True)
            with open(f"/etc/netns/{name}/hosts", "w") as file:
                file.write("127.0.0.1 localhost\n" + hosts)
            self.devices[side] = self.tun(name)
            own, peer = addresses[side]
            for words in (["link", "set", "lo", "up"], ["addr", "add", own, "peer", peer, "dev", "link0"],
                          ["link", "set", "link0", "mtu", "1500", "up"]):
                ip("-n", name, *words)
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    @staticmethod
    def tun(namespace):
        """Opens /dev/net/tun within the namespace, on a thread of its own since a namespace is a thread's property."""
        result = {}

        def within():
            handle = os.open(f"/run/netns/{namespace}", os.O_RDONLY)
            if libc.setns(handle, CLONE_NEWNET) != 0:
                result["error"] = OSError(ctypes.get_errno(), "setns")
                return
            device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
            fcntl.ioctl(device, TUNSETIFF, struct.pack("16sH22x", b"link0", IFF_TUN | IFF_NO_PI))
            result["device"] = device

        thread = threading.Thread(target=within)
        thread.start()
        thread.join()
        if "error" in result:
            raise result["error"]
        return result["device"]

    def run(self):
        other = {"up": "down", "down": "up"}
        free = {"up": 0.0, "down": 0.0}
        queue, number = [], 0
        while not self.stopping.is_set():
            wait = 0.05 if not queue else max(0.0, min(0.05, queue[0][0] - time.monotonic()))
            ready, _, _ = select.select(list(self.devices.values()), [], [], wait)
            now = time.monotonic()
            for side, device in self.devices.items():
                while device in ready:
                    try:
                        packet = os.read(device, 2048)
                    except BlockingIOError:
                        break
                    if packet[0] >> 4 != 4:
                        continue
                    rate = self.rates[side]
                    start = max(now, free[side])
                    free[side] = start + (len(packet) * 8 / rate if rate else 0)
                    number += 1
                    heapq.heappush(queue, (free[side] + self.delay, number, side, packet))
            now = time.monotonic()
            while queue and queue[0][0] <= now:
                _, _, side, packet = heapq.heappop(queue)
                self.note(time.monotonic(), side, packet)
                try:
                    os.write(self.devices[other[side]], packet)
                except BlockingIOError:
                    pass  # a full queue loses it, as a real link would

    def note(self, moment, side, packet):
        header = (packet[0] & 15) * 4
        payload = 0
        if packet[9] == 6 and len(packet) >= header + 20:
            payload = len(packet) - header - (packet[header + 12] >> 4) * 4
        with self.lock:
            self.log.append((moment, side, len(packet), payload))

    def take(self):
        with self.lock:
            log, self.log = self.log, []
        return log

    def command(self, side, words):
        return ["ip", "netns", "exec", self.names[side], *words]

    def close(self):
        self.stopping.set()
        self.thread.join()
        for side, name in self.names.items():
            os.close(self.devices[side])
            subprocess.run(["ip", "netns", "del", name], check=False)
            subprocess.run(["rm", "-rf", f"/etc/netns/{name}"], check=False)


def flights(log):
    """Runs of packets with payload in one direction: [direction, time of the first, time of the last, octets]."""
    runs = []
    for moment, side, _, payload in log:
        if payload == 0:
            continue
        if runs and runs[-1][0] == side:
            runs[-1][2], runs[-1][3] = moment, runs[-1][3] + payload
        else:
            runs.append([side, moment, moment, payload])
    return runs
