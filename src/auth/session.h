/*
 * What temporary credentials carry besides who they are: a JSON object inside the sealed token
 * (auth/keys.h), read back for each request.
 *
 *   {"issued": ms, "key": long-lived access key they go back to, "name": role session name,
 *    "policy": document as an object, "policies": [ARN...],
 *    "tags": {key: value}, "transitive": [key...], "source": source identity,
 *    "function": ARN of the function whose environment has them,
 *    "kind": "session" (GetSessionToken) | "federation" (GetFederationToken); absent: a role's}
 *
 * Members without a value are left out. The credentials are worth nothing once the key is deleted
 * or inactive; a service that takes a role has none.
 */
#ifndef WB_AUTH_SESSION_H
#define WB_AUTH_SESSION_H

#include "auth/policy.h"
#include "codec/json.h"

struct wb_session {
    int64_t issued_ms;
    struct wb_slice key, name, source, kind, function;
    struct wb_slice policy; /* text; null = none */
    struct wb_json policies, tags, transitive;
};
#define WB_SESSION_OF_USER   "session"
#define WB_SESSION_FEDERATED "federation"

struct wb_slice wb_session_write(struct wb_arena *a, const struct wb_session *s);
/* Reads it; all empty for a null slice. False when it is no such object. */
bool wb_session_read(struct wb_arena *a, struct wb_slice json, struct wb_session *out);

#endif
