#define _GNU_SOURCE
#include "CLinux.h"

#include <errno.h>
#include <linux/capability.h>
#include <sched.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static int32_t answer(int result) { return result < 0 ? -errno : result; }

int32_t clinux_namespace_unshare(bool user) { return answer(unshare(CLONE_NEWNET | (user ? CLONE_NEWUSER : 0))); }

int32_t clinux_rights_reduce(void) {
    const uint32_t kept = 1u << CAP_NET_ADMIN | 1u << CAP_NET_RAW;
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
    struct __user_cap_data_struct data[2];
    memset(data, 0, sizeof data);
    data[0].effective = kept;
    data[0].permitted = kept;
    const struct rlimit none = {0, 0};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) return -errno;
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0 && errno != EINVAL) return -errno;
    for (int capability = 0; prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) == 0; capability++) {
    }
    if (syscall(SYS_capset, &header, data) < 0) return -errno;
    if (setrlimit(RLIMIT_CORE, &none) < 0) return -errno;
    return answer(prctl(PR_SET_DUMPABLE, 0, 0, 0, 0));
}

int32_t clinux_descriptor_is_unix_socket(int32_t descriptor) {
    int domain = 0;
    socklen_t length = sizeof domain;
    if (getsockopt(descriptor, SOL_SOCKET, SO_DOMAIN, &domain, &length) < 0) return 0;
    return domain == AF_UNIX;
}
