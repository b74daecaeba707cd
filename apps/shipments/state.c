#include "state.h"

#include "base/map.h"
#include "base/time.h"
#include "crypto/crypto.h"

#include <ctype.h>

#define DIGEST_LEN 32

/* --- one update --- */

/* What an update says, worked out once. */
struct scan {
    const struct update *u;
    enum status status;
    bool ahead, seen; /* seen: neither a forecast nor one that takes another back */
    struct wb_slice key;
};

static bool is_ahead(const struct update *u)
{
    int64_t when, received;
    return u->has_event_time && wb_time_parse_iso(u->timestamp, &when, NULL) &&
           wb_time_parse_iso(u->event_stamp, &received, NULL) && when > received + STATE_AHEAD_MS;
}

static struct scan scan_of(struct wb_arena *a, const struct update *u)
{
    struct scan x = {u, status_of(u->status), is_ahead(u), !u->classifier.n && !u->retracted};
    bool by_receipt = x.ahead || (u->classifier.n && u->has_event_time);
    x.key = wb_printf(a, "%.*s %02d %.16s", WB_FMT(by_receipt ? u->event_stamp : u->timestamp),
                      x.status, u->identity);
    return x;
}

/* An estimate as an instant: a day alone ends with it. */
static bool instant_of(struct wb_slice eta, int64_t *ms)
{
    char day[16 + UPDATE_STAMP_LEN];
    if (eta.n != 10)
        return wb_time_parse_iso(eta, ms, NULL);
    memcpy(day, eta.p, 10);
    memcpy(day + 10, "T23:59:59.999Z", 15);
    return wb_time_parse_iso(wb_slice_str(day), ms, NULL);
}

static struct wb_slice estimate(const struct scan *x)
{
    if (x->u->eta.n == 0 && x->u->classifier.n && x->status == STATUS_DELIVERED)
        return x->u->timestamp; /* a delivery foretold is an estimate itself */
    return x->u->eta;
}

static bool moves(enum status s)
{
    return s >= STATUS_CREATED && s < STATUS_DELIVERED;
}

static bool clears(enum status s)
{
    return s == STATUS_PICKED_UP || s == STATUS_IN_TRANSIT || s == STATUS_OUT_FOR_DELIVERY ||
           s == STATUS_DELIVERED;
}

/* Whether the update makes this mark, and with which text. */
static bool makes(const struct scan *x, enum mark m, struct wb_slice *text)
{
    int64_t ms;
    const struct update *u = x->u;
    *text = WB_S("");
    switch (m) {
    case MARK_MOVED:
        *text = u->status;
        return x->seen && moves(x->status);
    case MARK_DELIVERED:
    case MARK_RETURNED:
    case MARK_CANCELLED:
        *text = u->status;
        return x->seen && x->status == (m == MARK_DELIVERED  ? STATUS_DELIVERED
                                        : m == MARK_RETURNED ? STATUS_RETURNED
                                                             : STATUS_CANCELLED);
    case MARK_DELAY:
        *text = u->delay_reason;
        return x->seen && (update_is_delay(u) || x->status == STATUS_DELAYED);
    case MARK_EXCEPTION:
        *text = u->delay_reason;
        return x->seen && x->status == STATUS_EXCEPTION;
    case MARK_CLEAR:
        return x->seen && clears(x->status);
    case MARK_PROMISED:
        *text = estimate(x);
        return !u->retracted && !update_is_delay(u) && instant_of(*text, &ms);
    case MARK_ETA:
        *text = estimate(x);
        return !u->retracted && text->n;
    case MARK_PLACE:
        *text = u->location;
        return x->seen && text->n;
    case MARK_CARRIER:
        *text = u->carrier;
        return x->seen && text->n;
    case MARK_NUMBER:
        *text = u->tracking_number;
        return x->seen && text->n;
    case MARK_NEWEST:
        *text = u->status;
        return x->seen;
    case MARK_RECEIVED:
        return u->has_event_time;
    case MARK_AHEAD:
        return x->seen && x->ahead;
    case MARK_FORECAST:
        return u->classifier.n > 0;
    default:
        return u->retracted;
    }
}

static const struct {
    const char *name;
    bool first; /* the earliest counts, not the latest */
} marks[MARK_COUNT] = {[MARK_MOVED] = {"moved", false},
                       [MARK_DELIVERED] = {"delivered", true},
                       [MARK_RETURNED] = {"returned", true},
                       [MARK_CANCELLED] = {"cancelled", true},
                       [MARK_DELAY] = {"delay", false},
                       [MARK_EXCEPTION] = {"exception", false},
                       [MARK_CLEAR] = {"clear", false},
                       [MARK_PROMISED] = {"promised", true},
                       [MARK_ETA] = {"eta", false},
                       [MARK_PLACE] = {"place", false},
                       [MARK_CARRIER] = {"carrier", false},
                       [MARK_NUMBER] = {"number", false},
                       [MARK_NEWEST] = {"newest", false},
                       [MARK_RECEIVED] = {"received", false},
                       [MARK_AHEAD] = {"ahead", false},
                       [MARK_FORECAST] = {"forecast", false},
                       [MARK_WITHDRAWN] = {"withdrawn", false}};

struct wb_slice reference_of(struct wb_arena *a, struct wb_slice number)
{
    char *p = wb_alloc(a, number.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < number.n; i++) {
        unsigned char c = (unsigned char)number.p[i];
        if (isalnum(c) || c >= 0x80)
            p[n++] = (char)toupper(c);
    }
    return wb_slice(p, n);
}

/* Into the sorted list, of which the first are kept: whatever comes in whatever order. */
static void take_number(struct state *s, struct wb_slice number)
{
    unsigned at = 0;
    while (at < s->numbers && wb_slice_cmp(s->number[at], number) < 0)
        at++;
    if (number.n == 0 || at == STATE_NUMBERS_MAX ||
        (at < s->numbers && wb_slice_eq(s->number[at], number)))
        return;
    if (s->numbers == STATE_NUMBERS_MAX)
        s->numbers--;
    memmove(&s->number[at + 1], &s->number[at], sizeof *s->number * (s->numbers - at));
    s->number[at] = number;
    s->numbers++;
}

void state_take(struct wb_arena *a, struct state *s, const struct update *u)
{
    struct scan x = scan_of(a, u);
    for (enum mark m = 0; m < MARK_COUNT; m++) {
        struct wb_slice text, key = m == MARK_RECEIVED ? u->event_stamp : x.key;
        if (!makes(&x, m, &text))
            continue;
        struct wb_slice there = s->mark[m].key;
        int order = there.p ? wb_slice_cmp(key, there) : 0;
        if (there.p && (marks[m].first ? order >= 0 : order <= 0))
            continue;
        s->mark[m].key = key;
        s->mark[m].text = m == MARK_CARRIER ? update_upper(a, text) : text;
    }
    take_number(s, reference_of(a, u->tracking_number));
}

struct state state_of(struct wb_arena *a, const struct update *u, size_t count)
{
    struct state s = {0};
    struct wb_map *back = wb_map_new();
    for (size_t i = 0; i < count; i++)
        if (u[i].retracted)
            wb_map_put(back, wb_slice_str(u[i].core), s.number);
    for (size_t i = 0; i < count; i++) {
        if (u[i].retracted || !wb_map_get(back, wb_slice_str(u[i].core))) {
            state_take(a, &s, &u[i]);
            continue;
        }
        take_number(&s, reference_of(a, u[i].tracking_number)); /* it can still be found */
    }
    wb_map_free(back);
    return s;
}

bool state_simple(const struct state *s, const struct update *u)
{
    return (!s || (!s->mark[MARK_AHEAD].key.p && !s->mark[MARK_FORECAST].key.p &&
                   !s->mark[MARK_WITHDRAWN].key.p)) &&
           (!u || (!u->retracted && u->classifier.n == 0 && !is_ahead(u)));
}

bool state_earlier(const struct update *copy, const struct update *row)
{
    return copy->has_event_time && (copy->classifier.n || is_ahead(copy)) &&
           (!row->has_event_time || wb_slice_cmp(copy->event_stamp, row->event_stamp) < 0);
}

/* --- what they say together --- */

static bool later(const struct state *s, enum mark x, enum mark than)
{
    return s->mark[x].key.p &&
           (!s->mark[than].key.p || wb_slice_cmp(s->mark[x].key, s->mark[than].key) > 0);
}

/* The mark that gives the status; MARK_COUNT when nothing was seen. */
static enum mark deciding(const struct state *s)
{
    enum mark end = MARK_COUNT;
    for (enum mark m = MARK_DELIVERED; m <= MARK_CANCELLED; m++)
        if (s->mark[m].key.p && (end == MARK_COUNT || later(s, end, m)))
            end = m;
    if (end == MARK_DELIVERED && s->mark[MARK_RETURNED].key.p)
        return MARK_RETURNED;
    if (end != MARK_COUNT)
        return end;
    if (s->mark[MARK_MOVED].key.p)
        return MARK_MOVED;
    if (s->mark[MARK_DELAY].key.p || s->mark[MARK_EXCEPTION].key.p)
        return later(s, MARK_EXCEPTION, MARK_DELAY) ? MARK_EXCEPTION : MARK_DELAY;
    return s->mark[MARK_NEWEST].key.p ? MARK_NEWEST : MARK_COUNT;
}

static struct wb_slice instant(const struct state *s, enum mark m)
{
    return wb_slice_sub(s->mark[m].key, 0, UPDATE_STAMP_LEN);
}

/* A later estimate is no later than the promise before the delay. */
static bool made_good(const struct state *s)
{
    int64_t promised, eta;
    return later(s, MARK_DELAY, MARK_PROMISED) && s->mark[MARK_PROMISED].key.p &&
           later(s, MARK_ETA, MARK_DELAY) && instant_of(s->mark[MARK_PROMISED].text, &promised) &&
           instant_of(s->mark[MARK_ETA].text, &eta) && eta <= promised;
}

struct state_view state_view(const struct state *s)
{
    enum mark m = deciding(s);
    struct state_view v = {.status = STATUS_UNKNOWN, .since = WB_S(""), .word = WB_S("")};
    if (m != MARK_COUNT) {
        v.since = instant(s, m);
        v.word = s->mark[m].text;
        int64_t rank = STATUS_UNKNOWN;
        wb_slice_i64(wb_slice_sub(s->mark[m].key, UPDATE_STAMP_LEN + 1, UPDATE_STAMP_LEN + 3),
                     &rank);
        v.status = m == MARK_DELAY ? STATUS_DELAYED : (enum status)rank;
        if (m == MARK_DELAY || m == MARK_EXCEPTION) /* their text is the reason */
            v.word = WB_S("");
    }
    v.delayed = s->mark[MARK_DELAY].key.p && !status_is_end(v.status) && !made_good(s);
    v.exception = later(s, MARK_EXCEPTION, MARK_CLEAR);
    return v;
}

/* --- the row --- */

struct wb_slice state_digest(struct wb_arena *a, const struct state *s)
{
    struct wb_buf b = wb_buf_in(a);
    for (enum mark m = 0; m < MARK_COUNT; m++)
        if (s->mark[m].key.p)
            wb_buf_printf(&b, "%s %.*s %zu:%.*s\n", marks[m].name, WB_FMT(s->mark[m].key),
                          s->mark[m].text.n, WB_FMT(s->mark[m].text));
    for (unsigned i = 0; i < s->numbers; i++)
        wb_buf_printf(&b, "%.*s\n", WB_FMT(s->number[i]));
    return wb_slice_sub(wb_sha256_hex(a, wb_buf_slice(&b)), 0, DIGEST_LEN);
}

static void attr(struct wb_json_writer *w, const char *name, const char *type,
                 struct wb_slice value)
{
    wb_jw_key(w, name);
    wb_jw_object(w);
    wb_jw_kstr(w, type, value);
    wb_jw_end_object(w);
}

/* An attribute that is there only when it says something. */
static void attr_some(struct wb_json_writer *w, const char *name, struct wb_slice value)
{
    if (value.n)
        attr(w, name, "S", value);
}

static void attr_true(struct wb_json_writer *w, const char *name, bool v)
{
    if (v)
        wb_jw_kraw(w, name, WB_S("{\"BOOL\":true}"));
}

static void write_marks(struct wb_json_writer *w, struct wb_arena *a, const struct state *s)
{
    wb_jw_key(w, "basis");
    wb_jw_object(w);
    wb_jw_key(w, "M");
    wb_jw_object(w);
    for (enum mark m = 0; m < MARK_COUNT; m++)
        if (s->mark[m].key.p)
            attr(w, marks[m].name, "S",
                 wb_printf(a, "%.*s %.*s", WB_FMT(s->mark[m].key), WB_FMT(s->mark[m].text)));
    wb_jw_end_object(w);
    wb_jw_end_object(w);
    if (!s->numbers)
        return;
    wb_jw_key(w, "trackingNumbers");
    wb_jw_object(w);
    wb_jw_key(w, "SS");
    wb_jw_array(w);
    for (unsigned i = 0; i < s->numbers; i++)
        wb_jw_str(w, s->number[i]);
    wb_jw_end_array(w);
    wb_jw_end_object(w);
}

struct wb_slice state_item(struct wb_arena *a, struct wb_slice shipment, const struct state *s)
{
    struct state_view v = state_view(s);
    struct wb_slice attention = v.delayed && v.exception ? WB_S("DELAYED+EXCEPTION")
                                : v.delayed              ? WB_S("DELAYED")
                                : v.exception            ? WB_S("EXCEPTION")
                                                         : WB_S("");
    struct wb_buf b = wb_buf_in(a);
    struct wb_json_writer w;
    wb_jw_init(&w, &b);
    wb_jw_object(&w);
    attr(&w, "shipmentId", "S", shipment);
    attr(&w, "kind", "S", WB_S("shipment"));
    attr(&w, "status", "S", wb_slice_str(status_name(v.status)));
    attr_some(&w, "statusAt", v.since);
    attr_some(&w, "rawStatus", v.word);
    attr_some(&w, "lastEventAt", instant(s, MARK_NEWEST));
    attr_some(&w, "lastReceivedAt", s->mark[MARK_RECEIVED].key);
    attr_some(&w, "location", s->mark[MARK_PLACE].text);
    attr_some(&w, "carrier", s->mark[MARK_CARRIER].text);
    attr_some(&w, "trackingNumber", s->mark[MARK_NUMBER].text);
    attr_some(&w, "eta", s->mark[MARK_ETA].text);
    attr_some(&w, "promisedEta", s->mark[MARK_PROMISED].text);
    attr_true(&w, "delayed", v.delayed);
    if (v.delayed)
        attr_some(&w, "delayReason", s->mark[MARK_DELAY].text);
    attr_true(&w, "exception", v.exception);
    if (v.exception)
        attr_some(&w, "exceptionReason", s->mark[MARK_EXCEPTION].text);
    if (!status_is_end(v.status))
        attr_some(&w, "attention", attention);
    attr_true(&w, "clockSuspect", s->mark[MARK_AHEAD].key.p != NULL);
    attr_true(&w, "withdrawn", s->mark[MARK_WITHDRAWN].key.p != NULL);
    attr(&w, "rule", "N", wb_printf(a, "%d", STATE_RULE));
    attr(&w, "digest", "S", state_digest(a, s));
    write_marks(&w, a, s);
    wb_jw_end_object(&w);
    return wb_buf_slice(&b);
}

static bool read_mark(struct wb_arena *a, struct wb_json basis, struct state *s, enum mark m)
{
    struct wb_slice v = wb_json_get_str(wb_json_get(basis, marks[m].name), "S", a);
    size_t key = m == MARK_RECEIVED ? UPDATE_STAMP_LEN : STATE_KEY_LEN;
    if (!v.p)
        return true;
    if (v.n <= key)
        return false;
    s->mark[m].key = wb_slice_sub(v, 0, key);
    s->mark[m].text = wb_slice_sub(v, key + 1, v.n);
    return true;
}

bool state_read(struct wb_arena *a, struct wb_json item, struct state *s)
{
    *s = (struct state){0};
    int64_t rule = 0;
    struct wb_json basis = wb_json_get(wb_json_get(item, "basis"), "M");
    struct wb_slice text = wb_json_get_str(wb_json_get(item, "rule"), "N", a);
    if (!text.p || !wb_slice_i64(text, &rule) || rule != STATE_RULE)
        return false;
    for (enum mark m = 0; m < MARK_COUNT; m++)
        if (!read_mark(a, basis, s, m))
            return false;
    struct wb_json_iter it = wb_json_iter(wb_json_get(wb_json_get(item, "trackingNumbers"), "SS"));
    while (wb_json_next(&it))
        take_number(s, wb_json_str(it.value, a));
    return wb_slice_eq(wb_json_get_str(wb_json_get(item, "digest"), "S", a), state_digest(a, s));
}

bool state_same(const struct state *x, const struct state *y)
{
    if (x->numbers != y->numbers)
        return false;
    for (enum mark m = 0; m < MARK_COUNT; m++)
        if (!wb_slice_eq(x->mark[m].key, y->mark[m].key) ||
            !wb_slice_eq(x->mark[m].text, y->mark[m].text))
            return false;
    for (unsigned i = 0; i < x->numbers; i++)
        if (!wb_slice_eq(x->number[i], y->number[i]))
            return false;
    return true;
}
