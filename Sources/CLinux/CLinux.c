#include "CLinux.h"

#include <asm/ioctls.h>
#include <asm/termbits.h>
#include <errno.h>
#include <linux/serial.h>
#include <linux/sockios.h>
#include <string.h>
#include <sys/ioctl.h>

static int32_t answer(int result) { return result < 0 ? -errno : result; }

struct clinux_line_settings clinux_line_settings_read(int32_t descriptor) {
    struct termios2 found;
    struct clinux_line_settings settings;
    memset(&found, 0, sizeof found);
    memset(&settings, 0, sizeof settings);
    if (ioctl(descriptor, TCGETS2, &found) < 0) {
        settings.error = errno;
        return settings;
    }
    settings.input_flags = found.c_iflag;
    settings.output_flags = found.c_oflag;
    settings.control_flags = found.c_cflag;
    settings.local_flags = found.c_lflag;
    settings.line_discipline = found.c_line;
    memcpy(settings.control_characters, found.c_cc, sizeof settings.control_characters);
    settings.input_speed = found.c_ispeed;
    settings.output_speed = found.c_ospeed;
    return settings;
}

int32_t clinux_line_settings_apply(int32_t descriptor, struct clinux_line_settings settings) {
    struct termios2 wanted;
    memset(&wanted, 0, sizeof wanted);
    wanted.c_iflag = settings.input_flags;
    wanted.c_oflag = settings.output_flags;
    wanted.c_cflag = settings.control_flags;
    wanted.c_lflag = settings.local_flags;
    wanted.c_line = settings.line_discipline;
    memcpy(wanted.c_cc, settings.control_characters, sizeof wanted.c_cc);
    wanted.c_ispeed = settings.input_speed;
    wanted.c_ospeed = settings.output_speed;
    return answer(ioctl(descriptor, TCSETS2, &wanted));
}

struct clinux_line_settings clinux_line_settings_raw(
    struct clinux_line_settings found, uint32_t baud, bool rts_cts, bool hang_up_on_close) {
    struct clinux_line_settings raw = found;
    raw.input_flags &= ~(uint32_t)(IGNBRK | BRKINT | PARMRK | INPCK | ISTRIP | INLCR | IGNCR | ICRNL | IUCLC | IXON |
                                   IXANY | IXOFF | IMAXBEL);
    raw.output_flags &= ~(uint32_t)OPOST;
    raw.local_flags &= ~(uint32_t)(ISIG | ICANON | XCASE | ECHO | ECHOE | ECHOK | ECHONL | NOFLSH | TOSTOP | IEXTEN);
    raw.control_flags &= ~(uint32_t)(CSIZE | CSTOPB | PARENB | PARODD | CMSPAR | CRTSCTS | HUPCL | CBAUD | (CBAUD << IBSHIFT));
    raw.control_flags |= (uint32_t)(CS8 | CREAD | CLOCAL | BOTHER | (BOTHER << IBSHIFT));
    if (rts_cts) raw.control_flags |= (uint32_t)CRTSCTS;
    if (hang_up_on_close) raw.control_flags |= (uint32_t)HUPCL;
    raw.control_characters[VMIN] = 1;
    raw.control_characters[VTIME] = 0;
    raw.input_speed = baud;
    raw.output_speed = baud;
    return raw;
}

struct clinux_line_settings clinux_line_settings_with_hang_up(struct clinux_line_settings settings, bool hang_up_on_close) {
    if (hang_up_on_close) {
        settings.control_flags |= (uint32_t)HUPCL;
    } else {
        settings.control_flags &= ~(uint32_t)HUPCL;
    }
    return settings;
}

bool clinux_line_settings_have_rts_cts(struct clinux_line_settings settings) {
    return (settings.control_flags & (uint32_t)CRTSCTS) != 0;
}

bool clinux_line_settings_have_hang_up(struct clinux_line_settings settings) {
    return (settings.control_flags & (uint32_t)HUPCL) != 0;
}

bool clinux_line_settings_equal(struct clinux_line_settings one, struct clinux_line_settings other) {
    return one.input_flags == other.input_flags && one.output_flags == other.output_flags &&
           one.control_flags == other.control_flags && one.local_flags == other.local_flags &&
           one.line_discipline == other.line_discipline &&
           memcmp(one.control_characters, other.control_characters, sizeof one.control_characters) == 0 &&
           one.input_speed == other.input_speed && one.output_speed == other.output_speed;
}

int32_t clinux_line_set_exclusive(int32_t descriptor, bool exclusive) {
    return answer(ioctl(descriptor, exclusive ? TIOCEXCL : TIOCNXCL));
}

int32_t clinux_line_is_exclusive(int32_t descriptor) {
    int exclusive = 0;
    if (ioctl(descriptor, TIOCGEXCL, &exclusive) < 0) return -errno;
    return exclusive != 0;
}

int32_t clinux_line_discard(int32_t descriptor, bool input, bool output) {
    if (!input && !output) return 0;
    return answer(ioctl(descriptor, TCFLSH, input ? (output ? TCIOFLUSH : TCIFLUSH) : TCOFLUSH));
}

int32_t clinux_line_unsent(int32_t descriptor) {
    int octets = 0;
    if (ioctl(descriptor, TIOCOUTQ, &octets) < 0) return -errno;
    return octets < 0 ? 0 : octets;
}

int32_t clinux_line_low_latency(int32_t descriptor) {
    struct serial_struct serial;
    memset(&serial, 0, sizeof serial);
    if (ioctl(descriptor, TIOCGSERIAL, &serial) < 0) return -errno;
    return (serial.flags & ASYNC_LOW_LATENCY) != 0;
}

int32_t clinux_line_set_low_latency(int32_t descriptor, bool low_latency) {
    struct serial_struct serial;
    memset(&serial, 0, sizeof serial);
    if (ioctl(descriptor, TIOCGSERIAL, &serial) < 0) return -errno;
    if (low_latency) {
        serial.flags |= ASYNC_LOW_LATENCY;
    } else {
        serial.flags &= ~ASYNC_LOW_LATENCY;
    }
    return answer(ioctl(descriptor, TIOCSSERIAL, &serial));
}

struct clinux_modem_lines clinux_modem_lines_read(int32_t descriptor) {
    struct clinux_modem_lines lines;
    int bits = 0;
    memset(&lines, 0, sizeof lines);
    if (ioctl(descriptor, TIOCMGET, &bits) < 0) {
        lines.error = errno;
        return lines;
    }
    lines.dtr = (bits & TIOCM_DTR) != 0;
    lines.rts = (bits & TIOCM_RTS) != 0;
    lines.cts = (bits & TIOCM_CTS) != 0;
    lines.dcd = (bits & TIOCM_CAR) != 0;
    lines.dsr = (bits & TIOCM_DSR) != 0;
    lines.ring = (bits & TIOCM_RNG) != 0;
    return lines;
}

static int32_t set_line(int32_t descriptor, int bit, bool on) {
    return answer(ioctl(descriptor, on ? TIOCMBIS : TIOCMBIC, &bit));
}

int32_t clinux_modem_line_set_dtr(int32_t descriptor, bool on) { return set_line(descriptor, TIOCM_DTR, on); }

int32_t clinux_modem_line_set_rts(int32_t descriptor, bool on) { return set_line(descriptor, TIOCM_RTS, on); }

int32_t clinux_socket_unacknowledged(int32_t descriptor) {
    int octets = 0;
    if (ioctl(descriptor, SIOCOUTQ, &octets) < 0) return -errno;
    return octets < 0 ? 0 : octets;
}
