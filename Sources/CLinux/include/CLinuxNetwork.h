// Network namespaces, TUN devices, addresses and routes, and descriptors that pass between processes.
//
// The convention is that of CLinux.h: 0 or the value that was asked for, or a negative errno. An IP address is given as its
// octets in network order with their number: 4 for IPv4, 16 for IPv6; any other number is EAFNOSUPPORT.
#ifndef MODEMAIL_CLINUX_NETWORK_H
#define MODEMAIL_CLINUX_NETWORK_H

#include <stdbool.h>
#include <stdint.h>

// MARK: Namespaces and rights (unshare(2), capabilities(7))

/// CLONE_NEWNET, and CLONE_NEWUSER before it when asked for: the calling thread must then be the only one.
int32_t clinux_namespace_unshare(bool user);

/// Gives up every capability but CAP_NET_ADMIN and CAP_NET_RAW (both count only within the own network namespace when that
/// belongs to an own user namespace), keeps exec from giving any back, and forbids dumps and tracing.
int32_t clinux_rights_reduce(void);

/// The descriptor's socket domain is AF_UNIX: 1, else 0.
int32_t clinux_descriptor_is_unix_socket(int32_t descriptor);

// MARK: Devices (tuntap.rst of the kernel, netdevice(7))

/// TUNSETIFF: `descriptor`, of /dev/net/tun, becomes the far side of a new device without link header and without packet
/// information (IFF_TUN, IFF_NO_PI): each read and write is one IP packet.
int32_t clinux_tun_attach(int32_t descriptor, const char *name);

int32_t clinux_device_index(const char *name);
int32_t clinux_device_set_mtu(const char *name, int32_t octets);
/// IFF_UP.
int32_t clinux_device_bring_up(const char *name);

// MARK: Addresses and routes (rtnetlink(7)), in the calling thread's network namespace

/// IFLA_TXQLEN. (The ioctl for it is for root of the host alone, also in a namespace of one's own.)
int32_t clinux_device_set_queue(int32_t device, int32_t packets);

/// RTM_NEWADDR, replacing. For IPv6 without duplicate address detection. `peer` may be null.
int32_t clinux_address_add(
    int32_t device, const uint8_t *address, int32_t octets, int32_t prefix, const uint8_t *peer);

/// RTM_NEWROUTE, replacing: to `destination`/`prefix` through `device`. `local`: every address of the prefix is one of this
/// namespace itself. `source` (of `octets` too) may be null.
int32_t clinux_route_add(
    int32_t device, const uint8_t *destination, int32_t octets, int32_t prefix, bool local, const uint8_t *source);

/// IFLA_STATS64 of rtnetlink(7).
struct clinux_device_counters {
    int32_t error;
    uint64_t received_packets;
    uint64_t sent_packets;
    uint64_t received_octets;
    uint64_t sent_octets;
    uint64_t received_dropped;
    uint64_t sent_dropped;
};
struct clinux_device_counters clinux_device_counters_read(int32_t device);

// MARK: Sockets, all non-blocking and closed on exec

/// A TCP socket whose connect(2) has begun; it is writable when that has ended, and the socket's error tells how.
int32_t clinux_tcp_connect(const uint8_t *address, int32_t octets, uint16_t port);
/// A UDP socket that sends to, and receives from, this address and port alone.
int32_t clinux_udp_connect(const uint8_t *address, int32_t octets, uint16_t port);
/// A listening TCP socket, SO_REUSEADDR.
int32_t clinux_tcp_listen(const uint8_t *address, int32_t octets, uint16_t port, int32_t backlog);
int32_t clinux_udp_bind(const uint8_t *address, int32_t octets, uint16_t port);
/// SO_ERROR: 0, or the negative errno, which it clears.
int32_t clinux_socket_error(int32_t descriptor);
/// Sends one ICMPv6 Router Solicitation (RFC 4861 §4.1) to all routers of the device's link.
int32_t clinux_router_solicit(int32_t device);

// MARK: Descriptors between processes (unix(7), SCM_RIGHTS)

/// A pair of connected AF_UNIX sockets, closed on exec; `packets`: SOCK_SEQPACKET in place of SOCK_STREAM.
struct clinux_socket_pair {
    int32_t error;
    int32_t one;
    int32_t other;
};
struct clinux_socket_pair clinux_socket_pair_make(bool packets);

/// One packet: the number, with the descriptor. Waits while the socket is full, unless it is non-blocking.
int32_t clinux_descriptor_send(int32_t socket, uint32_t number, int32_t descriptor);

/// One packet. `descriptor` is closed on exec, and -1 when the packet brought none; further ones that it brought are closed.
struct clinux_received_descriptor {
    int32_t error;
    uint32_t number;
    int32_t descriptor;
};
/// Never waits: EAGAIN when there is nothing; ECONNRESET at the end; EBADMSG for a packet that is none of ours.
struct clinux_received_descriptor clinux_descriptor_receive(int32_t socket);

// MARK: Processes

struct clinux_started_process {
    int32_t error;
    int32_t process;
};
/// Starts `path` under a name and with one argument, with one variable ("NAME=value", or null) as its environment, in a
/// session of its own, with default signal handling, standard input, output and error at /dev/null, `third` and `fourth` as
/// descriptors 3 and 4, and no other. Returns when the program is executed.
struct clinux_started_process clinux_process_start(
    const char *path, const char *name, const char *argument, const char *variable, int32_t third, int32_t fourth);

#endif
