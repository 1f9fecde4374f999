// What Swift cannot import from Linux: termios2, modem lines, network namespaces, and calls whose constants are macros with
// casts.
//
// A function that returns int32_t answers 0 (or the value that was asked for, never negative), or a negative errno.
// A structure that is returned by value carries its errno in `error`: 0 when the rest is valid.
#ifndef MODEMAIL_CLINUX_H
#define MODEMAIL_CLINUX_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#include "CLinuxNetwork.h"

// MARK: Line settings (tty_ioctl(4): TCGETS2, TCSETS2)

/// `struct termios2` under names of its own, since <asm/termbits.h> and <termios.h> exclude each other.
struct clinux_line_settings {
    int32_t error;
    uint32_t input_flags;
    uint32_t output_flags;
    uint32_t control_flags;
    uint32_t local_flags;
    uint8_t line_discipline;
    uint8_t control_characters[19];
    uint32_t input_speed;
    uint32_t output_speed;
};

/// TCGETS2. ENOTTY: the descriptor is no terminal.
struct clinux_line_settings clinux_line_settings_read(int32_t descriptor);

/// TCSETS2: at once, without waiting for output that is queued.
int32_t clinux_line_settings_apply(int32_t descriptor, struct clinux_line_settings settings);

/// `found` made raw with 8 data bits, no parity, 1 stop bit, receiver on, CLOCAL on (carrier is not looked at), a read
/// answering from one octet on, `baud` by BOTHER, RTS/CTS and HUPCL as asked, no XON/XOFF.
struct clinux_line_settings clinux_line_settings_raw(
    struct clinux_line_settings found, uint32_t baud, bool rts_cts, bool hang_up_on_close);

/// `settings` with HUPCL as asked, and nothing else changed.
struct clinux_line_settings clinux_line_settings_with_hang_up(struct clinux_line_settings settings, bool hang_up_on_close);

bool clinux_line_settings_have_rts_cts(struct clinux_line_settings settings);
bool clinux_line_settings_have_hang_up(struct clinux_line_settings settings);
bool clinux_line_settings_equal(struct clinux_line_settings one, struct clinux_line_settings other);

// MARK: Exclusive use, queues, latency

/// TIOCEXCL or TIOCNXCL.
int32_t clinux_line_set_exclusive(int32_t descriptor, bool exclusive);
/// TIOCGEXCL: 1 when somebody has set TIOCEXCL, else 0.
int32_t clinux_line_is_exclusive(int32_t descriptor);

/// TCFLSH: throws away what was received and not read, what was written and not sent, or both.
int32_t clinux_line_discard(int32_t descriptor, bool input, bool output);
/// TIOCOUTQ: octets written and not sent.
int32_t clinux_line_unsent(int32_t descriptor);

/// TIOCGSERIAL: 1 when ASYNC_LOW_LATENCY is on, 0 when it is off; ENOTTY or EINVAL where the driver has no such thing.
int32_t clinux_line_low_latency(int32_t descriptor);
/// TIOCSSERIAL with ASYNC_LOW_LATENCY changed and the rest as found.
int32_t clinux_line_set_low_latency(int32_t descriptor, bool low_latency);

// MARK: Modem lines (TIOCMGET, TIOCMBIS, TIOCMBIC)

struct clinux_modem_lines {
    int32_t error;
    bool dtr;
    bool rts;
    bool cts;
    bool dcd;
    bool dsr;
    bool ring;
};

/// ENOTTY or EINVAL where the driver has none, as a pty.
struct clinux_modem_lines clinux_modem_lines_read(int32_t descriptor);
int32_t clinux_modem_line_set_dtr(int32_t descriptor, bool on);
int32_t clinux_modem_line_set_rts(int32_t descriptor, bool on);

// MARK: Pseudo-terminals

/// A new pseudo-terminal, unlocked, no controlling terminal: the descriptor of the far (master) end, closed on exec.
int32_t clinux_pty_open(bool non_blocking);
/// The near end's number: it is /dev/pts/<number>.
int32_t clinux_pty_number(int32_t far_descriptor);
/// TIOCGPTPEER: a descriptor of the near (slave) end, closed on exec, also where /dev/pts is another or the line is
/// exclusive. While one is open, the far end is not hung up between two users of the line.
int32_t clinux_pty_open_near(int32_t far_descriptor, bool non_blocking);

// MARK: Waiting

/// ppoll(2), of which Swift sees only the milliseconds of poll(2). `nanoseconds` below 0: without a limit.
int32_t clinux_poll(struct pollfd *descriptors, uint32_t count, int64_t nanoseconds);

// MARK: Sockets

/// SIOCOUTQ: octets that the far TCP has not acknowledged, sent or not.
int32_t clinux_socket_unacknowledged(int32_t descriptor);

/// The value of SO_BINDTODEVICE: a name of at most 15 octets, zero-terminated.
struct clinux_interface_name {
    char name[16];
};

/// ENAMETOOLONG in `error` when `name` does not fit or is empty.
struct clinux_interface_name_result {
    int32_t error;
    struct clinux_interface_name name;
};
struct clinux_interface_name_result clinux_interface_name_make(const char *name);

/// Level and name of the socket options that Swift's NIO is given as numbers.
int32_t clinux_level_socket(void);
int32_t clinux_level_tcp(void);
int32_t clinux_option_bind_to_device(void);
int32_t clinux_option_tcp_info(void);
int32_t clinux_option_tcp_nodelay(void);

/// `struct tcp_info` of <linux/tcp.h> as far as `tcpi_bytes_retrans` (Linux 4.19), which glibc's own cuts short. What an
/// older kernel does not fill stays zero. Layout checked against the kernel's header when this is compiled.
struct clinux_tcp_info {
    uint8_t state;
    uint8_t ca_state;
    uint8_t retransmits;
    uint8_t probes;
    uint8_t backoff;
    uint8_t options;
    uint8_t window_scales;
    uint8_t flags;
    uint32_t rto;
    uint32_t ato;
    uint32_t snd_mss;
    uint32_t rcv_mss;
    uint32_t unacked;
    uint32_t sacked;
    uint32_t lost;
    uint32_t retrans;
    uint32_t fackets;
    uint32_t last_data_sent;
    uint32_t last_ack_sent;
    uint32_t last_data_recv;
    uint32_t last_ack_recv;
    uint32_t pmtu;
    uint32_t rcv_ssthresh;
    uint32_t rtt;
    uint32_t rttvar;
    uint32_t snd_ssthresh;
    uint32_t snd_cwnd;
    uint32_t advmss;
    uint32_t reordering;
    uint32_t rcv_rtt;
    uint32_t rcv_space;
    uint32_t total_retrans;
    uint64_t pacing_rate;
    uint64_t max_pacing_rate;
    uint64_t bytes_acked;
    uint64_t bytes_received;
    uint32_t segs_out;
    uint32_t segs_in;
    uint32_t notsent_bytes;
    uint32_t min_rtt;
    uint32_t data_segs_in;
    uint32_t data_segs_out;
    uint64_t delivery_rate;
    uint64_t busy_time;
    uint64_t rwnd_limited;
    uint64_t sndbuf_limited;
    uint32_t delivered;
    uint32_t delivered_ce;
    uint64_t bytes_sent;
    uint64_t bytes_retrans;
};

/// Whether the connection carries RFC 7323 timestamps: 12 octets more in each segment.
bool clinux_tcp_info_has_timestamps(struct clinux_tcp_info info);

#endif
