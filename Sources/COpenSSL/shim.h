// OpenSSL 3 as Swift sees it: the headers, and a named function for each macro that the importer cannot read.
#ifndef MODEMAIL_COPENSSL_SHIM_H
#define MODEMAIL_COPENSSL_SHIM_H

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#endif
