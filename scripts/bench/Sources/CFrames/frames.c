#include "frames.h"

#include <string.h>

static uint16_t table[16][256];

void reference_prepare(void) {
    for (int octet = 0; octet < 256; octet++) {
        uint16_t value = (uint16_t)octet;
        for (int bit = 0; bit < 8; bit++) value = value & 1 ? (value >> 1) ^ 0x8408 : value >> 1;
        table[0][octet] = value;
    }
    for (int step = 1; step < 16; step++)
        for (int octet = 0; octet < 256; octet++)
            table[step][octet] = (table[step - 1][octet] >> 8) ^ table[0][table[step - 1][octet] & 0xFF];
}

static uint16_t fcs_of(const uint8_t *octets, size_t count) {
    uint16_t fcs = 0xFFFF;
    while (count >= 16) {
        uint64_t first, second;
        memcpy(&first, octets, 8);
        memcpy(&second, octets + 8, 8);
        uint16_t value = 0;
        for (int i = 2; i < 8; i++) value ^= table[15 - i][(first >> (8 * i)) & 0xFF];
        for (int i = 0; i < 8; i++) value ^= table[7 - i][(second >> (8 * i)) & 0xFF];
        fcs ^= (uint16_t)first;
        fcs = value ^ (table[15][fcs & 0xFF] ^ table[14][fcs >> 8]);
        octets += 16;
        count -= 16;
    }
    while (count--) fcs = (fcs >> 8) ^ table[0][(fcs ^ *octets++) & 0xFF];
    return fcs;
}

#define HIGH 0x8080808080808080ull
#define LOW 0x7F7F7F7F7F7F7F7Full

static inline uint64_t markers(uint64_t word) {
    uint64_t low = word & LOW;
    return (low + 0x0303030303030303ull) & ~(low + 0x0101010101010101ull) & ~word & HIGH;
}

static inline uint64_t controls(uint64_t word) {
    return ~((word & LOW) + 0x6060606060606060ull) & ~word & HIGH;
}

static inline uint64_t special_in(uint64_t word, uint32_t accm) {
    return markers(word) | (accm ? controls(word) : 0);
}

static inline int is_mapped(uint8_t octet, uint32_t accm) {
    return octet < 0x20 && (accm >> octet & 1);
}

static uint8_t *escape(const uint8_t *octets, size_t count, uint32_t accm, uint8_t *line) {
    const uint8_t *end = octets + count;
    while (octets < end) {
        if (end - octets >= 8) {
            uint64_t word;
            memcpy(&word, octets, 8);
            uint64_t special = special_in(word, accm);
            memcpy(line, &word, 8);
            if (!special) {
                octets += 8;
                line += 8;
                continue;
            }
            if (special & (special - 1)) {
                for (int i = 0; i < 8; i++) {
                    uint8_t octet = octets[i];
                    uint8_t escaped = special >> (8 * i + 7) & 1 & (octet < 0x20 ? accm >> octet : 1);
                    *line = 0x7D;
                    line += escaped;
                    *line++ = octet ^ (uint8_t)(escaped << 5);
                }
                octets += 8;
                continue;
            }
            size_t plain = (size_t)__builtin_ctzll(special) >> 3;
            octets += plain;
            line += plain;
        }
        uint8_t octet = *octets++;
        if (octet == 0x7D || octet == 0x7E || is_mapped(octet, accm)) {
            *line++ = 0x7D;
            octet ^= 0x20;
        }
        *line++ = octet;
    }
    return line;
}

size_t reference_encode(const uint8_t *frame, size_t count, uint32_t accm, uint8_t *line) {
    uint16_t fcs = (uint16_t)~fcs_of(frame, count);
    uint8_t trailer[2] = {(uint8_t)fcs, (uint8_t)(fcs >> 8)};
    uint8_t *end = escape(frame, count, accm, line);
    end = escape(trailer, 2, accm, end);
    *end++ = 0x7E;
    return (size_t)(end - line);
}

size_t reference_decode(const uint8_t *line, size_t count, uint32_t accm, uint8_t *frame, size_t limit) {
    const uint8_t *end = line + count;
    size_t total = 0, written = 0;
    int escaped = 0;
    while (line < end) {
        if (!escaped && end - line >= 8 && written + 8 <= limit) {
            uint64_t word;
            memcpy(&word, line, 8);
            uint64_t special = special_in(word, accm);
            memcpy(frame + written, &word, 8);
            if (!special) {
                line += 8;
                written += 8;
                continue;
            }
            size_t plain = (size_t)__builtin_ctzll(special) >> 3;
            line += plain;
            written += plain;
        }
        uint8_t octet = *line++;
        if (octet == 0x7E) {
            if (!escaped && written >= 4 && fcs_of(frame, written) == 0xF0B8) total += written - 2;
            written = 0;
            escaped = 0;
        } else if (octet == 0x7D) {
            escaped = 1;
        } else if (!is_mapped(octet, accm)) {
            if (written < limit) frame[written++] = escaped ? octet ^ 0x20 : octet;
            escaped = 0;
        }
    }
    return total;
}
