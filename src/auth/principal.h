/*
 * Who is asking. A principal is a value made once per request; its slices live in the request's
 * arena (or in a work row's).
 */
#ifndef WB_AUTH_PRINCIPAL_H
#define WB_AUTH_PRINCIPAL_H

#include "base/arena.h"
#include "base/slice.h"

enum wb_principal_type {
    WB_PRINCIPAL_ANONYMOUS, /* unsigned request */
    WB_PRINCIPAL_ROOT,      /* an account's root */
    WB_PRINCIPAL_USER,
    WB_PRINCIPAL_SESSION,   /* temporary credentials of a role */
    WB_PRINCIPAL_SERVICE,   /* events.amazonaws.com and the like */
    WB_PRINCIPAL_FEDERATED, /* GetFederationToken: what its user may do, cut by the session policy
                             */
};

struct wb_principal {
    enum wb_principal_type type;
    struct wb_slice account;    /* 12 digits */
    struct wb_slice arn;        /* arn:aws:iam::A:root, arn:aws:sts::A:assumed-role/R/S, ... */
    struct wb_slice id;         /* what GetCallerIdentity calls UserId */
    struct wb_slice access_key; /* that signed; null for services */
    struct wb_slice role_arn;   /* sessions; of a federated user: the user who federated */
    struct wb_slice service;    /* services */
    struct wb_slice owner; /* unique id of the user or role whose policies count (AIDA..., AROA...);
                              null: the account's root, a service, nobody */
    int64_t expires_ms;    /* temporary credentials; 0 = never */
    /* Temporary credentials: what STS was given with them, as a JSON object (auth/session.h); null
     * when nothing. It decides about a request and is not kept with what the request causes. */
    struct wb_slice session;
};

/* The principal as text for a row, and back; without `session`. Rows of the first version, which
 * had no owner, are read, too. */
struct wb_slice wb_principal_pack(struct wb_arena *a, const struct wb_principal *p);
bool wb_principal_unpack(struct wb_slice s, struct wb_principal *out); /* slices point into s */

#endif
