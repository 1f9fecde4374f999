#define _GNU_SOURCE
#include "CLinux.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/// A request with room for the few attributes that ours have.
struct request {
    struct nlmsghdr header;
    union {
        struct ifaddrmsg address;
        struct rtmsg route;
        struct ifinfomsg link;
    } body;
    uint8_t attributes[128];
};

static int family_of(int32_t octets) { return octets == 4 ? AF_INET : octets == 16 ? AF_INET6 : AF_UNSPEC; }

static void begin(struct request *request, uint16_t type, uint16_t flags, size_t body) {
    memset(request, 0, sizeof *request);
    request->header.nlmsg_len = NLMSG_LENGTH(body);
    request->header.nlmsg_type = type;
    request->header.nlmsg_flags = NLM_F_REQUEST | flags;
    request->header.nlmsg_seq = 1;
}

/// Every caller adds at most five attributes of at most 16 octets: less than there is room for.
static void add(struct request *request, uint16_t type, const void *value, size_t octets) {
    size_t offset = NLMSG_ALIGN(request->header.nlmsg_len);
    if (offset + RTA_SPACE(octets) > sizeof *request) return;
    struct rtattr *attribute = (struct rtattr *)((uint8_t *)request + offset);
    attribute->rta_type = type;
    attribute->rta_len = (uint16_t)RTA_LENGTH(octets);
    memcpy(RTA_DATA(attribute), value, octets);
    request->header.nlmsg_len = (uint32_t)(offset + RTA_SPACE(octets));
}

/// Sends the request and receives the kernel's one answer into `answer`: its length, or a negative errno.
static int32_t converse(struct request *request, void *answer, size_t room) {
    int descriptor = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    if (descriptor < 0) return -errno;
    struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
    ssize_t count;
    do {
        count = sendto(descriptor, request, request->header.nlmsg_len, 0, (struct sockaddr *)&kernel, sizeof kernel);
    } while (count < 0 && errno == EINTR);
    if (count >= 0) {
        do {
            count = recv(descriptor, answer, room, 0);
        } while (count < 0 && errno == EINTR);
    }
    int32_t result = count < 0 ? -errno : (int32_t)count;
    close(descriptor);
    return result;
}

/// The errno of an acknowledgement.
static int32_t acknowledged(struct request *request) {
    struct {
        struct nlmsghdr header;
        struct nlmsgerr error;
        uint8_t rest[256];
    } answer;
    memset(&answer, 0, sizeof answer);
    int32_t count = converse(request, &answer, sizeof answer);
    if (count < 0) return count;
    if ((size_t)count < sizeof answer.header + sizeof answer.error || answer.header.nlmsg_type != NLMSG_ERROR) {
        return -EPROTO;
    }
    return answer.error.error;
}

int32_t clinux_device_set_queue(int32_t device, int32_t packets) {
    struct request request;
    uint32_t length = (uint32_t)packets;
    begin(&request, RTM_NEWLINK, NLM_F_ACK, sizeof request.body.link);
    request.body.link.ifi_index = device;
    add(&request, IFLA_TXQLEN, &length, sizeof length);
    return acknowledged(&request);
}

int32_t clinux_address_add(
    int32_t device, const uint8_t *address, int32_t octets, int32_t prefix, const uint8_t *peer) {
    if (family_of(octets) == AF_UNSPEC) return -EAFNOSUPPORT;
    struct request request;
    begin(&request, RTM_NEWADDR, NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE, sizeof request.body.address);
    request.body.address.ifa_family = (uint8_t)family_of(octets);
    request.body.address.ifa_prefixlen = (uint8_t)prefix;
    request.body.address.ifa_index = (uint32_t)device;
    if (octets == 16) request.body.address.ifa_flags = IFA_F_NODAD;
    add(&request, IFA_LOCAL, address, (size_t)octets);
    add(&request, IFA_ADDRESS, peer ? peer : address, (size_t)octets);
    return acknowledged(&request);
}

int32_t clinux_route_add(
    int32_t device, const uint8_t *destination, int32_t octets, int32_t prefix, bool local, const uint8_t *source) {
    if (family_of(octets) == AF_UNSPEC) return -EAFNOSUPPORT;
    struct request request;
    begin(&request, RTM_NEWROUTE, NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE, sizeof request.body.route);
    request.body.route.rtm_family = (uint8_t)family_of(octets);
    request.body.route.rtm_dst_len = (uint8_t)prefix;
    request.body.route.rtm_table = local ? RT_TABLE_LOCAL : RT_TABLE_MAIN;
    request.body.route.rtm_protocol = RTPROT_STATIC;
    request.body.route.rtm_scope = local ? RT_SCOPE_HOST : (octets == 4 ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE);
    request.body.route.rtm_type = local ? RTN_LOCAL : RTN_UNICAST;
    if (prefix > 0) add(&request, RTA_DST, destination, (size_t)octets);
    add(&request, RTA_OIF, &device, sizeof device);
    if (source) add(&request, RTA_PREFSRC, source, (size_t)octets);
    return acknowledged(&request);
}

struct clinux_device_counters clinux_device_counters_read(int32_t device) {
    struct clinux_device_counters counters;
    memset(&counters, 0, sizeof counters);
    struct request request;
    begin(&request, RTM_GETLINK, 0, sizeof request.body.link);
    request.body.link.ifi_index = device;
    // Aligned as the structures that the kernel puts into it.
    _Alignas(struct nlmsghdr) uint8_t answer[8192];
    int32_t count = converse(&request, answer, sizeof answer);
    if (count < 0) {
        counters.error = -count;
        return counters;
    }
    const struct nlmsghdr *header = (const struct nlmsghdr *)answer;
    counters.error = ENODATA;
    if (!NLMSG_OK(header, count) || header->nlmsg_type != RTM_NEWLINK) return counters;
    int room = (int)header->nlmsg_len - (int)NLMSG_SPACE(sizeof(struct ifinfomsg));
    const struct rtattr *attribute = (const struct rtattr *)((const uint8_t *)header + NLMSG_SPACE(sizeof(struct ifinfomsg)));
    for (; RTA_OK(attribute, room); attribute = RTA_NEXT(attribute, room)) {
        struct rtnl_link_stats64 found;
        memset(&found, 0, sizeof found);
        if (attribute->rta_type != IFLA_STATS64) continue;
        size_t octets = RTA_PAYLOAD(attribute);
        memcpy(&found, RTA_DATA(attribute), octets < sizeof found ? octets : sizeof found);
        counters.error = 0;
        counters.received_packets = found.rx_packets;
        counters.sent_packets = found.tx_packets;
        counters.received_octets = found.rx_bytes;
        counters.sent_octets = found.tx_bytes;
        counters.received_dropped = found.rx_dropped;
        counters.sent_dropped = found.tx_dropped;
    }
    return counters;
}

int32_t clinux_router_solicit(int32_t device) {
    int descriptor = socket(AF_INET6, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMPV6);
    if (descriptor < 0) return -errno;
    struct nd_router_solicit solicitation;
    memset(&solicitation, 0, sizeof solicitation);
    solicitation.nd_rs_type = ND_ROUTER_SOLICIT;
    struct sockaddr_in6 routers;
    memset(&routers, 0, sizeof routers);
    routers.sin6_family = AF_INET6;
    routers.sin6_scope_id = (uint32_t)device;
    // ff02::2
    routers.sin6_addr.s6_addr[0] = 0xff;
    routers.sin6_addr.s6_addr[1] = 0x02;
    routers.sin6_addr.s6_addr[15] = 0x02;
    int hops = 255;  // RFC 4861 §6.1.1: with any other a router ignores it
    int32_t result = 0;
    if (setsockopt(descriptor, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, &hops, sizeof hops) < 0 ||
        sendto(descriptor, &solicitation, sizeof solicitation, 0, (struct sockaddr *)&routers, sizeof routers) < 0) {
        result = -errno;
    }
    close(descriptor);
    return result;
}
