/* `waybill check`: alarms decode, indexes agree with them. */
#include "services/cloudwatch/alarm.h"
#include "services/cloudwatch/alarm_rule.h"

struct checker {
    struct wb_tx *tx;
    void (*bad)(void *arg, const char *what);
    void *arg;
};

static void there(struct checker *k, struct wb_slice key, const char *what)
{
    struct wb_slice value;
    if (!wb_tx_get(k->tx, key, &value))
        k->bad(k->arg, what);
}

static void check_alarm(struct checker *k, const struct cw_alarm *al)
{
    struct wb_arena *a = k->tx->arena;
    struct cw_rule_tree t;
    struct wb_slice why;
    unsigned class, slot;
    if (al->composite) {
        if (!cw_rule_parse(a, cw_config_str(al, a, "AlarmRule"), &t, &why)) {
            k->bad(k->arg, "the rule of a composite alarm cannot be read");
            return;
        }
        for (unsigned i = 0; i < t.name_count; i++)
            there(k,
                  wb_key(a, WB_T_ALARM_CHILD, "ssss", al->account, al->region,
                         cw_alarm_name(al, t.name[i]), al->name),
                  "a composite alarm is not found by its child");
        return;
    }
    cw_tick_place(al, &class, &slot);
    there(k,
          wb_key(a, WB_T_ALARM_SLOT, "bbsss", (int)class, (int)slot, al->account, al->region,
                 al->name),
          "an alarm is in no slot");
    there(k, wb_key(a, WB_T_ALARM_TICK, "bb", (int)class, (int)slot),
          "a slot with alarms has no timer");
}

static void check_slots(struct checker *k)
{
    struct wb_slice key, value;
    struct wb_scan *s = wb_tx_scan_prefix(k->tx, wb_key(k->tx->arena, WB_T_ALARM_SLOT, ""));
    while (wb_tx_next(k->tx, s, &key, &value)) {
        struct wb_key_rd r = wb_key_rd(k->tx->arena, key, &(uint16_t){0});
        struct cw_alarm al;
        wb_key_rd_u8(&r);
        wb_key_rd_u8(&r);
        struct wb_slice account = wb_key_rd_str(&r), region = wb_key_rd_str(&r),
                        name = wb_key_rd_str(&r);
        if (r.bad || !cw_alarm_read(k->tx, account, region, name, &al))
            k->bad(k->arg, "a slot names an alarm that is not there");
    }
    wb_scan_close(s);
}

static void check_history(struct checker *k)
{
    struct wb_slice key, value;
    struct wb_scan *s = wb_tx_scan_prefix(k->tx, wb_key(k->tx->arena, WB_T_ALARM_HISTORY, ""));
    while (wb_tx_next(k->tx, s, &key, &value)) {
        struct wb_arena *a = k->tx->arena;
        struct wb_key_rd r = wb_key_rd(a, key, &(uint16_t){0});
        struct wb_slice account = wb_key_rd_str(&r), region = wb_key_rd_str(&r);
        int64_t at = wb_key_rd_i64(&r);
        uint64_t stamp = wb_key_rd_u64(&r);
        struct wb_slice name = wb_json_get_str(wb_json_read(a, wb_dup(a, value), NULL), "name", a);
        if (r.bad || !name.p)
            k->bad(k->arg, "an item of an alarm's history cannot be read");
        else
            there(k, wb_key(a, WB_T_ALARM_HISTORY_OF, "sssiu", account, region, name, at, stamp),
                  "an item of history is not found by its alarm");
    }
    wb_scan_close(s);
}

void cw_alarm_check(struct wb_tx *tx, void (*bad)(void *arg, const char *what), void *arg)
{
    struct checker k = {tx, bad, arg};
    struct wb_slice key, value;
    struct wb_scan *s = wb_tx_scan_prefix(tx, wb_key(tx->arena, WB_T_ALARM, ""));
    struct cw_alarm al;
    while (wb_tx_next(tx, s, &key, &value)) {
        if (cw_alarm_decode(tx->arena, wb_dup(tx->arena, key), value, &al))
            check_alarm(&k, &al);
        else
            bad(arg, "an alarm cannot be read");
    }
    wb_scan_close(s);
    check_slots(&k);
    check_history(&k);
}
