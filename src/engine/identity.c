/* Rows of identities, their compiled form, and roles taken by services. See identity.h. */
#include "engine/identity.h"

#include "auth/managed.h"
#include "auth/session.h"
#include "base/arn.h"
#include "engine/internal.h"
#include "engine/tags.h"
#include <stdlib.h>

/* --- keys --- */

static struct wb_slice lower(struct wb_arena *a, struct wb_slice s)
{
    char *p = wb_alloc(a, s.n + 1);
    for (size_t i = 0; i < s.n; i++)
        p[i] = s.p[i] >= 'A' && s.p[i] <= 'Z' ? (char)(s.p[i] | 0x20) : s.p[i];
    return wb_slice(p, s.n);
}

struct wb_slice wb_iam_key(struct wb_arena *a, enum wb_table table, struct wb_slice account,
                           enum wb_iam_kind kind, struct wb_slice name)
{
    return wb_key(a, table, "sbs", account, (int)kind, lower(a, name));
}

struct wb_slice wb_iam_key2(struct wb_arena *a, enum wb_table table, struct wb_slice account,
                            enum wb_iam_kind kind, struct wb_slice name, struct wb_slice more)
{
    return wb_key(a, table, "sbss", account, (int)kind, lower(a, name), more);
}

struct wb_slice wb_iam_key_attached_to(struct wb_arena *a, struct wb_slice policy_arn,
                                       struct wb_slice account, enum wb_iam_kind kind,
                                       struct wb_slice name, char use)
{
    return wb_key(a, WB_T_IAM_ATTACHED_TO, "ssbsb", policy_arn, account, (int)kind, lower(a, name),
                  (int)use);
}

struct wb_slice wb_iam_key_version(struct wb_arena *a, struct wb_slice account,
                                   struct wb_slice policy, uint64_t version)
{
    return wb_key(a, WB_T_IAM_VERSION, "ssu", account, lower(a, policy), version);
}

struct wb_slice wb_iam_key_member(struct wb_arena *a, enum wb_table table, struct wb_slice account,
                                  struct wb_slice of, struct wb_slice who)
{
    return who.p ? wb_key(a, table, "sss", account, lower(a, of), lower(a, who))
                 : wb_key(a, table, "ss", account, lower(a, of));
}

struct wb_slice wb_iam_key_user_key(struct wb_arena *a, struct wb_slice account,
                                    struct wb_slice user, struct wb_slice id)
{
    return id.p ? wb_key(a, WB_T_IAM_USER_KEY, "sss", account, lower(a, user), id)
                : wb_key(a, WB_T_IAM_USER_KEY, "ss", account, lower(a, user));
}

/* --- ARNs --- */

static const struct {
    enum wb_iam_kind kind;
    const char *word;
} words[] = {{WB_IAM_USER, "user"},
             {WB_IAM_GROUP, "group"},
             {WB_IAM_ROLE, "role"},
             {WB_IAM_POLICY, "policy"},
             {WB_IAM_PROFILE, "instance-profile"}};
#define WORDS (sizeof words / sizeof *words)

struct wb_slice wb_iam_arn(struct wb_arena *a, struct wb_slice account, enum wb_iam_kind kind,
                           struct wb_slice path, struct wb_slice name)
{
    const char *word = "";
    for (size_t i = 0; i < WORDS; i++)
        if (words[i].kind == kind)
            word = words[i].word;
    return wb_printf(a, "arn:aws:iam::%.*s:%s%.*s%.*s", WB_FMT(account), word, WB_FMT(path),
                     WB_FMT(name));
}

bool wb_iam_arn_parse(struct wb_slice arn, struct wb_slice *account, enum wb_iam_kind *kind,
                      struct wb_slice *path, struct wb_slice *name)
{
    struct wb_arn a;
    if (!wb_arn_parse(arn, &a) || !wb_slice_is(a.service, "iam") || a.region.n)
        return false;
    size_t end = a.resource.n;
    while (end > 0 && a.resource.p[end - 1] != '/')
        end--;
    ptrdiff_t slash = wb_slice_chr(a.resource, '/', 0);
    if (slash <= 0 || end == a.resource.n)
        return false;
    struct wb_slice word = wb_slice_sub(a.resource, 0, (size_t)slash);
    *account = a.account;
    *path = wb_slice_sub(a.resource, (size_t)slash, end);
    *name = wb_slice_sub(a.resource, end, a.resource.n);
    for (size_t i = 0; i < WORDS; i++)
        if (wb_slice_is(word, words[i].word)) {
            *kind = words[i].kind;
            return true;
        }
    return false;
}

/* --- entities --- */

bool wb_iam_read_row(struct wb_tx *tx, struct wb_slice account, enum wb_iam_kind kind,
                     struct wb_slice row, struct wb_iam_entity *out)
{
    struct wb_arena *a = tx->arena;
    struct wb_json v = wb_json_read(a, wb_dup(a, row), NULL);
    *out = (struct wb_iam_entity){.kind = kind,
                                  .account = account,
                                  .name = wb_json_get_str(v, "name", a),
                                  .path = wb_json_get_str(v, "path", a),
                                  .id = wb_json_get_str(v, "id", a),
                                  .created_ms = wb_json_get_i64(v, "created", 0),
                                  .row = v};
    if (!out->name.n || !out->path.n || !out->id.n)
        return false;
    out->arn = wb_iam_arn(a, account, kind, out->path, out->name);
    return true;
}

bool wb_iam_read(struct wb_tx *tx, struct wb_slice account, enum wb_iam_kind kind,
                 struct wb_slice name, struct wb_iam_entity *out)
{
    struct wb_slice row;
    struct wb_slice key = wb_iam_key(tx->arena, WB_T_IAM_ENTITY, account, kind, name);
    return wb_tx_get(tx, key, &row) && wb_iam_read_row(tx, account, kind, row, out);
}

bool wb_iam_by_id(struct wb_tx *tx, struct wb_slice id, struct wb_iam_entity *out)
{
    struct wb_slice row;
    if (!id.n || !wb_tx_get(tx, wb_key(tx->arena, WB_T_IAM_ID, "s", id), &row))
        return false;
    struct wb_rd r = wb_rd(wb_dup(tx->arena, row));
    struct wb_slice account = wb_rd_lp(&r);
    enum wb_iam_kind kind = (enum wb_iam_kind)wb_rd_u8(&r);
    struct wb_slice name = wb_rd_lp(&r);
    return wb_rd_done(&r) && wb_iam_read(tx, account, kind, name, out) && wb_slice_eq(out->id, id);
}

struct wb_slice wb_iam_policy_text(struct wb_tx *tx, struct wb_slice policy_arn)
{
    struct wb_slice account, path, name, row;
    enum wb_iam_kind kind;
    struct wb_iam_entity e;
    const struct wb_managed_policy *aws = wb_managed_policy(policy_arn);
    if (aws)
        return wb_slice_str(aws->document);
    if (!wb_iam_arn_parse(policy_arn, &account, &kind, &path, &name) || kind != WB_IAM_POLICY ||
        !wb_iam_read(tx, account, kind, name, &e) || !wb_slice_eq(e.arn, policy_arn))
        return WB_SLICE_NULL;
    uint64_t version = (uint64_t)wb_json_get_i64(e.row, "default", 0);
    if (!wb_tx_get(tx, wb_iam_key_version(tx->arena, account, name, version), &row))
        return WB_SLICE_NULL;
    struct wb_json v = wb_json_read(tx->arena, wb_dup(tx->arena, row), NULL);
    return wb_json_get_str(v, "document", tx->arena);
}

/* --- compiled policies --- */

static void *policy_load(struct wb_tx *tx, struct wb_slice arn)
{
    struct wb_slice text = wb_iam_policy_text(tx, arn);
    return text.p ? wb_policy_stored(text, false, arn) : NULL;
}

static void policy_free(void *policy)
{
    wb_policy_unref(policy);
}

static struct wb_def_kind policy_kind = {
    .name = "policy", .load = policy_load, .free = policy_free};

struct wb_policy *wb_iam_policy(struct wb_tx *tx, struct wb_slice arn)
{
    struct wb_policy *p = (struct wb_policy *)wb_def(tx, &policy_kind, arn);
    if (p)
        wb_policy_ref(p);
    return p;
}

/* --- the compiled identity --- */

struct build { /* what is gathered before the arrays are made */
    struct wb_tx *tx;
    struct wb_identity *id;
    struct wb_vec policies;
};

/* Takes the policy's reference. */
static void add_policy(struct build *b, struct wb_policy *p, struct wb_slice name)
{
    if (!p) /* it is gone: one that is attached cannot be deleted, but AWS's own may be taken off */
        p = wb_policy_stored(WB_S("gone"), false, name);
    struct wb_identity_policy *x = wb_vec_push(&b->policies, &b->id->arena, sizeof *x);
    x->policy = p;
    x->name = wb_dup(&b->id->arena, name);
    b->id->keys |= wb_policy_keys(p);
}

/* The last part of each key under a prefix. */
static size_t last_parts(struct wb_tx *tx, struct wb_slice prefix, struct wb_slice **out)
{
    struct wb_vec v = {0};
    struct wb_slice key, value;
    struct wb_scan *s = wb_tx_scan_prefix(tx, prefix);
    while (wb_tx_next(tx, s, &key, &value)) {
        struct wb_key_rd k = {.p = (const uint8_t *)key.p + prefix.n,
                              .end = (const uint8_t *)key.p + key.n,
                              .a = tx->arena};
        *(struct wb_slice *)wb_vec_push(&v, tx->arena, sizeof(struct wb_slice)) = wb_key_rd_str(&k);
    }
    wb_scan_close(s);
    *out = v.p;
    return v.n;
}

static void add_policies_of(struct build *b, struct wb_slice account, enum wb_iam_kind kind,
                            struct wb_slice name)
{
    struct wb_tx *tx = b->tx;
    struct wb_slice *part, text, of = WB_S("");
    struct wb_slice prefix = wb_iam_key(tx->arena, WB_T_IAM_INLINE, account, kind, name);
    if (kind == WB_IAM_GROUP)
        of = wb_printf(tx->arena, " of group %.*s", WB_FMT(name));
    size_t n = last_parts(tx, prefix, &part);
    for (size_t i = 0; i < n; i++) {
        struct wb_slice key = wb_iam_key2(tx->arena, WB_T_IAM_INLINE, account, kind, name, part[i]);
        struct wb_slice what =
            wb_printf(tx->arena, "inline policy %.*s%.*s", WB_FMT(part[i]), WB_FMT(of));
        if (wb_tx_get(tx, key, &text))
            add_policy(b, wb_policy_stored(text, false, what), what);
    }
    prefix = wb_iam_key(tx->arena, WB_T_IAM_ATTACHED, account, kind, name);
    n = last_parts(tx, prefix, &part);
    for (size_t i = 0; i < n; i++)
        add_policy(b, wb_iam_policy(tx, part[i]), part[i]);
}

static void add_boundary(struct build *b, const struct wb_iam_entity *e)
{
    struct wb_slice arn = wb_json_get_str(e->row, "boundary", b->tx->arena);
    if (!arn.n)
        return;
    b->id->boundary_arn = wb_dup(&b->id->arena, arn); /* the row goes with the transaction */
    b->id->boundary = wb_iam_policy(b->tx, arn);
    b->id->keys |= wb_policy_keys(b->id->boundary);
}

static void add_trust(struct build *b, const struct wb_iam_entity *e)
{
    struct wb_slice text = wb_json_get_str(e->row, "trust", b->tx->arena);
    if (text.n)
        b->id->trust = wb_policy_stored(text, true, e->arn);
    b->id->max_session_s = wb_json_get_i64(e->row, "maxSession", WB_STS_ROLE_DEFAULT_S);
}

static void add_tags(struct build *b)
{
    struct wb_identity *id = b->id;
    struct wb_pair *tag;
    id->tag_count = wb_tags_list(b->tx, id->arn, &tag);
    id->tag = wb_new_n(&id->arena, struct wb_pair, id->tag_count + 1);
    for (size_t i = 0; i < id->tag_count; i++)
        id->tag[i] =
            (struct wb_pair){wb_dup(&id->arena, tag[i].name), wb_dup(&id->arena, tag[i].value)};
}

static void *identity_load(struct wb_tx *tx, struct wb_slice key)
{
    struct wb_iam_entity e;
    if (!wb_iam_by_id(tx, key, &e) || (e.kind != WB_IAM_USER && e.kind != WB_IAM_ROLE))
        return NULL;
    struct wb_identity *id = wb_xcalloc(1, sizeof *id);
    struct build b = {.tx = tx, .id = id};
    struct wb_slice *group;
    wb_arena_init(&id->arena, 0);
    id->kind = e.kind;
    id->account = wb_dup(&id->arena, e.account);
    id->name = wb_dup(&id->arena, e.name);
    id->path = wb_dup(&id->arena, e.path);
    id->id = wb_dup(&id->arena, e.id);
    id->arn = wb_dup(&id->arena, e.arn);
    add_policies_of(&b, e.account, e.kind, e.name);
    if (e.kind == WB_IAM_USER) {
        struct wb_slice in =
            wb_iam_key_member(tx->arena, WB_T_IAM_MEMBER_OF, e.account, e.name, WB_SLICE_NULL);
        size_t n = last_parts(tx, in, &group);
        for (size_t i = 0; i < n; i++)
            add_policies_of(&b, e.account, WB_IAM_GROUP, group[i]);
    } else {
        add_trust(&b, &e);
    }
    add_boundary(&b, &e);
    add_tags(&b);
    id->policy = b.policies.p;
    id->count = b.policies.n;
    id->list = wb_new_n(&id->arena, const struct wb_policy *, id->count + 1);
    for (size_t i = 0; i < id->count; i++)
        id->list[i] = id->policy[i].policy;
    id->index = wb_policy_index_new(id->list, id->count);
    return id;
}

static void identity_free(void *object)
{
    struct wb_identity *id = object;
    wb_policy_index_free(id->index);
    for (size_t i = 0; i < id->count; i++)
        wb_policy_unref(id->policy[i].policy);
    wb_policy_unref(id->boundary);
    wb_policy_unref(id->trust);
    wb_arena_release(&id->arena);
    free(id);
}

static struct wb_def_kind identity_kind = {
    .name = "identity", .load = identity_load, .free = identity_free};

void wb_identity_register(struct wb_engine *e)
{
    wb_def_register(e, &policy_kind);
    wb_def_register(e, &identity_kind);
}

const struct wb_identity *wb_identity_by_id(struct wb_tx *tx, struct wb_slice id)
{
    return id.n ? wb_def(tx, &identity_kind, id) : NULL;
}

const struct wb_identity *wb_identity_by_arn(struct wb_tx *tx, struct wb_slice arn)
{
    struct wb_slice account, path, name;
    enum wb_iam_kind kind;
    struct wb_iam_entity e;
    if (!wb_iam_arn_parse(arn, &account, &kind, &path, &name) ||
        !wb_iam_read(tx, account, kind, name, &e) || !wb_slice_eq(e.arn, arn))
        return NULL;
    return wb_identity_by_id(tx, e.id);
}

static void changed_by_name(struct wb_tx *tx, struct wb_slice account, enum wb_iam_kind kind,
                            struct wb_slice name);

static void members_changed(struct wb_tx *tx, struct wb_slice account, struct wb_slice group)
{
    struct wb_slice *user;
    struct wb_slice in =
        wb_iam_key_member(tx->arena, WB_T_IAM_MEMBER, account, group, WB_SLICE_NULL);
    size_t n = last_parts(tx, in, &user);
    for (size_t i = 0; i < n; i++)
        changed_by_name(tx, account, WB_IAM_USER, user[i]);
}

static void policy_changed(struct wb_tx *tx, struct wb_slice arn)
{
    struct wb_slice key, value;
    wb_def_changed(tx, &policy_kind, arn);
    struct wb_scan *s = wb_tx_scan_prefix(tx, wb_key(tx->arena, WB_T_IAM_ATTACHED_TO, "s", arn));
    while (wb_tx_next(tx, s, &key, &value)) {
        uint16_t table;
        struct wb_key_rd k = wb_key_rd(tx->arena, key, &table);
        wb_key_rd_str(&k);
        struct wb_slice account = wb_key_rd_str(&k);
        enum wb_iam_kind kind = (enum wb_iam_kind)wb_key_rd_u8(&k);
        changed_by_name(tx, account, kind, wb_key_rd_str(&k));
    }
    wb_scan_close(s);
}

static void changed_by_name(struct wb_tx *tx, struct wb_slice account, enum wb_iam_kind kind,
                            struct wb_slice name)
{
    struct wb_iam_entity e;
    if (wb_iam_read(tx, account, kind, name, &e))
        wb_iam_changed(tx, &e);
}

void wb_iam_changed(struct wb_tx *tx, const struct wb_iam_entity *e)
{
    if (e->kind == WB_IAM_GROUP)
        members_changed(tx, e->account, e->name);
    else if (e->kind == WB_IAM_POLICY)
        policy_changed(tx, e->arn);
    else if (e->kind != WB_IAM_PROFILE)
        wb_def_changed(tx, &identity_kind, e->id);
}

/* --- services taking roles --- */

struct wb_principal wb_role_principal(struct wb_arena *a, const struct wb_identity *role,
                                      struct wb_slice session_name)
{
    return (struct wb_principal){
        .type = WB_PRINCIPAL_SESSION,
        .account = wb_dup(a, role->account),
        .arn = wb_printf(a, "arn:aws:sts::%.*s:assumed-role/%.*s/%.*s", WB_FMT(role->account),
                         WB_FMT(role->name), WB_FMT(session_name)),
        .id = wb_printf(a, "%.*s:%.*s", WB_FMT(role->id), WB_FMT(session_name)),
        .role_arn = wb_dup(a, role->arn),
        .owner = wb_dup(a, role->id)};
}

static const struct wb_identity *trusting_role(struct wb_tx *tx, struct wb_slice role_arn,
                                               const char *service, struct wb_slice source_arn)
{
    const struct wb_identity *role = wb_identity_by_arn(tx, role_arn);
    if (!role || role->kind != WB_IAM_ROLE || !role->trust)
        return NULL;
    struct wb_arn source = {0};
    struct wb_pair context[2];
    size_t n = 0;
    if (source_arn.n && wb_arn_parse(source_arn, &source)) {
        context[n++] = (struct wb_pair){WB_S("aws:SourceArn"), source_arn};
        context[n++] = (struct wb_pair){WB_S("aws:SourceAccount"), source.account};
    }
    struct wb_principal who = {.type = WB_PRINCIPAL_SERVICE,
                               .service = wb_slice_str(service),
                               .arn = wb_slice_str(service)};
    struct wb_request q = {.principal = &who,
                           .action = WB_S("sts:AssumeRole"),
                           .resource = role_arn,
                           .context = context,
                           .context_count = n,
                           .now_ms = tx->now_ms};
    return wb_policy_eval(role->trust, &q, NULL) == WB_ALLOW ? role : NULL;
}

bool wb_role_trusts(struct wb_tx *tx, struct wb_slice role_arn, const char *service,
                    struct wb_slice source_arn)
{
    return trusting_role(tx, role_arn, service, source_arn) != NULL;
}

bool wb_role_session(struct wb_tx *tx, struct wb_arena *a, struct wb_slice role_arn,
                     const char *service, struct wb_slice source_arn, struct wb_slice session_name,
                     int64_t seconds, struct wb_credentials *out, struct wb_slice *why)
{
    const struct wb_identity *role = trusting_role(tx, role_arn, service, source_arn);
    struct wb_engine *e = tx->engine;
    if (!role) {
        *why = wb_printf(a,
                         "%s may not assume the role %.*s: there is no such role, or its trust "
                         "policy does not allow it.",
                         service, WB_FMT(role_arn));
        return false;
    }
    struct wb_principal p = wb_role_principal(a, role, session_name);
    struct wb_session session = {.issued_ms = tx->now_ms, .name = session_name};
    if (strcmp(service, "lambda.amazonaws.com") == 0)
        session.function = source_arn;
    p.session = wb_session_write(a, &session);
    *out = wb_session_make(a, e->keyring, e->seam, &p, tx->now_ms, seconds);
    return true;
}
