/*
 * Who asks, and may this browser or host ask at all.
 */
#include "auth/session.h"
#include "auth/sigv4_stream.h"
#include "crypto/crypto.h"
#include "engine/front.h"
#include "engine/identity.h"

static bool is_ip(struct wb_slice host)
{
    if (host.n && host.p[0] == '[')
        return true;
    bool dot = false;
    for (size_t i = 0; i < host.n; i++) {
        if (host.p[i] == '.')
            dot = true;
        else if (host.p[i] < '0' || host.p[i] > '9')
            return false;
    }
    return dot;
}

static struct wb_slice without_port(struct wb_slice host)
{
    if (host.n && host.p[0] == '[')
        return host;
    ptrdiff_t colon = wb_slice_chr(host, ':', 0);
    return colon < 0 ? host : wb_slice_sub(host, 0, (size_t)colon);
}

/* A bucket's own name under the server's; "localhost" can be bound to nothing else. */
static bool is_below(struct wb_slice host, struct wb_slice name)
{
    return name.n && host.n > name.n + 1 && host.p[host.n - name.n - 1] == '.' &&
           wb_slice_ieq(wb_slice_sub(host, host.n - name.n, host.n), name);
}

static bool known_host(const struct wb_front *f, struct wb_slice host)
{
    host = without_port(host);
    return is_ip(host) || wb_slice_ieq(host, WB_S("localhost")) ||
           wb_slice_ieq(host, without_port(f->public_host)) || is_below(host, WB_S("localhost")) ||
           is_below(host, without_port(f->public_host));
}

/* An image or a link of a foreign page is a GET without an Origin, and a query alone can be an
 * operation. Links in mails lead to our own pages. */
static bool by_another_site(const struct wb_http_exchange *x)
{
    struct wb_slice site = wb_http_header(x, "Sec-Fetch-Site");
    return site.p && !wb_slice_ieq(site, WB_S("same-origin")) &&
           !wb_slice_ieq(site, WB_S("none")) && !wb_slice_starts(x->path, WB_S("/_waybill/"));
}

/* With auth off any page in a browser on this machine could drive the server. What the browser adds
 * by itself tells: an Origin or a site that is not this server's, or a Host some other name was
 * bound to (DNS rebinding). */
bool wb_front_trusted(const struct wb_front *f, const struct wb_http_exchange *x)
{
    if (f->engine->config.auth)
        return true;
    if (!known_host(f, x->host))
        return false;
    struct wb_slice origin = wb_http_header(x, "Origin");
    if (!origin.p)
        return !by_another_site(x);
    ptrdiff_t at = wb_slice_find(origin, WB_S("://"), 0);
    if (at < 0)
        return false; /* "null" */
    struct wb_slice authority = wb_slice_sub(origin, (size_t)at + 3, origin.n);
    return wb_slice_ieq(authority, x->host) || wb_slice_ieq(authority, f->public_host);
}

static bool is_this_machine(struct wb_slice ip)
{
    return wb_slice_starts(ip, WB_S("127.")) || wb_slice_is(ip, "::1") ||
           wb_slice_starts(ip, WB_S("::ffff:127."));
}

/* A proxy that says nothing of itself and asks for our own address cannot be told from others. */
bool wb_page_from_here(const struct wb_call *c)
{
    static const char *const passed_on[] = {
        "X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP", "Forwarded", "Via", "Origin"};
    const struct request *r = c->front;
    for (size_t i = 0; i < sizeof passed_on / sizeof *passed_on; i++)
        if (wb_http_header(r->x, passed_on[i]).p)
            return false;
    struct wb_slice site = wb_http_header(r->x, "Sec-Fetch-Site");
    return is_this_machine(c->ctx.source_ip) && known_host(r->front, r->x->host) &&
           (!site.p || wb_slice_ieq(site, WB_S("same-origin")) || wb_slice_ieq(site, WB_S("none")));
}

static bool is_account(struct wb_slice s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
    return s.n == 12;
}

static void set_root(struct wb_call *c, struct wb_slice account)
{
    c->ctx.principal =
        (struct wb_principal){.type = WB_PRINCIPAL_ROOT,
                              .account = account,
                              .arn = wb_printf(c->arena, "arn:aws:iam::%.*s:root", WB_FMT(account)),
                              .id = account,
                              .access_key = c->ctx.principal.access_key};
    c->ctx.account = account;
}

/* Auth off: nothing is verified, but the scope is taken from what the client says. */
static void trust(struct request *r, bool signed_, const struct wb_signature *sig)
{
    struct wb_call *c = &r->call;
    const struct wb_config *conf = &r->front->engine->config;
    c->ctx.region = signed_ && sig->region.n ? sig->region : wb_slice_str(conf->region);
    if (signed_ && sig->token.n && r->front->engine->keyring && wb_front_snapshot(r)) {
        /* A function's session says which account it belongs to. */
        struct wb_slice secret;
        struct wb_principal p;
        int64_t now = wb_engine_now(r->front->engine);
        if (wb_key_find(r->front->txn, r->front->engine->keyring, c->arena, sig->access_key,
                        sig->token, now, &secret, &p) == WB_KEY_OK) {
            c->ctx.principal = p;
            c->ctx.account = p.account;
            return;
        }
    }
    if (signed_)
        c->ctx.principal.access_key = sig->access_key;
    set_root(c, signed_ && is_account(sig->access_key) ? sig->access_key
                                                       : wb_slice_str(conf->account));
}

static bool anonymous(struct wb_call *c)
{
    c->ctx.principal = (struct wb_principal){.type = WB_PRINCIPAL_ANONYMOUS};
    c->ctx.account = wb_slice_str(c->engine->config.account);
    c->ctx.region = wb_slice_str(c->engine->config.region);
    return true;
}

static enum wb_sig_error key_error(enum wb_sig_lookup l)
{
    switch (l) {
    case WB_KEY_BAD_TOKEN:
        return WB_SIG_BAD_TOKEN;
    case WB_KEY_EXPIRED:
        return WB_SIG_EXPIRED_TOKEN;
    default:
        return WB_SIG_UNKNOWN_KEY;
    }
}

/* Whether the user or role behind a key still exists, and the key that temporary credentials were
 * asked for with. A user's name may have changed meanwhile. */
static bool alive(struct request *r)
{
    struct wb_call *c = &r->call;
    struct wb_principal *p = &c->ctx.principal, issuer;
    struct wb_session s;
    struct wb_slice secret;
    if (p->owner.n) {
        const struct wb_identity *id = wb_identity_by_id(&r->tx, p->owner);
        if (!id)
            return false;
        if (p->type == WB_PRINCIPAL_USER)
            p->arn = id->arn;
        else if (p->type == WB_PRINCIPAL_FEDERATED)
            p->role_arn = id->arn;
    }
    if (!wb_session_read(c->arena, p->session, &s))
        return false;
    if (p->expires_ms && !s.key.n) /* a role's that a service took; not what --auth off gave */
        return p->type == WB_PRINCIPAL_SESSION && p->owner.n;
    return !s.key.n || wb_key_find(r->front->txn, c->engine->keyring, c->arena, s.key,
                                   WB_SLICE_NULL, 0, &secret, &issuer) == WB_KEY_OK;
}

bool wb_call_identify(struct wb_call *c, struct wb_slice access_key, struct wb_slice secret,
                      struct wb_slice session_token)
{
    struct request *r = c->front;
    struct wb_engine *e = r->front->engine;
    struct wb_slice right;
    int64_t now = wb_engine_now(e);
    if (!wb_front_snapshot(r) ||
        wb_key_find(r->front->txn, e->keyring, c->arena, access_key, session_token, now, &right,
                    &c->ctx.principal) != WB_KEY_OK ||
        !alive(r))
        return false;
    if (secret.p && (secret.n != right.n || !wb_const_eq(secret.p, right.p, right.n)))
        return false;
    c->ctx.account = c->ctx.principal.account;
    c->ctx.region = wb_slice_str(e->config.region);
    if (c->service) /* not for a page */
        wb_front_key_used(r->front, c);
    return true;
}

bool wb_front_authenticate(struct request *r, enum wb_sig_error e, struct wb_signature *sig,
                           struct wb_slice why)
{
    struct wb_call *c = &r->call;
    struct wb_engine *en = r->front->engine;
    if (!en->config.auth) {
        trust(r, e == WB_SIG_OK, sig);
        return !wb_failed(c);
    }
    if (e == WB_SIG_MISSING && (c->op->unsigned_ok || c->service->anonymous))
        return anonymous(c);
    if (e != WB_SIG_OK) {
        wb_fail_signature(c, e, why);
        return false;
    }
    if (!wb_front_snapshot(r))
        return false;
    int64_t now = en->seam->wall_ms(en->seam);
    struct wb_slice secret;
    enum wb_sig_lookup l = wb_key_find(r->front->txn, en->keyring, c->arena, sig->access_key,
                                       sig->token, wb_engine_now(en), &secret, &c->ctx.principal);
    if (l == WB_KEY_OK && !alive(r))
        l = sig->token.p ? WB_KEY_BAD_TOKEN : WB_KEY_UNKNOWN;
    if (l == WB_KEY_STORE_ERROR) {
        wb_fail_internal(c);
        return false;
    }
    if (l != WB_KEY_OK) {
        wb_fail_signature(c, key_error(l), WB_SLICE_NULL);
        return false;
    }
    e = wb_sigv4_verify(c->arena, &r->wire, sig, secret, wb_slice_str(c->service->signing_name),
                        now, &why);
    if (e != WB_SIG_OK) {
        wb_fail_signature(c, e, why);
        return false;
    }
    if (r->wire.body_later) {
        r->signer = wb_new(c->arena, struct wb_sig_stream);
        if (!wb_sigv4_stream_begin(r->signer, c->arena, sig, secret))
            r->signer = NULL;
    }
    c->ctx.account = c->ctx.principal.account;
    c->ctx.region = sig->region;
    wb_front_key_used(r->front, c);
    return true;
}
