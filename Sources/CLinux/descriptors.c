#define _GNU_SOURCE
#include "CLinux.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef IPV6_FREEBIND
#define IPV6_FREEBIND 78  // <linux/in6.h>, which excludes <netinet/in.h>
#endif

// MARK: Sockets

union socket_address {
    struct sockaddr any;
    struct sockaddr_in four;
    struct sockaddr_in6 six;
};

static socklen_t fill(union socket_address *filled, const uint8_t *address, int32_t octets, uint16_t port) {
    memset(filled, 0, sizeof *filled);
    if (octets == 4) {
        filled->four.sin_family = AF_INET;
        filled->four.sin_port = htons(port);
        memcpy(&filled->four.sin_addr, address, 4);
        return sizeof filled->four;
    }
    if (octets == 16) {
        filled->six.sin6_family = AF_INET6;
        filled->six.sin6_port = htons(port);
        memcpy(&filled->six.sin6_addr, address, 16);
        return sizeof filled->six;
    }
    return 0;
}

enum purpose { CONNECT, LISTEN, BIND };

static int32_t make(
    int type, enum purpose purpose, const uint8_t *address, int32_t octets, uint16_t port, int32_t backlog) {
    union socket_address filled;
    socklen_t length = fill(&filled, address, octets, port);
    if (length == 0) return -EAFNOSUPPORT;
    int descriptor = socket(filled.any.sa_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (descriptor < 0) return -errno;
    int on = 1;
    int failed = 0;
    if (purpose == CONNECT) {
        failed = connect(descriptor, &filled.any, length) < 0 && errno != EINPROGRESS;
    } else {
        // Without IPV6_V6ONLY, :: would take the port of 0.0.0.0 too; without IPV6_FREEBIND an address of a local route (not
        // of a device) is none of this machine's for IPv6.
        failed = setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0 ||
                 (octets == 16 && (setsockopt(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) < 0 ||
                                   setsockopt(descriptor, IPPROTO_IPV6, IPV6_FREEBIND, &on, sizeof on) < 0)) ||
                 bind(descriptor, &filled.any, length) < 0 || (purpose == LISTEN && listen(descriptor, backlog) < 0);
    }
    if (!failed) return descriptor;
    int code = errno;
    close(descriptor);
    return -code;
}

int32_t clinux_tcp_connect(const uint8_t *address, int32_t octets, uint16_t port) {
    return make(SOCK_STREAM, CONNECT, address, octets, port, 0);
}

int32_t clinux_udp_connect(const uint8_t *address, int32_t octets, uint16_t port) {
    return make(SOCK_DGRAM, CONNECT, address, octets, port, 0);
}

int32_t clinux_tcp_listen(const uint8_t *address, int32_t octets, uint16_t port, int32_t backlog) {
    return make(SOCK_STREAM, LISTEN, address, octets, port, backlog);
}

int32_t clinux_udp_bind(const uint8_t *address, int32_t octets, uint16_t port) {
    return make(SOCK_DGRAM, BIND, address, octets, port, 0);
}

int32_t clinux_socket_error(int32_t descriptor) {
    int code = 0;
    socklen_t length = sizeof code;
    if (getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &length) < 0) return -errno;
    return -code;
}

// MARK: Descriptors between processes

struct clinux_socket_pair clinux_socket_pair_make(bool packets) {
    struct clinux_socket_pair pair = {0, -1, -1};
    int ends[2];
    if (socketpair(AF_UNIX, (packets ? SOCK_SEQPACKET : SOCK_STREAM) | SOCK_CLOEXEC, 0, ends) < 0) {
        pair.error = errno;
        return pair;
    }
    pair.one = ends[0];
    pair.other = ends[1];
    return pair;
}

/// Room for some more than the one that ours bring, so that what somebody else adds is seen and closed.
#define MOST_DESCRIPTORS 16

union control {
    struct cmsghdr header;
    char octets[CMSG_SPACE(sizeof(int) * MOST_DESCRIPTORS)];
};

int32_t clinux_descriptor_send(int32_t socket, uint32_t number, int32_t descriptor) {
    union control control;
    memset(&control, 0, sizeof control);
    struct iovec piece = {&number, sizeof number};
    struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1, .msg_control = control.octets,
                             .msg_controllen = CMSG_SPACE(sizeof(int))};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(header), &descriptor, sizeof descriptor);
    ssize_t count;
    do {
        count = sendmsg(socket, &message, MSG_NOSIGNAL);
    } while (count < 0 && errno == EINTR);
    return count < 0 ? -errno : 0;
}

struct clinux_received_descriptor clinux_descriptor_receive(int32_t socket) {
    struct clinux_received_descriptor received = {0, 0, -1};
    union control control;
    memset(&control, 0, sizeof control);
    struct iovec piece = {&received.number, sizeof received.number};
    struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1, .msg_control = control.octets,
                             .msg_controllen = sizeof control.octets};
    ssize_t count;
    do {
        count = recvmsg(socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    } while (count < 0 && errno == EINTR);
    if (count < 0) {
        received.error = errno;
        return received;
    }
    for (struct cmsghdr *header = CMSG_FIRSTHDR(&message); header; header = CMSG_NXTHDR(&message, header)) {
        if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
        for (size_t at = 0; CMSG_LEN(at + sizeof(int)) <= header->cmsg_len; at += sizeof(int)) {
            int descriptor;
            memcpy(&descriptor, CMSG_DATA(header) + at, sizeof descriptor);
            if (received.descriptor < 0) {
                received.descriptor = descriptor;
            } else {
                close(descriptor);
            }
        }
    }
    if (count == 0) received.error = ECONNRESET;
    if (count != 0 && (count != sizeof received.number || message.msg_flags & (MSG_TRUNC | MSG_CTRUNC))) {
        received.error = EBADMSG;
    }
    if (received.error && received.descriptor >= 0) {
        close(received.descriptor);
        received.descriptor = -1;
    }
    return received;
}

// MARK: Processes

/// A duplicate above the numbers that the started process gives meanings to, closed on exec.
static int out_of_the_way(int32_t descriptor) { return fcntl(descriptor, F_DUPFD_CLOEXEC, 16); }

struct clinux_started_process clinux_process_start(
    const char *path, const char *name, const char *argument, const char *variable, int32_t third, int32_t fourth) {
    struct clinux_started_process started = {0, -1};
    // posix_spawn(3) writes to none of them.
    char *const arguments[] = {(char *)name, (char *)argument, NULL};
    char *const environment[] = {(char *)variable, NULL};
    int high_third = out_of_the_way(third);
    int high_fourth = out_of_the_way(fourth);
    if (high_third < 0 || high_fourth < 0) {
        started.error = errno;
        if (high_third >= 0) close(high_third);
        if (high_fourth >= 0) close(high_fourth);
        return started;
    }
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t all, none;
    sigfillset(&all);
    sigemptyset(&none);
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    int code = posix_spawnattr_setflags(
        &attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
    if (!code) code = posix_spawnattr_setsigdefault(&attributes, &all);
    if (!code) code = posix_spawnattr_setsigmask(&attributes, &none);
    if (!code) code = posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDWR, 0);
    if (!code) code = posix_spawn_file_actions_adddup2(&actions, 0, 1);
    if (!code) code = posix_spawn_file_actions_adddup2(&actions, 0, 2);
    if (!code) code = posix_spawn_file_actions_adddup2(&actions, high_third, 3);
    if (!code) code = posix_spawn_file_actions_adddup2(&actions, high_fourth, 4);
    if (!code) code = posix_spawn_file_actions_addclosefrom_np(&actions, 5);
    pid_t process = -1;
    if (!code) code = posix_spawn(&process, path, &actions, &attributes, arguments, environment);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    close(high_third);
    close(high_fourth);
    started.error = code;
    started.process = code ? -1 : process;
    return started;
}
