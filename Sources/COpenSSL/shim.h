// OpenSSL 3 as Swift sees it: the headers, and a named function for each macro that the importer cannot read.
#ifndef MODEMAIL_COPENSSL_SHIM_H
#define MODEMAIL_COPENSSL_SHIM_H

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#define COPENSSL_INLINE static inline __attribute__((unused))

// Contexts

COPENSSL_INLINE int COpenSSL_set_min_version(SSL_CTX *ctx, int version) {
    return (int)SSL_CTX_set_min_proto_version(ctx, version);
}

COPENSSL_INLINE int COpenSSL_set_max_version(SSL_CTX *ctx, int version) {
    return (int)SSL_CTX_set_max_proto_version(ctx, version);
}

COPENSSL_INLINE int COpenSSL_set_groups(SSL_CTX *ctx, const char *list) {
    return (int)SSL_CTX_set1_groups_list(ctx, list);
}

COPENSSL_INLINE int COpenSSL_set_signature_algorithms(SSL_CTX *ctx, const char *list) {
    return (int)SSL_CTX_set1_sigalgs_list(ctx, list);
}

// Buffers of a connection are given back while it is idle; a retried write may use another address.
COPENSSL_INLINE void COpenSSL_set_modes(SSL_CTX *ctx) {
    SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_AUTO_RETRY);
}

// Sessions reach us by the callback alone; the library keeps none.
COPENSSL_INLINE void COpenSSL_hand_out_client_sessions(SSL_CTX *ctx) {
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
}

COPENSSL_INLINE int COpenSSL_new_ssl_index(void) {
    return CRYPTO_get_ex_new_index(CRYPTO_EX_INDEX_SSL, 0, NULL, NULL, NULL, NULL);
}

COPENSSL_INLINE int COpenSSL_new_context_index(void) {
    return CRYPTO_get_ex_new_index(CRYPTO_EX_INDEX_SSL_CTX, 0, NULL, NULL, NULL, NULL);
}

// Connections

COPENSSL_INLINE int COpenSSL_set_server_name(SSL *ssl, const char *name) {
    return (int)SSL_set_tlsext_host_name(ssl, name);
}

COPENSSL_INLINE int COpenSSL_group(SSL *ssl) {
    return (int)SSL_get_negotiated_group(ssl);
}

COPENSSL_INLINE long COpenSSL_is_http_request(unsigned long error) {
    return ERR_GET_LIB(error) == ERR_LIB_SSL && ERR_GET_REASON(error) == SSL_R_HTTP_REQUEST;
}

COPENSSL_INLINE int COpenSSL_error_library(unsigned long error) { return ERR_GET_LIB(error); }
COPENSSL_INLINE int COpenSSL_error_reason(unsigned long error) { return ERR_GET_REASON(error); }

// Memory BIOs

COPENSSL_INLINE size_t COpenSSL_pending(BIO *bio) { return BIO_ctrl_pending(bio); }

// An empty memory BIO says "try again", not "end of file".
COPENSSL_INLINE void COpenSSL_set_empty_is_retry(BIO *bio) { BIO_set_mem_eof_return(bio, -1); }

// Stacks

COPENSSL_INLINE int COpenSSL_certificates_count(const STACK_OF(X509) *stack) { return sk_X509_num(stack); }

COPENSSL_INLINE X509 *COpenSSL_certificates_at(const STACK_OF(X509) *stack, int index) {
    return sk_X509_value(stack, index);
}

COPENSSL_INLINE int COpenSSL_names_count(const GENERAL_NAMES *names) { return sk_GENERAL_NAME_num(names); }

COPENSSL_INLINE const GENERAL_NAME *COpenSSL_names_at(const GENERAL_NAMES *names, int index) {
    return sk_GENERAL_NAME_value(names, index);
}

COPENSSL_INLINE int COpenSSL_objects_count(const STACK_OF(X509_OBJECT) *objects) { return sk_X509_OBJECT_num(objects); }

#endif
