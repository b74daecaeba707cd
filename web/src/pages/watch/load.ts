/* The values of a graph's rows: one GetMetricData call, and the unit of each metric once. */
import { call, serverNow } from '../../api';
import { alarmsFirst } from '../first';
import { named, periodOf, wholePeriod, type Alarm, type Metric, type Row } from './rows';

export interface Line { id: string; label: string; values: (number | null)[]; unit: string; row: Row; period: number }
export interface Lines { times: number[]; span: [number, number]; lines: Line[]; period: number; said: string[] }
export interface Ask {
    span: [number, number]; stat?: string; period?: number; inherit?: boolean; region?: string;
    live?: boolean;  /* also what is younger than a minute and may still grow */
    whole?: boolean; /* one value for the whole time */
}

/* --- units: GetMetricData does not tell them --- */

const units = new Map<string, Promise<string>>();

async function askUnit(m: Metric, ask: Ask): Promise<string> {
    const [from, to] = ask.span.map((ms) => Math.floor(ms / 60e3) * 60);
    const r = await call('cloudwatch', 'GetMetricStatistics', {
        Namespace: m.ns, MetricName: m.name, Dimensions: m.dims.map(([Name, Value]) => ({ Name, Value })),
        StartTime: from, EndTime: to + 60, Period: to + 60 - from, Statistics: ['SampleCount'],
    }, undefined, ask.region);
    return r.Datapoints?.[0]?.Unit ?? '';
}

/* Asked once for all widgets that show the metric. Who may not ask sees bare numbers. */
function unitOf(m: Metric, ask: Ask): Promise<string> {
    const key = JSON.stringify([ask.region, m]);
    let unit = units.get(key);
    if (!unit) {
        unit = askUnit(m, ask).catch(() => '');
        unit.then((u) => { if (!u) units.delete(key); });
        units.set(key, unit);
    }
    return unit;
}

const UNITLESS = /^(SampleCount|SC|PR|TC)\b/;

/* --- values --- */

const floor = (ms: number, step: number) => Math.floor(ms / step) * step;

function query(r: Row & { id: string }, ask: Ask, period: number): object {
    const o = r.options, common = { Id: r.id, Label: o.label, ReturnData: o.visible !== false };
    if (!r.metric)
        return { ...common, Expression: o.expression, Period: period };
    return { ...common, MetricStat: {
        Metric: { Namespace: r.metric.ns, MetricName: r.metric.name, Dimensions: r.metric.dims.map(([Name, Value]) => ({ Name, Value })) },
        Period: period, Stat: o.stat ?? ask.stat ?? 'Average', Unit: o.unit,
    } };
}

function labelOf(r: Row, given: string, ask: Ask): string {
    return r.options.label || !r.metric ? given : `${given} (${r.options.stat ?? ask.stat ?? 'Average'})`;
}

/* Two series of one name would be one in the legend: the dimensions in which they differ tell them apart, or else a number. */
function distinct(lines: Line[]) {
    const groups = new Map<string, Line[]>();
    for (const l of lines)
        groups.set(l.label, [...(groups.get(l.label) ?? []), l]);
    const taken = new Set(groups.keys());
    for (const [label, all] of groups)
        for (const l of all.length > 1 ? all : []) {
            const own = (l.row.metric?.dims ?? []).filter(([k, v]) => all.some((x) => !x.row.metric?.dims.some((d) => d[0] === k && d[1] === v))).map(([, v]) => v);
            const ns = l.row.metric && all.some((x) => x.row.metric?.ns !== l.row.metric?.ns) ? [l.row.metric.ns] : [];
            const full = [...ns, ...own, label].join(' ');
            l.label = full;
            for (let n = 2; taken.has(l.label); n++)
                l.label = `${full} #${n}`;
            taken.add(l.label);
        }
}

/* Every how many places a series has a point: an expression may have chosen its own period. */
function stepOf(at: number[], otherwise: number): number {
    let step = 0;
    for (let i = 1; i < at.length; i++)
        for (let a = at[i] - at[i - 1], b = step; ; [a, b] = [b, a % b])
            if (!b) {
                step = a;
                break;
            }
    return step || otherwise;
}

export async function loadLines(rows: Row[], ask: Ask, signal?: AbortSignal): Promise<Lines> {
    const all = named(rows), now = serverNow(), length = ask.span[1] - ask.span[0], age = now - ask.span[0];
    if (!all.length)
        return { times: [], span: ask.span, lines: [], period: 0, said: [] };
    const whole = ask.whole ? wholePeriod(ask.span[0], ask.span[1], now) : undefined;
    const periods = all.map((r) => (whole ? whole.period : periodOf(r.options.period ?? ask.period, length, age, !!ask.inherit)));
    const least = Math.min(...periods), most = Math.max(...periods, 1);
    const from = whole ? whole.from : floor(ask.span[0], most * 1000), to = whole ? from + whole.period * 1000 : ask.span[1];
    const results: any[] = [], said: string[] = [];
    let next: string | undefined;
    do {
        const r: any = await call('cloudwatch', 'GetMetricData', {
            MetricDataQueries: all.map((q, i) => query(q, ask, periods[i])), StartTime: from / 1000, EndTime: to / 1000, ScanBy: 'TimestampAscending', NextToken: next,
        }, signal, ask.region);
        for (const one of r.MetricDataResults ?? []) {
            const before = results.find((x) => x.Id === one.Id && x.Label === one.Label);
            if (before && next) {
                before.Timestamps.push(...one.Timestamps);
                before.Values.push(...one.Values);
            } else {
                results.push(one);
            }
            said.push(...(one.Messages ?? []).map((m: any) => m.Value));
        }
        said.push(...(r.Messages ?? []).map((m: any) => m.Value));
        next = r.NextToken;
    } while (next);
    const times: number[] = [];
    for (let t = from; t < to; t += least * 1000)
        times.push(t);
    const index = new Map(times.map((t, i) => [t, i]));
    const lines = await Promise.all(results.map(async (r): Promise<Line> => {
        const n = all.findIndex((q) => q.id === r.Id), row = all[n];
        const places: number[] = (r.Timestamps ?? []).map((t: number) => index.get(Math.round(t * 1000)) ?? -1);
        const step = row.metric ? periods[n] / least : stepOf(places.filter((i) => i >= 0), periods[n] / least), phase = Math.max(0, places.find((i) => i >= 0) ?? 0) % step;
        /* a gap is null; where a coarser series has no point at all it is undefined, and the line goes on */
        const values: (number | null)[] = times.map((_, i) => (i % step === phase ? null : (undefined as unknown as null)));
        places.forEach((i, k) => {
            if (i >= 0 && (ask.live || ask.whole || times[i] <= now - 60e3))
                values[i] = r.Values[k];
        });
        const stat = row.options.stat ?? ask.stat ?? 'Average';
        const unit = row.options.unit ?? (row.metric && r.Timestamps?.length && !UNITLESS.test(stat) ? await unitOf(row.metric, ask) : '');
        return { id: r.Id, label: labelOf(row, r.Label ?? r.Id, ask), values, unit, row, period: periods[n] };
    }));
    distinct(lines);
    return { times, span: ask.whole ? [from, to] : ask.span, lines, period: least, said: [...new Set(said)] };
}

export function last(l: Line): number | null {
    for (let i = l.values.length - 1; i >= 0; i--)
        if (l.values[i] !== null && l.values[i] !== undefined)
            return l.values[i];
    return null;
}

/* --- alarms --- */

export async function loadAlarms(input: object, signal?: AbortSignal, most = 10000, region?: string): Promise<Alarm[]> {
    const all: Alarm[] = [];
    let next: string | undefined;
    do {
        const r: any = await call(alarmsFirst.service, alarmsFirst.operation, { ...alarmsFirst.input, ...input, NextToken: next }, signal, region);
        all.push(...(r.MetricAlarms ?? []), ...(r.CompositeAlarms ?? []));
        next = r.NextToken;
    } while (next && all.length < most);
    return all;
}

export const loadNamed = async (names: string[], signal?: AbortSignal, region?: string): Promise<Alarm[]> => {
    const all: Alarm[] = [];
    for (let i = 0; i < names.length; i += 100)
        all.push(...await loadAlarms({ AlarmNames: names.slice(i, i + 100) }, signal, 100, region));
    return all;
};
