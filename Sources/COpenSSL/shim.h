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

// 0: the lowest that the library has.
COPENSSL_INLINE int COpenSSL_min_version(SSL_CTX *ctx) { return (int)SSL_CTX_get_min_proto_version(ctx); }

COPENSSL_INLINE int COpenSSL_set_max_version(SSL_CTX *ctx, int version) {
    return (int)SSL_CTX_set_max_proto_version(ctx, version);
}

COPENSSL_INLINE int COpenSSL_set_groups(SSL_CTX *ctx, const char *list) {
    return (int)SSL_CTX_set1_groups_list(ctx, list);
}

COPENSSL_INLINE int COpenSSL_set_signature_algorithms(SSL_CTX *ctx, const char *list) {
    return (int)SSL_CTX_set1_sigalgs_list(ctx, list);
}

COPENSSL_INLINE int COpenSSL_add_chain_certificate(SSL_CTX *ctx, X509 *certificate) {
    return (int)SSL_CTX_add1_chain_cert(ctx, certificate);
}

// Buffers of a connection are given back while it is idle; a retried write may use another address.
COPENSSL_INLINE void COpenSSL_set_modes(SSL_CTX *ctx) {
    SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_AUTO_RETRY);
}

COPENSSL_INLINE void COpenSSL_forbid_renegotiation_and_compression(SSL_CTX *ctx) {
    SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
}

// No legacy session identifier, no ChangeCipherSpec of TLS 1.3, no extension for the CBC suites that are not offered.
COPENSSL_INLINE void COpenSSL_drop_compatibility(SSL_CTX *ctx) {
    SSL_CTX_clear_options(ctx, SSL_OP_ENABLE_MIDDLEBOX_COMPAT);
    SSL_CTX_set_options(ctx, SSL_OP_NO_ENCRYPT_THEN_MAC);
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

// Holds no certificate of its own: each must outlive it. To be freed with COpenSSL_free_certificates.
COPENSSL_INLINE STACK_OF(X509) *COpenSSL_new_certificates(void) { return sk_X509_new_null(); }

COPENSSL_INLINE int COpenSSL_certificates_push(STACK_OF(X509) *stack, X509 *certificate) {
    return sk_X509_push(stack, certificate);
}

COPENSSL_INLINE void COpenSSL_free_certificates(STACK_OF(X509) *stack) { sk_X509_free(stack); }

COPENSSL_INLINE int COpenSSL_ciphers_count(const STACK_OF(SSL_CIPHER) *stack) { return sk_SSL_CIPHER_num(stack); }

COPENSSL_INLINE const SSL_CIPHER *COpenSSL_ciphers_at(const STACK_OF(SSL_CIPHER) *stack, int index) {
    return sk_SSL_CIPHER_value(stack, index);
}

// The subjectAltName: to be freed with GENERAL_NAMES_free.

COPENSSL_INLINE GENERAL_NAMES *COpenSSL_alternative_names(const X509 *certificate) {
    return (GENERAL_NAMES *)X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
}

COPENSSL_INLINE int COpenSSL_names_count(const GENERAL_NAMES *names) { return sk_GENERAL_NAME_num(names); }

COPENSSL_INLINE int COpenSSL_name_kind(const GENERAL_NAMES *names, int index) {
    return sk_GENERAL_NAME_value(names, index)->type;
}

// The text of a DNS name or the octets of an address; NULL for a name of another kind.
COPENSSL_INLINE const ASN1_STRING *COpenSSL_name_octets(const GENERAL_NAMES *names, int index) {
    const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, index);
    if (name->type == GEN_DNS) return name->d.dNSName;
    if (name->type == GEN_IPADD) return name->d.iPAddress;
    return NULL;
}

#endif
