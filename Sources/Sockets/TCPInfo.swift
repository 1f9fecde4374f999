import CLinux
public import NIOCore

/// What the kernel's TCP says of one connection (`TCP_INFO`), and what follows from it for the IP layer below.
public struct TCPInfo: Sendable, Equatable {
    /// Octets that the far TCP has acknowledged; the SYN counts as one.
    public var acknowledgedOctets: UInt64
    /// Octets of payload received in order.
    public var receivedOctets: UInt64
    /// Octets of payload sent, those sent again included.
    public var sentOctets: UInt64
    public var retransmittedOctets: UInt64
    public var segmentsOut: UInt32
    public var segmentsIn: UInt32
    /// Segments sent and not acknowledged.
    public var unacknowledgedSegments: UInt32
    /// Octets taken from this side and not sent.
    public var unsentOctets: UInt32
    public var roundTripTime: TimeAmount
    /// RFC 7323 timestamps: 12 octets in each segment.
    public var hasTimestamps: Bool
    public var isIPv6: Bool

    /// Whether the far TCP has acknowledged all.
    public var isAcknowledged: Bool { unacknowledgedSegments == 0 && unsentOctets == 0 }

    /// Octets of IP that were sent: computed, not counted. Payload, and for each segment 20 octets of IPv4 or 40 of IPv6,
    /// 20 of TCP, 12 of timestamps; a SYN with the options that Linux sends. SACK blocks are not in it.
    public var ipOctetsUp: Int {
        Self.ipOctets(payload: sentOctets, segments: segmentsOut, header: header, syn: synExtra)
    }

    /// Octets of IP that were received: computed in the same way; payload that came twice is not in it.
    public var ipOctetsDown: Int {
        Self.ipOctets(payload: receivedOctets, segments: segmentsIn, header: header, syn: synExtra)
    }

    private var header: UInt64 { (isIPv6 ? 40 : 20) + 20 + (hasTimestamps ? 12 : 0) }

    /// MSS, SACK permitted, window scale, and timestamps: 20 octets of options with them, 12 without.
    private var synExtra: UInt64 { hasTimestamps ? 8 : 12 }

    private static func ipOctets(payload: UInt64, segments: UInt32, header: UInt64, syn: UInt64) -> Int {
        guard segments > 0 else { return 0 }
        let headers = UInt64(segments) * header + syn
        let (sum, overflow) = payload.addingReportingOverflow(headers)
        return overflow ? .max : Int(clamping: sum)
    }
}

extension TCPInfo {
    init(_ raw: clinux_tcp_info, isIPv6: Bool) {
        self.init(
            acknowledgedOctets: raw.bytes_acked, receivedOctets: raw.bytes_received,
            // Linux before 4.19 does not count what was sent: what was acknowledged behind the SYN is the nearest.
            sentOctets: raw.bytes_sent > 0 ? raw.bytes_sent : max(raw.bytes_acked, 1) - 1,
            retransmittedOctets: raw.bytes_retrans,
            segmentsOut: raw.segs_out, segmentsIn: raw.segs_in, unacknowledgedSegments: raw.unacked,
            unsentOctets: raw.notsent_bytes, roundTripTime: .microseconds(Int64(raw.rtt)),
            hasTimestamps: clinux_tcp_info_has_timestamps(raw), isIPv6: isIPv6)
    }
}
