// What Swift cannot import from Linux: termios2, modem lines, and calls whose constants are macros with casts.
#ifndef MODEMAIL_CLINUX_H
#define MODEMAIL_CLINUX_H

#endif
