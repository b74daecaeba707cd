/* What dashboards and alarms say about metrics, read: nothing here asks the server. */
import type { Mark, Moment } from '../../ui/chart';

export interface Metric { ns: string; name: string; dims: [string, string][] }
export interface Options {
    id?: string; expression?: string; label?: string; stat?: string; period?: number; unit?: string; yAxis?: 'left' | 'right'; color?: string; visible?: boolean;
}
export interface Row { metric?: Metric; options: Options }

/* --- the rows of a widget --- */

/* In a row "." stands for the field above it, and "..." for all fields above that are not given anew. */
export function expandRows(metrics: unknown): Row[] {
    const rows: Row[] = [];
    let above: string[] = [];
    for (const raw of Array.isArray(metrics) ? metrics : []) {
        if (!Array.isArray(raw))
            continue;
        const tail = raw[raw.length - 1], options: Options = tail && typeof tail === 'object' ? tail : {};
        const given = raw.filter((f): f is string => typeof f === 'string');
        if (typeof options.expression === 'string') {
            rows.push({ options });
            continue;
        }
        const gap = given.indexOf('...'), rest = given.slice(gap + 1);
        const full = gap < 0 ? given : [...given.slice(0, gap), ...above.slice(gap, Math.max(gap, above.length - rest.length)), ...rest];
        const fields = full.map((f, i) => (f === '.' ? above[i] ?? f : f));
        const dims: [string, string][] = [];
        for (let i = 2; i + 1 < fields.length; i += 2)
            dims.push([fields[i], fields[i + 1]]);
        rows.push({ metric: { ns: fields[0] ?? '', name: fields[1] ?? '', dims }, options });
        above = fields;
    }
    return rows;
}

/* The rows with ids that tell them apart: their own, or one that nobody has. */
export function named(rows: Row[]): (Row & { id: string })[] {
    const taken = new Set(rows.map((r) => r.options.id));
    let n = 0;
    return rows.map((r) => {
        let id = r.options.id;
        while (!id)
            if (!taken.has(`q${++n}`))
                id = `q${n}`;
        return { ...r, id };
    });
}

/* --- periods and times --- */

const STEPS = [1, 5, 10, 30, 60, 300, 900, 3600, 21600, 86400];

/* Seconds: a graph of a few hundred points, and no finer than what is still kept of that time. */
export function autoPeriod(spanMs: number, ageMs: number): number {
    const bySpan = spanMs <= 3 * 3600e3 ? 60 : spanMs <= 36 * 3600e3 ? 300 : spanMs <= 15 * 86400e3 ? 3600 : spanMs <= 63 * 86400e3 ? 21600 : 86400;
    return Math.max(bySpan, ageMs > 63 * 86400e3 ? 3600 : ageMs > 15 * 86400e3 ? 300 : 60);
}

/* The period of a row: what it asks for, made coarser where the dashboard lets the time range decide, and always where it would be too many points. */
export function periodOf(asked: number | undefined, spanMs: number, ageMs: number, inherit: boolean): number {
    const auto = autoPeriod(spanMs, ageMs);
    let period = asked ? (inherit ? asked : Math.max(asked, auto)) : auto;
    if (spanMs / 1000 / period > 1500)
        period = STEPS.find((s) => s >= period && spanMs / 1000 / s <= 1500) ?? 86400;
    return period;
}

/*
 * One value for a whole time: GetMetricData's periods begin at multiples of their length, so a length is looked for of which one
 * begins where the time does. It may end later than now, where nothing is yet. Milliseconds and seconds.
 */
export function wholePeriod(from: number, to: number, now: number): { from: number; period: number } {
    const age = now - from, unit = age > 63 * 86400e3 ? 3600e3 : age > 15 * 86400e3 ? 300e3 : 60e3;
    const a = Math.floor(from / unit), b = Math.max(a + 1, Math.ceil(to / unit)), length = b - a, open = to >= now - unit;
    let best = { from: a, period: length, miss: Infinity };
    for (let m = Math.ceil(length * 0.9); m <= length * 2 && best.miss > 0; m += Math.ceil(length / 5000))
        for (const begin of [Math.floor(a / m) * m, Math.ceil(a / m) * m]) {
            const end = begin + m, miss = Math.abs(begin - a) + (open ? Math.max(0, b - end) : Math.abs(end - b));
            if (miss < best.miss)
                best = { from: begin, period: m, miss };
        }
    return { from: best.from * unit, period: best.period * unit / 1000 };
}

const PART: Record<string, number> = { W: 7 * 86400e3, D: 86400e3, H: 3600e3, M: 60e3, S: 1e3 };

/* "-PT3H", "-P7D", "-P1M": milliseconds. */
export function isoDuration(text: string): number | undefined {
    const m = /^-?P(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T((?:\d+[HMS])+))?$/.exec(text);
    if (!m)
        return undefined;
    let ms = Number(m[1] ?? 0) * 30 * 86400e3 + Number(m[2] ?? 0) * PART.W + Number(m[3] ?? 0) * PART.D;
    for (const p of m[4]?.matchAll(/(\d+)([HMS])/g) ?? [])
        ms += Number(p[1]) * PART[p[2]];
    return ms || undefined;
}

/* The time range that a dashboard asks for when it is opened. */
export function openingRange(body: { start?: unknown; end?: unknown }, now: number): { last: number } | { from: number; to: number } | undefined {
    if (typeof body.start !== 'string')
        return undefined;
    const back = isoDuration(body.start), end = typeof body.end === 'string' ? Date.parse(body.end) : NaN;
    const to = Number.isNaN(end) ? now : end;
    if (back && Number.isNaN(end))
        return { last: back };
    const from = back ? to - back : Date.parse(body.start);
    return from < to ? { from, to } : undefined;
}

/* --- annotations --- */

const one = (v: any) => (Array.isArray(v) ? v : [v]);
const color = (v: unknown) => (typeof v === 'string' && /^#[0-9a-f]{6}$/i.test(v) ? v : undefined);

export function marksOf(annotations: any): Mark[] {
    return one(annotations?.horizontal ?? []).flatMap((h: any): Mark[] => {
        const [a, b] = one(h);
        if (typeof a?.value !== 'number' || a.visible === false)
            return [];
        const fill = a.fill === 'above' || a.fill === 'below' ? a.fill : undefined;
        return [{ value: a.value, label: a.label, color: color(a.color), fill, right: a.yAxis === 'right', to: typeof b?.value === 'number' ? b.value : undefined }];
    });
}

export function momentsOf(annotations: any, span: [number, number]): Moment[] {
    return one(annotations?.vertical ?? []).flatMap((v: any): Moment[] => {
        const [a, b] = one(v), ms = Date.parse(a?.value);
        if (Number.isNaN(ms) || a.visible === false)
            return [];
        const to = b ? Date.parse(b.value) : a.fill === 'before' ? span[0] : a.fill === 'after' ? span[1] : undefined;
        return [{ ms, label: a.label, color: color(a.color), to: Number.isNaN(to) ? undefined : to }];
    });
}

/* --- alarms --- */

export type State = 'OK' | 'ALARM' | 'INSUFFICIENT_DATA';
export interface Alarm {
    AlarmName: string; AlarmArn: string; AlarmDescription?: string; StateValue: State; StateReason?: string; StateUpdatedTimestamp?: number; StateTransitionedTimestamp?: number;
    ActionsEnabled?: boolean; AlarmActions?: string[]; OKActions?: string[]; InsufficientDataActions?: string[];
    Namespace?: string; MetricName?: string; Dimensions?: { Name: string; Value: string }[]; Statistic?: string; ExtendedStatistic?: string; Unit?: string; Period?: number;
    Metrics?: any[]; EvaluationPeriods?: number; DatapointsToAlarm?: number; Threshold?: number; ComparisonOperator?: string; TreatMissingData?: string;
    EvaluateLowSampleCountPercentile?: string; AlarmConfigurationUpdatedTimestamp?: number;
    AlarmRule?: string; ActionsSuppressor?: string; ActionsSuppressorWaitPeriod?: number; ActionsSuppressorExtensionPeriod?: number; ActionsSuppressedReason?: string;
}

export const SIGN: Record<string, string> = { GreaterThanOrEqualToThreshold: '≥', GreaterThanThreshold: '>', LessThanThreshold: '<', LessThanOrEqualToThreshold: '≤' };

export const alarmPeriod = (a: Alarm): number =>
    a.Period ?? Math.max(...(a.Metrics ?? []).map((m) => m.MetricStat?.Period ?? m.Period ?? 0), 0) ?? 60;

const metricOf = (ns: string, name: string, dims: { Name: string; Value: string }[] = []): Metric => ({ ns, name, dims: dims.map((d) => [d.Name, d.Value]) });

/* What an alarm looks at, as the rows of a graph: what it judges first, and at the left, where its threshold is. */
export function alarmRows(a: Alarm): Row[] {
    if (a.MetricName)
        return [{ metric: metricOf(a.Namespace ?? '', a.MetricName, a.Dimensions), options: { stat: a.Statistic ?? a.ExtendedStatistic, period: a.Period, unit: a.Unit } }];
    const judged = (m: any) => (m.ReturnData === false ? 1 : 0);
    return [...(a.Metrics ?? [])].sort((x, y) => judged(x) - judged(y)).map((m): Row => {
        const s = m.MetricStat, options: Options = { id: m.Id, label: m.Label, yAxis: m.ReturnData === false ? 'right' : 'left' };
        return s ? { metric: metricOf(s.Metric.Namespace, s.Metric.MetricName, s.Metric.Dimensions), options: { ...options, stat: s.Stat, period: s.Period, unit: s.Unit } }
            : { options: { ...options, expression: m.Expression, period: m.Period } };
    });
}

export function alarmMark(a: Alarm): Mark[] {
    if (a.Threshold === undefined)
        return [];
    return [{ value: a.Threshold, label: `${a.AlarmName}: ${SIGN[a.ComparisonOperator ?? ''] ?? ''} ${a.Threshold}`, fill: /^Less/.test(a.ComparisonOperator ?? '') ? 'below' : 'above' }];
}

const span = (s: number) => (s % 86400 === 0 ? `${s / 86400} d` : s % 3600 === 0 ? `${s / 3600} h` : s % 60 === 0 ? `${s / 60} min` : `${s} s`);

/* "Errors ≥ 5 for 1 of 1 datapoints within 5 min" */
export function condition(a: Alarm): string {
    if (a.AlarmRule)
        return a.AlarmRule;
    const judged = a.Metrics?.find((m) => m.ReturnData !== false);
    const what = a.MetricName ?? judged?.Label ?? judged?.Expression ?? judged?.MetricStat?.Metric?.MetricName ?? judged?.Id ?? '';
    const n = a.EvaluationPeriods ?? 1, m = a.DatapointsToAlarm ?? n;
    return `${what} ${SIGN[a.ComparisonOperator ?? ''] ?? a.ComparisonOperator} ${a.Threshold} for ${m === n ? '' : `${m} of `}${n} datapoint${n === 1 ? '' : 's'} within ${span(n * alarmPeriod(a))}`;
}

export type Token = { text: string } | { state: State; name: string };

/* A composite alarm's rule, cut where it speaks of another alarm. */
export function ruleTokens(rule: string): Token[] {
    const tokens: Token[] = [], find = /\b(ALARM|OK|INSUFFICIENT_DATA)\s*\(\s*(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|([^)\s]+))\s*\)/g;
    let at = 0;
    for (const m of rule.matchAll(find)) {
        if (m.index! > at)
            tokens.push({ text: rule.slice(at, m.index) });
        const name = (m[2] ?? m[3] ?? m[4]).replace(/\\(.)/g, '$1');
        tokens.push({ state: m[1] as State, name: nameOf(name) });
        at = m.index! + m[0].length;
    }
    if (at < rule.length)
        tokens.push({ text: rule.slice(at) });
    return tokens;
}

/* An alarm's name, of its ARN or itself. */
export const nameOf = (arn: string) => /^arn:[^:]*:cloudwatch:[^:]*:[^:]*:alarm:(.*)$/s.exec(arn)?.[1] ?? arn;

/* --- log widgets --- */

/* "SOURCE 'a' | SOURCE 'b' | fields @message": the groups, and the query itself. */
export function logQuery(text: string): { groups: string[]; query: string } {
    const groups: string[] = [];
    let rest = text.trim();
    for (let m; (m = /^SOURCE\s+(?:'([^']*)'|"([^"]*)"|([^\s|]+))\s*(?:\||$)\s*/i.exec(rest));) {
        groups.push(m[1] ?? m[2] ?? m[3]);
        rest = rest.slice(m[0].length);
    }
    return { groups, query: rest };
}
