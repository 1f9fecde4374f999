#pragma once
#include <stddef.h>
#include <stdint.h>

/// HDLC-like framing (RFC 1662) as one would write it in C for speed: what the Swift code is measured beside, and no part of it.
/// A frame is address, control, protocol and information; on the line it is escaped, with its FCS, and a flag behind it.

/// Once, before all others.
void reference_prepare(void);

/// Writes one frame and its flag. `line` has room for 2 * (count + 2) + 9. Returns the octets written.
size_t reference_encode(const uint8_t *frame, size_t count, uint32_t accm, uint8_t *line);

/// Reads a line from behind a flag. `frame` has room for `limit` octets, the longest frame with its FCS.
/// Returns the octets of all good frames, without FCS.
size_t reference_decode(const uint8_t *line, size_t count, uint32_t accm, uint8_t *frame, size_t limit);
