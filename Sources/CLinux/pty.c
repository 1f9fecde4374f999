#define _GNU_SOURCE
#include "CLinux.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#ifndef TIOCGPTPEER
#define TIOCGPTPEER _IO('T', 0x41)
#endif

static int flags(bool non_blocking) { return O_RDWR | O_NOCTTY | O_CLOEXEC | (non_blocking ? O_NONBLOCK : 0); }

int32_t clinux_pty_open(bool non_blocking) {
    int descriptor = posix_openpt(flags(non_blocking));
    if (descriptor < 0) return -errno;
    if (grantpt(descriptor) < 0 || unlockpt(descriptor) < 0) {
        int code = errno;
        close(descriptor);
        return -code;
    }
    return descriptor;
}

int32_t clinux_pty_number(int32_t far_descriptor) {
    unsigned int number = 0;
    if (ioctl(far_descriptor, TIOCGPTN, &number) < 0) return -errno;
    return (int32_t)number;
}

int32_t clinux_pty_open_near(int32_t far_descriptor, bool non_blocking) {
    int descriptor = ioctl(far_descriptor, TIOCGPTPEER, flags(non_blocking));
    return descriptor < 0 ? -errno : descriptor;
}
