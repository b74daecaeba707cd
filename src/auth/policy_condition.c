/*
 * Condition operators. What can be computed from the policy alone (numbers, dates, networks,
 * patterns) is computed once.
 */
#include "auth/policy_impl.h"
#include "base/time.h"
#include <arpa/inet.h>
#include <math.h>
#include <stdlib.h>

struct named {
    const char *name;
    enum wb_test test;
    enum wb_relation relation;
    bool negated;
};

static const struct named operators[] = {
    {"StringEquals", WB_TEST_STRING, WB_EQ, false},
    {"StringNotEquals", WB_TEST_STRING, WB_EQ, true},
    {"StringEqualsIgnoreCase", WB_TEST_STRING_NOCASE, WB_EQ, false},
    {"StringNotEqualsIgnoreCase", WB_TEST_STRING_NOCASE, WB_EQ, true},
    {"StringLike", WB_TEST_STRING_LIKE, WB_EQ, false},
    {"StringNotLike", WB_TEST_STRING_LIKE, WB_EQ, true},
    {"NumericEquals", WB_TEST_NUMBER, WB_EQ, false},
    {"NumericNotEquals", WB_TEST_NUMBER, WB_EQ, true},
    {"NumericLessThan", WB_TEST_NUMBER, WB_LT, false},
    {"NumericLessThanEquals", WB_TEST_NUMBER, WB_LE, false},
    {"NumericGreaterThan", WB_TEST_NUMBER, WB_GT, false},
    {"NumericGreaterThanEquals", WB_TEST_NUMBER, WB_GE, false},
    {"DateEquals", WB_TEST_DATE, WB_EQ, false},
    {"DateNotEquals", WB_TEST_DATE, WB_EQ, true},
    {"DateLessThan", WB_TEST_DATE, WB_LT, false},
    {"DateLessThanEquals", WB_TEST_DATE, WB_LE, false},
    {"DateGreaterThan", WB_TEST_DATE, WB_GT, false},
    {"DateGreaterThanEquals", WB_TEST_DATE, WB_GE, false},
    {"Bool", WB_TEST_BOOL, WB_EQ, false},
    {"BinaryEquals", WB_TEST_BINARY, WB_EQ, false},
    {"IpAddress", WB_TEST_IP, WB_EQ, false},
    {"NotIpAddress", WB_TEST_IP, WB_EQ, true},
    {"ArnEquals", WB_TEST_ARN, WB_EQ, false},
    {"ArnLike", WB_TEST_ARN, WB_EQ, false},
    {"ArnNotEquals", WB_TEST_ARN, WB_EQ, true},
    {"ArnNotLike", WB_TEST_ARN, WB_EQ, true},
    {"Null", WB_TEST_NULL, WB_EQ, false},
};

static bool strip(struct wb_slice *s, struct wb_slice prefix)
{
    if (!wb_slice_starts(*s, prefix))
        return false;
    *s = wb_slice_sub(*s, prefix.n, s->n);
    return true;
}

bool wb_condition_operator(struct wb_slice name, struct wb_condition *out)
{
    *out = (struct wb_condition){0};
    if (strip(&name, WB_S("ForAllValues:")))
        out->quantifier = WB_FOR_ALL;
    else if (strip(&name, WB_S("ForAnyValue:")))
        out->quantifier = WB_FOR_ANY;
    if (wb_slice_ends(name, WB_S("IfExists"))) {
        out->if_exists = true;
        name.n -= strlen("IfExists");
    }
    for (size_t i = 0; i < sizeof operators / sizeof *operators; i++)
        if (wb_slice_is(name, operators[i].name)) {
            out->test = operators[i].test;
            out->relation = operators[i].relation;
            out->negated = operators[i].negated;
            return out->test != WB_TEST_NULL || (!out->if_exists && !out->quantifier);
        }
    return false;
}

/* --- values --- */

static bool parse_number(struct wb_slice s, double *out)
{
    char text[64], *end;
    if (s.n == 0 || s.n >= sizeof text || memchr(s.p, 'x', s.n) || memchr(s.p, 'X', s.n))
        return false;
    memcpy(text, s.p, s.n);
    text[s.n] = 0;
    if (text[0] != '-' && text[0] != '.' && (text[0] < '0' || text[0] > '9'))
        return false;
    *out = strtod(text, &end);
    return *end == 0 && isfinite(*out);
}

/* ISO 8601 with or without a time of day, or seconds since 1970. */
static bool parse_date(struct wb_slice s, int64_t *ms)
{
    int64_t seconds;
    char text[32];
    if (wb_time_parse_iso(s, ms, NULL))
        return true;
    if (s.n == 10 && s.p[4] == '-' && s.p[7] == '-') {
        memcpy(text, s.p, 10);
        memcpy(text + 10, "T00:00:00Z", 10);
        return wb_time_parse_iso(wb_slice(text, 20), ms, NULL);
    }
    if (!wb_slice_i64(s, &seconds) || seconds > INT64_MAX / 1000 || seconds < INT64_MIN / 1000)
        return false;
    *ms = seconds * 1000;
    return true;
}

static bool parse_bool(struct wb_slice s, bool *out)
{
    *out = wb_slice_ieq(s, WB_S("true"));
    return *out || wb_slice_ieq(s, WB_S("false"));
}

static bool parse_address(struct wb_slice s, uint8_t out[16], unsigned *width)
{
    char text[INET6_ADDRSTRLEN + 1];
    if (s.n == 0 || s.n >= sizeof text)
        return false;
    memcpy(text, s.p, s.n);
    text[s.n] = 0;
    memset(out, 0, 16);
    out[10] = out[11] = 0xff;
    *width = 32;
    if (inet_pton(AF_INET, text, out + 12) == 1)
        return true;
    *width = 128;
    return inet_pton(AF_INET6, text, out) == 1;
}

static bool parse_network(struct wb_slice s, struct wb_network *out)
{
    struct wb_slice bits = s, address = wb_slice_cut(&bits, '/');
    uint64_t n;
    unsigned width;
    if (!parse_address(address, out->address, &width))
        return false;
    n = width;
    if (bits.p && (!wb_slice_u64(bits, &n) || n > width))
        return false;
    out->bits = 128 - width + (unsigned)n;
    return true;
}

bool wb_condition_value(struct wb_arena *a, const struct wb_condition *c, struct wb_slice text,
                        bool variables, struct wb_expected *out)
{
    *out = (struct wb_expected){.text = text};
    switch (c->test) {
    case WB_TEST_STRING:
    case WB_TEST_STRING_NOCASE:
        return wb_glob_compile(a, text, variables, false, &out->glob);
    case WB_TEST_STRING_LIKE:
        return wb_glob_compile(a, text, variables, true, &out->glob);
    case WB_TEST_ARN:
        return wb_arn_glob_compile(a, text, variables, &out->arn);
    case WB_TEST_NUMBER:
        return parse_number(text, &out->number);
    case WB_TEST_DATE:
        return parse_date(text, &out->ms);
    case WB_TEST_BOOL:
    case WB_TEST_NULL:
        return parse_bool(text, &out->flag);
    case WB_TEST_IP:
        return parse_network(text, &out->network);
    case WB_TEST_BINARY:
        break;
    }
    return true;
}

/* --- comparing --- */

static bool related(int order, enum wb_relation r)
{
    switch (r) {
    case WB_EQ:
        return order == 0;
    case WB_LT:
        return order < 0;
    case WB_LE:
        return order <= 0;
    case WB_GT:
        return order > 0;
    case WB_GE:
        break;
    }
    return order >= 0;
}

static bool in_network(const struct wb_network *n, const uint8_t address[16])
{
    unsigned bytes = n->bits / 8, rest = n->bits % 8;
    if (memcmp(n->address, address, bytes) != 0)
        return false;
    return rest == 0 || ((n->address[bytes] ^ address[bytes]) >> (8 - rest)) == 0;
}

static bool same_flag(struct wb_slice have, bool want)
{
    bool flag;
    return parse_bool(have, &flag) && flag == want;
}

/* One value of the request against one of the policy. */
static bool matches(const struct wb_condition *c, const struct wb_expected *want,
                    struct wb_slice have, const struct wb_request *q)
{
    double number;
    int64_t ms;
    uint8_t address[16];
    unsigned width;
    switch (c->test) {
    case WB_TEST_STRING:
    case WB_TEST_STRING_LIKE:
        return wb_glob_match(&want->glob, have, q, false);
    case WB_TEST_STRING_NOCASE:
        return wb_glob_match(&want->glob, have, q, true);
    case WB_TEST_ARN:
        return wb_arn_glob_match(&want->arn, have, q);
    case WB_TEST_NUMBER:
        return parse_number(have, &number) &&
               related((number > want->number) - (number < want->number), c->relation);
    case WB_TEST_DATE:
        return parse_date(have, &ms) && related((ms > want->ms) - (ms < want->ms), c->relation);
    case WB_TEST_BOOL:
        return same_flag(have, want->flag);
    case WB_TEST_IP:
        return parse_address(have, address, &width) && in_network(&want->network, address);
    case WB_TEST_BINARY:
        return wb_slice_eq(have, want->text);
    case WB_TEST_NULL:
        break;
    }
    return false;
}

static bool matches_any(const struct wb_condition *c, struct wb_slice have,
                        const struct wb_request *q)
{
    for (size_t i = 0; i < c->count; i++)
        if (matches(c, &c->value[i], have, q))
            return true;
    return false;
}

static bool null_holds(const struct wb_condition *c, const struct wb_request *q)
{
    struct wb_key_value v;
    size_t pos = 0;
    bool absent = true;
    while (absent && wb_context_next(q, c->key, &pos, &v))
        absent = v.text.n == 0;
    for (size_t i = 0; i < c->count; i++)
        if (c->value[i].flag == absent)
            return true;
    return false;
}

/*
 * A request value is good when it matches one of the policy's (for a negated operator: none).
 * ForAllValues wants all good, ForAnyValue one; without either, one good value will do, and all
 * must be good for a negated operator (it is a NOR). For the quantifiers and Null an empty value
 * is none (IAM User Guide, "Set operators for multivalued context keys").
 */
bool wb_condition_holds(const struct wb_condition *c, const struct wb_request *q)
{
    if (c->test == WB_TEST_NULL)
        return null_holds(c, q);
    bool all = c->quantifier == WB_FOR_ALL || (c->quantifier == WB_ONE && c->negated);
    bool present = false;
    struct wb_key_value v;
    size_t pos = 0;
    while (wb_context_next(q, c->key, &pos, &v)) {
        if (c->quantifier != WB_ONE && v.text.n == 0)
            continue;
        present = true;
        if ((matches_any(c, v.text, q) != c->negated) != all)
            return !all;
    }
    if (!present)
        return c->quantifier == WB_FOR_ALL || c->if_exists ||
               (c->quantifier == WB_ONE && c->negated);
    return all;
}
