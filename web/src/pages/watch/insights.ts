/* What a Logs Insights query says about how its answer can be drawn, read: nothing here asks the server. */

export interface Command { name: string; text: string }

/* The commands of a query, cut at "|" where that is no part of a text, a regular expression or a comment. Comments are left out. */
export function commands(query: string): Command[] {
    const out: string[] = [];
    let now = '', quote = '';
    for (let i = 0; i < query.length; i++) {
        const c = query[i];
        if (quote) {
            now += c;
            if (c === '\\' && quote !== '`')
                now += query[++i] ?? '';
            else if (c === quote)
                quote = '';
        } else if (c === '|') {
            out.push(now);
            now = '';
        } else if (c === '#') {
            while (i + 1 < query.length && query[i + 1] !== '\n')
                i++;
        } else {
            now += c;
            if (/["'`]/.test(c) || (c === '/' && /(\blike|=~|^\s*parse\b[^/]*)\s*\/$/i.test(now)))
                quote = c;
        }
    }
    return [...out, now].map((t) => t.trim()).filter(Boolean).map((text) => ({ name: /^\w+/.exec(text)?.[0].toLowerCase() ?? '', text }));
}

/* Cut at top-level commas, or at a top-level word. */
function cut(text: string, at: RegExp): string[] {
    const out: string[] = [];
    let depth = 0, quote = '', from = 0;
    for (let i = 0; i < text.length; i++) {
        const c = text[i];
        if (quote)
            quote = c === quote ? '' : quote;
        else if (/["'`]/.test(c))
            quote = c;
        else if (c === '(')
            depth++;
        else if (c === ')')
            depth--;
        const found = !quote && !depth && at.exec(text.slice(i));
        if (found && found.index === 0) {
            out.push(text.slice(from, i));
            i += found[0].length - 1;
            from = i + 1;
        }
    }
    return [...out, text.slice(from)].map((t) => t.trim());
}

const tight = (s: string) => s.replace(/\s+/g, '').replace(/`/g, '').toLowerCase();
const nameOf = (item: string) => /\s+as\s+(\S+)$/i.exec(item)?.[1] ?? item;

/* What a "stats" groups by: names of columns, and which of them is a time. */
export function grouping(query: string): { keys: string[]; time?: string } {
    const stats = commands(query).filter((c) => c.name === 'stats').pop();
    const by = stats && cut(stats.text, /^\sby\s/i)[1];
    if (!by)
        return { keys: [] };
    const items = cut(by, /^,/), time = items.find((i) => /^(bin|datefloor|dateceil)\s*\(/i.test(i));
    return { keys: items.filter((i) => i !== time).map((i) => tight(nameOf(i))), time: time && tight(nameOf(time)) };
}

const WIDTHS: [number, string][] = [[1, '1s'], [5, '5s'], [10, '10s'], [30, '30s'], [60, '1m'], [300, '5m'], [600, '10m'], [1800, '30m'], [3600, '1h'], [10800, '3h'],
    [21600, '6h'], [43200, '12h'], [86400, '1d']];

/* The query that counts, over time, the records which this one looks at; and how long its bars are, in ms. */
export function histogram(query: string, spanMs: number): { query: string; step: number } {
    const all = commands(query), end = all.findIndex((c) => /^(stats|sort|limit|dedup|display|pattern|diff|anomaly)$/.test(c.name));
    const [seconds, text] = WIDTHS.find(([s]) => spanMs / 1000 / s <= 60) ?? WIDTHS[WIDTHS.length - 1];
    return { query: [...all.slice(0, end < 0 ? all.length : end).map((c) => c.text), `stats count(*) as records by bin(${text}) as at`].join(' | '), step: seconds * 1000 };
}

/* --- results --- */

export type Row = Record<string, string>;
export interface Shape { time?: string; keys: string[]; values: string[] }

const TIME = /^\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d+)?$/;
export const isTime = (v: string | undefined) => v !== undefined && TIME.test(v);
/* Insights writes times in UTC, without saying so. */
export const timeOf = (v: string) => Date.parse(v.replace(' ', 'T') + 'Z');
const isNumber = (v: string | undefined) => v === undefined || (v.trim() !== '' && Number.isFinite(Number(v)));

/* Which columns are a time, names of groups, figures. Without figures there is nothing to draw. */
export function shape(query: string, fields: string[], rows: Row[]): Shape {
    const by = grouping(query);
    if (!commands(query).some((c) => c.name === 'stats'))
        return { keys: fields, values: [] };
    const time = fields.find((f) => tight(f) === by.time);
    const keys = fields.filter((f) => f !== time && by.keys.includes(tight(f)));
    return { time, keys, values: fields.filter((f) => f !== time && !keys.includes(f) && rows.some((r) => r[f] !== undefined) && rows.every((r) => isNumber(r[f]))) };
}

const label = (s: Shape, r: Row, value: string) => [...s.keys.map((k) => r[k] ?? ''), ...(s.values.length > 1 || !s.keys.length ? [value] : [])].join(' ');

/* One series for each figure of each group; a time without a value is undefined, so that the line goes on. */
export function series(s: Shape, rows: Row[]): { times: number[]; series: { label: string; values: (number | null)[] }[] } {
    const at = (r: Row) => timeOf(r[s.time!]), times = [...new Set(rows.filter((r) => isTime(r[s.time!])).map(at))].sort((a, b) => a - b);
    const index = new Map(times.map((t, i) => [t, i])), all = new Map<string, (number | null)[]>();
    for (const r of rows)
        for (const v of isTime(r[s.time!]) ? s.values : []) {
            const name = label(s, r, v);
            if (!all.has(name))
                all.set(name, times.map(() => undefined as unknown as null));
            if (r[v] !== undefined)
                all.get(name)![index.get(at(r))!] = Number(r[v]);
        }
    return { times, series: [...all].map(([l, values]) => ({ label: l, values })) };
}

export const parts = (s: Shape, rows: Row[]): { label: string; value: number | null }[] =>
    rows.flatMap((r) => s.values.map((v) => ({ label: [s.time ? r[s.time] : '', label(s, r, v)].filter(Boolean).join(' '), value: r[v] === undefined ? null : Number(r[v]) })));

/* Every place of a histogram has a value: where nothing was found, none. */
export function filled(rows: Row[], span: [number, number], step: number): { times: number[]; values: number[] } {
    const found = new Map(rows.filter((r) => isTime(r.at)).map((r) => [timeOf(r.at), Number(r.records)])), times: number[] = [];
    for (let t = Math.floor(span[0] / step) * step; t < span[1]; t += step)
        times.push(t);
    return { times, values: times.map((t) => found.get(t) ?? 0) };
}

export const csv = (fields: string[], rows: Row[]) => [fields, ...rows.map((r) => fields.map((f) => r[f] ?? ''))]
    .map((line) => line.map((v) => (/[",\n\r]/.test(v) ? `"${v.replace(/"/g, '""')}"` : v)).join(',')).join('\r\n') + '\r\n';
