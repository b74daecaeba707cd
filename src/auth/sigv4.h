/*
 * Signature Version 4, header form and presigned query form (IAM User Guide, "Create a signed AWS
 * API request"). Verification needs no I/O: the caller looks the key up between parse and verify.
 */
#ifndef WB_AUTH_SIGV4_H
#define WB_AUTH_SIGV4_H

#include "base/arena.h"
#include "base/slice.h"

/* The request as it came; nothing decoded. */
struct wb_sig_request {
    struct wb_slice method, path, query;
    const struct wb_pair *header;
    size_t header_count;
    struct wb_slice body;
    bool body_later; /* it was not read yet: its hash is what x-amz-content-sha256 says, and whoever
                        reads the body checks that */
};

struct wb_signature {
    struct wb_slice access_key, date, region, service; /* of the credential scope */
    struct wb_slice signed_headers, signature;
    struct wb_slice token;    /* X-Amz-Security-Token */
    struct wb_slice amz_date; /* 20261122T120000Z */
    int64_t time_ms;
    int64_t expires_s;      /* presigned: X-Amz-Expires; -1 = header form */
    struct wb_slice policy; /* of a browser's form: what is signed instead of the request */
};

/* An error by its AWS meaning; each service says it in its own code and status (aws/error.h). */
enum wb_sig_error {
    WB_SIG_OK,
    WB_SIG_MISSING,    /* no authentication at all */
    WB_SIG_INCOMPLETE, /* header malformed or lacks parts */
    WB_SIG_SKEW,       /* expired or not yet current */
    WB_SIG_MISMATCH,
    WB_SIG_UNKNOWN_KEY,
    WB_SIG_BAD_TOKEN,     /* token invalid */
    WB_SIG_EXPIRED_TOKEN, /* token expired */
};

/* Finds and splits the signature. *why: AWS's message, in the arena. */
enum wb_sig_error wb_sigv4_parse(struct wb_arena *a, const struct wb_sig_request *r,
                                 struct wb_signature *s, struct wb_slice *why);
/* The same from the fields of a browser's form; missing ones are null slices. */
enum wb_sig_error wb_sigv4_parse_form(struct wb_arena *a, struct wb_slice policy,
                                      struct wb_slice algorithm, struct wb_slice credential,
                                      struct wb_slice date, struct wb_slice signature,
                                      struct wb_slice token, struct wb_signature *s,
                                      struct wb_slice *why);
/* Checks scope, clock skew (WB_SIGV4_SKEW_MS) and the signature with the secret, in constant time.
 * The derived signing key is cached per thread by (access key, date, region, service). `service` =
 * what the route expects, null to take the scope's. */
enum wb_sig_error wb_sigv4_verify(struct wb_arena *a, const struct wb_sig_request *r,
                                  const struct wb_signature *s, struct wb_slice secret,
                                  struct wb_slice service, int64_t now_ms, struct wb_slice *why);

#endif
