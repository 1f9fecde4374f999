#define _GNU_SOURCE
#include "CLinux.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <linux/sockios.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

static int32_t name_request(struct ifreq *request, const char *name) {
    memset(request, 0, sizeof *request);
    size_t length = strnlen(name, sizeof request->ifr_name);
    if (length == 0 || length == sizeof request->ifr_name) return -ENAMETOOLONG;
    memcpy(request->ifr_name, name, length);
    return 0;
}

/// An ioctl on a socket that lives for this call alone.
static int32_t ask(unsigned long call, struct ifreq *request) {
    int socket_descriptor = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (socket_descriptor < 0) return -errno;
    int32_t result = ioctl(socket_descriptor, call, request) < 0 ? -errno : 0;
    close(socket_descriptor);
    return result;
}

int32_t clinux_tun_attach(int32_t descriptor, const char *name) {
    struct ifreq request;
    int32_t named = name_request(&request, name);
    if (named < 0) return named;
    int flags = IFF_TUN | IFF_NO_PI | IFF_TUN_EXCL;
    request.ifr_flags = (short)flags;
    return ioctl(descriptor, TUNSETIFF, &request) < 0 ? -errno : 0;
}

int32_t clinux_device_index(const char *name) {
    struct ifreq request;
    int32_t named = name_request(&request, name);
    if (named < 0) return named;
    int32_t result = ask(SIOCGIFINDEX, &request);
    return result < 0 ? result : request.ifr_ifindex;
}

int32_t clinux_device_set_mtu(const char *name, int32_t octets) {
    struct ifreq request;
    int32_t named = name_request(&request, name);
    if (named < 0) return named;
    request.ifr_mtu = octets;
    return ask(SIOCSIFMTU, &request);
}

int32_t clinux_device_bring_up(const char *name) {
    struct ifreq request;
    int32_t named = name_request(&request, name);
    if (named < 0) return named;
    int32_t result = ask(SIOCGIFFLAGS, &request);
    if (result < 0) return result;
    request.ifr_flags = (short)(request.ifr_flags | IFF_UP);
    return ask(SIOCSIFFLAGS, &request);
}
