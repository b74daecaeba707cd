/*
 * Reading an update. Its identity is the hash of what happened (shipment, carrier, tracking number,
 * instant, status, place), not of how it was sent: a carrier that sends again makes a new event id
 * and often another spelling of the time.
 */
#include "update.h"

#include "base/time.h"
#include "codec/text.h"
#include "crypto/crypto.h"

#include <ctype.h>

const char *refusal_name(enum refusal r)
{
    static const char *const name[REFUSED_COUNT] = {
        "",           "MISSING_SHIPMENT_ID", "BAD_SHIPMENT_ID", "BAD_TIMESTAMP",
        "BAD_STATUS", "BAD_FIELD",           "NOT_AN_OBJECT",   "TOO_LARGE",
    };
    return name[r];
}

static struct wb_slice or_default(struct wb_slice s, const char *otherwise)
{
    return s.p ? s : wb_slice_str(otherwise);
}

/* An optional text field: absent or null is empty. False when it is something else or too long. */
static bool text_field(struct wb_arena *a, struct wb_json detail, const char *name,
                       struct wb_slice *out)
{
    struct wb_json v = wb_json_get(detail, name);
    enum wb_json_type t = wb_json_type(v);
    *out = WB_S("");
    if (t == WB_JSON_MISSING || t == WB_JSON_NULL)
        return true;
    if (t != WB_JSON_STRING)
        return false;
    *out = wb_slice_trim(wb_json_str(v, a));
    return out->n <= UPDATE_FIELD_MAX;
}

static enum refusal read_shipment_id(struct wb_arena *a, struct wb_json detail, struct update *u,
                                     struct wb_slice *what)
{
    struct wb_json v = wb_json_get(detail, "shipmentId");
    if (!wb_json_is(v) || wb_json_type(v) == WB_JSON_NULL) {
        *what = WB_S("shipmentId is missing");
        return REFUSED_NO_SHIPMENT_ID;
    }
    if (wb_json_type(v) != WB_JSON_STRING) {
        *what = WB_S("shipmentId is not a string");
        return REFUSED_BAD_SHIPMENT_ID;
    }
    u->shipment_id = wb_slice_trim(wb_json_str(v, a));
    if (u->shipment_id.n == 0) {
        *what = WB_S("shipmentId is empty");
        return REFUSED_NO_SHIPMENT_ID;
    }
    if (u->shipment_id.n > UPDATE_KEY_MAX) {
        *what = wb_printf(a, "shipmentId has %zu bytes, at most %d are allowed", u->shipment_id.n,
                          UPDATE_KEY_MAX);
        return REFUSED_BAD_SHIPMENT_ID;
    }
    return REFUSED_NOT;
}

static enum refusal read_timestamp(struct wb_arena *a, struct wb_json detail, struct update *u,
                                   struct wb_slice *what)
{
    struct wb_json v = wb_json_get(detail, "timestamp");
    if (!wb_json_is(v)) {
        u->timestamp = u->event_stamp;
        if (u->has_event_time)
            return REFUSED_NOT;
        *what = WB_S("neither the detail nor the event says when");
        return REFUSED_BAD_TIMESTAMP;
    }
    int64_t ms;
    bool zone;
    struct wb_slice s = wb_slice_trim(wb_json_str(v, a));
    if (wb_json_type(v) != WB_JSON_STRING || !wb_time_parse_iso(s, &ms, &zone)) {
        *what = wb_printf(a, "timestamp %.*s is not a date and time",
                          WB_FMT(wb_slice_sub(wb_json_raw(v), 0, 64)));
        return REFUSED_BAD_TIMESTAMP;
    }
    u->timestamp = wb_time_str(a, ms, WB_TIME_ISO_MS);
    u->original_timestamp = s;
    u->assumed_utc = !zone;
    return REFUSED_NOT;
}

static enum refusal read_status(struct wb_arena *a, struct wb_json detail, struct update *u,
                                struct wb_slice *what)
{
    struct wb_json v = wb_json_get(detail, "status");
    u->status = WB_S("UNKNOWN");
    if (!wb_json_is(v))
        return REFUSED_NOT;
    u->status = wb_slice_trim(wb_json_str(v, a));
    if (u->status.n == 0 || u->status.n > UPDATE_FIELD_MAX) {
        *what = WB_S("status is not a text of 1 to 1024 bytes");
        return REFUSED_BAD_STATUS;
    }
    return REFUSED_NOT;
}

struct wb_slice update_upper(struct wb_arena *a, struct wb_slice s)
{
    char *p = wb_dup_cstr(a, s);
    for (size_t i = 0; i < s.n; i++)
        p[i] = (char)toupper((unsigned char)p[i]);
    return wb_slice(p, s.n);
}

static bool is_forecast(struct wb_slice classifier)
{
    return wb_slice_is(classifier, "EST") || wb_slice_is(classifier, "PLN");
}

static enum refusal read_kind(struct wb_arena *a, struct wb_json detail, struct update *u,
                              struct wb_slice *what)
{
    struct wb_json v = wb_json_get(detail, "retracted");
    enum wb_json_type t = wb_json_type(v);
    u->retracted = t == WB_JSON_TRUE;
    if (t != WB_JSON_MISSING && t != WB_JSON_NULL && t != WB_JSON_TRUE && t != WB_JSON_FALSE) {
        *what = WB_S("retracted is neither true nor false");
        return REFUSED_BAD_FIELD;
    }
    struct wb_slice word = update_upper(a, u->classifier);
    u->classifier = is_forecast(word) ? word : WB_S("");
    return REFUSED_NOT;
}

static enum refusal read_fields(struct wb_arena *a, struct wb_json detail, struct update *u,
                                struct wb_slice *what)
{
    const struct {
        const char *name;
        struct wb_slice *out;
    } field[] = {
        {"location", &u->location},
        {"carrier", &u->carrier},
        {"trackingNumber", &u->tracking_number},
        {"reason", &u->delay_reason},
        {"eta", &u->eta},
        {"classifier", &u->classifier},
    };
    for (size_t i = 0; i < sizeof field / sizeof *field; i++)
        if (!text_field(a, detail, field[i].name, field[i].out)) {
            *what = wb_printf(a, "%s is not a text of at most %d bytes", field[i].name,
                              UPDATE_FIELD_MAX);
            return REFUSED_BAD_FIELD;
        }
    return read_kind(a, detail, u, what);
}

/* Hash of the parts, each with its length before it, so that no two lists of parts give the same
 * bytes. */
static void hash_parts(struct wb_arena *a, const struct wb_slice *part, size_t count,
                       char hex[UPDATE_IDENTITY_LEN + 1])
{
    struct wb_buf b = wb_buf_in(a);
    for (size_t i = 0; i < count; i++)
        wb_buf_printf(&b, "%zu:%.*s", part[i].n, WB_FMT(part[i]));
    struct wb_slice h = wb_sha256_hex(a, wb_buf_slice(&b));
    memcpy(hex, h.p, UPDATE_IDENTITY_LEN);
    hex[UPDATE_IDENTITY_LEN] = 0;
}

/* An update that says no more than what happened is known by its core alone: so it was before there
 * was more to say. */
static void identify(struct wb_arena *a, struct update *u)
{
    const struct wb_slice core[] = {u->shipment_id,     update_upper(a, u->carrier),
                                    u->tracking_number, u->timestamp,
                                    u->status,          u->location};
    hash_parts(a, core, sizeof core / sizeof *core, u->core);
    bool told = update_is_delay(u) && !wb_slice_is(u->status, "DELAYED");
    const struct wb_slice more[] = {wb_slice_str(u->core),
                                    u->delay_reason,
                                    u->eta,
                                    u->classifier,
                                    wb_slice_str(told ? "D" : ""),
                                    wb_slice_str(u->retracted ? "R" : "")};
    bool says_more = u->delay_reason.n || u->eta.n || u->classifier.n || told || u->retracted;
    if (says_more)
        hash_parts(a, more, sizeof more / sizeof *more, u->identity);
    else
        memcpy(u->identity, u->core, sizeof u->identity);
}

enum refusal update_read(struct wb_arena *a, struct wb_json event, struct update *u,
                         struct wb_slice *what)
{
    *u = (struct update){0};
    u->event_id = or_default(wb_json_get_str(event, "id", a), "");
    u->event_type = or_default(wb_json_get_str(event, "detail-type", a), "Shipment Update");
    u->event_source = or_default(wb_json_get_str(event, "source", a), "unknown");
    int64_t ms = 0;
    u->has_event_time = wb_time_parse_iso(wb_json_get_str(event, "time", a), &ms, NULL);
    u->event_stamp = wb_time_str(a, ms, WB_TIME_ISO_MS);

    struct wb_json detail = wb_json_get(event, "detail");
    u->raw = wb_json_is(detail) ? wb_json_raw(detail) : WB_S("");
    if (wb_json_type(detail) != WB_JSON_OBJECT) {
        *what = WB_S("the event has no detail object");
        return REFUSED_NOT_AN_OBJECT;
    }
    if (u->raw.n > UPDATE_RAW_MAX) {
        *what = wb_printf(a, "the detail has %zu bytes, at most %d fit the log", u->raw.n,
                          UPDATE_RAW_MAX);
        u->raw = wb_slice_sub(u->raw, 0, 1024);
        return REFUSED_TOO_LARGE;
    }
    enum refusal r = read_shipment_id(a, detail, u, what);
    if (r == REFUSED_NOT)
        r = read_timestamp(a, detail, u, what);
    if (r == REFUSED_NOT)
        r = read_status(a, detail, u, what);
    if (r == REFUSED_NOT)
        r = read_fields(a, detail, u, what);
    if (r == REFUSED_NOT)
        identify(a, u);
    return r;
}

static struct wb_slice text_at(struct wb_arena *a, struct wb_json item, const char *name)
{
    return or_default(wb_json_get_str(wb_json_get(item, name), "S", a), "");
}

bool update_of_row(struct wb_arena *a, struct wb_json item, struct update *u)
{
    int64_t ms;
    struct wb_slice key = text_at(a, item, "timestamp");
    *u = (struct update){
        .shipment_id = text_at(a, item, "shipmentId"),
        .event_type = text_at(a, item, "eventType"),
        .status = text_at(a, item, "status"),
        .location = text_at(a, item, "location"),
        .carrier = text_at(a, item, "carrier"),
        .tracking_number = text_at(a, item, "trackingNumber"),
        .delay_reason = text_at(a, item, "delayReason"),
        .eta = text_at(a, item, "eta"),
        .classifier = text_at(a, item, "classifier"),
        .retracted = text_at(a, item, "retraction").n > 0,
    };
    if (u->shipment_id.n == 0 || !wb_time_parse_iso(wb_slice_cut(&key, '#'), &ms, NULL))
        return false;
    u->timestamp = wb_time_str(a, ms, WB_TIME_ISO_MS);
    /* Rows from before receivedAt was kept: processed soon after. */
    struct wb_slice received = text_at(a, item, "receivedAt");
    if (received.n == 0)
        received = text_at(a, item, "processedAt");
    u->has_event_time = wb_time_parse_iso(received, &ms, NULL);
    u->event_stamp = u->has_event_time ? wb_time_str(a, ms, WB_TIME_ISO_MS) : WB_SLICE_NULL;
    identify(a, u);
    return true;
}

bool update_is_delay(const struct update *u)
{
    return wb_slice_is(u->status, "DELAYED") || wb_slice_is(u->event_type, "Shipment Delayed");
}

struct wb_slice update_delay_change(struct wb_arena *a, const struct update *u)
{
    char hex[UPDATE_IDENTITY_LEN + 1];
    /* A delay that names neither cause nor new date is told by the update itself. */
    struct wb_slice own = u->eta.n || u->delay_reason.n ? WB_S("") : wb_slice_str(u->identity);
    const struct wb_slice part[] = {u->shipment_id, u->eta, u->delay_reason, own};
    hash_parts(a, part, sizeof part / sizeof *part, hex);
    return wb_dup(a, wb_slice(hex, UPDATE_IDENTITY_LEN));
}
