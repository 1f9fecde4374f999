#ifndef MODEMAIL_CYAML_SHIM_H
#define MODEMAIL_CYAML_SHIM_H

#include <yaml.h>

#endif
