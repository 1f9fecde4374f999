#include "CLinux.h"

#include <errno.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

_Static_assert(offsetof(struct clinux_tcp_info, rto) == offsetof(struct tcp_info, tcpi_rto), "tcp_info");
_Static_assert(offsetof(struct clinux_tcp_info, unacked) == offsetof(struct tcp_info, tcpi_unacked), "tcp_info");
_Static_assert(offsetof(struct clinux_tcp_info, rtt) == offsetof(struct tcp_info, tcpi_rtt), "tcp_info");
_Static_assert(
    offsetof(struct clinux_tcp_info, total_retrans) == offsetof(struct tcp_info, tcpi_total_retrans), "tcp_info");
_Static_assert(offsetof(struct clinux_tcp_info, bytes_acked) == offsetof(struct tcp_info, tcpi_bytes_acked), "tcp_info");
_Static_assert(offsetof(struct clinux_tcp_info, segs_out) == offsetof(struct tcp_info, tcpi_segs_out), "tcp_info");
_Static_assert(
    offsetof(struct clinux_tcp_info, notsent_bytes) == offsetof(struct tcp_info, tcpi_notsent_bytes), "tcp_info");
_Static_assert(
    offsetof(struct clinux_tcp_info, delivered) == offsetof(struct tcp_info, tcpi_delivered), "tcp_info");
_Static_assert(
    offsetof(struct clinux_tcp_info, bytes_retrans) == offsetof(struct tcp_info, tcpi_bytes_retrans), "tcp_info");

struct clinux_interface_name_result clinux_interface_name_make(const char *name) {
    struct clinux_interface_name_result result;
    memset(&result, 0, sizeof result);
    size_t length = strnlen(name, sizeof result.name.name);
    if (length == 0 || length == sizeof result.name.name) {
        result.error = ENAMETOOLONG;
        return result;
    }
    memcpy(result.name.name, name, length);
    return result;
}

int32_t clinux_level_socket(void) { return SOL_SOCKET; }
int32_t clinux_level_tcp(void) { return IPPROTO_TCP; }
int32_t clinux_option_bind_to_device(void) { return SO_BINDTODEVICE; }
int32_t clinux_option_tcp_info(void) { return TCP_INFO; }
int32_t clinux_option_tcp_nodelay(void) { return TCP_NODELAY; }

bool clinux_tcp_info_has_timestamps(struct clinux_tcp_info info) { return (info.options & TCPI_OPT_TIMESTAMPS) != 0; }
