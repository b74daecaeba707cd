/* Running a Logs Insights query, and its answer as table, lines, bars or pie: for the Insights page and for the log widgets of dashboards. */
import { useMemo } from 'preact/hooks';
import { call } from '../../api';
import { count, precise } from '../../format';
import { Empty } from '../../ui/basic';
import { Chart } from '../../ui/chart';
import { Bars, Pie } from '../../ui/figures';
import { Table } from '../../ui/table';
import { isTime, parts, series, shape, timeOf, type Row } from './insights';

export interface Statistics { recordsMatched: number; recordsScanned: number; bytesScanned: number }
export interface Found { status: string; fields: string[]; rows: Row[]; statistics?: Statistics; query: string; span: [number, number] }
export interface Ask { groups: string[]; query: string; span: [number, number]; limit?: number; region?: string }

function found(a: any, ask: Ask): Found {
    const fields = new Set<string>(), rows = (a.results ?? []).map((r: { field: string; value?: string }[]) => {
        const row: Row = {};
        for (const { field, value } of r) {
            fields.add(field);
            if (value !== undefined)
                row[field] = value;
        }
        return row;
    });
    fields.delete('@ptr');
    return { status: a.status, fields: [...fields], rows, statistics: a.statistics, query: ask.query, span: ask.span };
}

/* Until it is done; what there is meanwhile is told. Who no longer wants it stops it at the server too. */
export async function runQuery(ask: Ask, signal: AbortSignal, meanwhile?: (f: Found) => void): Promise<Found> {
    const { queryId } = await call('logs', 'StartQuery', { logGroupNames: ask.groups, queryString: ask.query, startTime: Math.floor(ask.span[0] / 1000), endTime: Math.ceil(ask.span[1] / 1000),
        ...(ask.limit ? { limit: ask.limit } : {}) }, signal, ask.region);
    try {
        for (let wait = 25; ; wait = Math.min(500, wait * 2)) {
            const f = found(await call('logs', 'GetQueryResults', { queryId }, signal, ask.region), ask);
            if (!/Running|Scheduled/.test(f.status))
                return f;
            meanwhile?.(f);
            await new Promise((done) => setTimeout(done, wait));
        }
    } catch (e) {
        if (signal.aborted)
            call('logs', 'StopQuery', { queryId }, undefined, ask.region).catch(() => {});
        throw e;
    }
}

/* --- views --- */

const Moment = ({ v }: { v: string }) => {
    const ms = timeOf(v), text = precise(ms);
    return <time dateTime={new Date(ms).toISOString()} title={`${v} UTC`}><span class="trim">{text.slice(0, 5)}</span>{text.slice(5, 19)}<span class="trim">{text.slice(19)}</span></time>;
};
const Cell = ({ v }: { v?: string }) => (v === undefined ? <span class="none">–</span> : isTime(v) ? <Moment v={v} /> : <span title={v}>{v.slice(0, 1000)}</span>);

const widthOf = (f: string, rows: Row[], figure: boolean) => (isTime(rows.find((r) => r[f] !== undefined)?.[f]) ? 'var(--precise)' : figure ? 'minmax(4rem, 7rem)' : /^@?message$/i.test(f) ? 'minmax(0, 5fr)' : 'minmax(0, 1.5fr)');

export function ResultTable({ of, onOpen, height, label = 'Results' }: { of: Found; onOpen?: (r: Row) => void; height?: number; label?: string }) {
    const columns = useMemo(() => of.fields.map((name, i) => {
        const figure = of.rows.every((r) => r[name] === undefined || (r[name].trim() !== '' && Number.isFinite(Number(r[name]))));
        return {
            name, right: figure, wide: i > 1, least: isTime(of.rows[0]?.[name]) ? (innerWidth < 640 ? 8 : 14) : figure ? 4 : 7, width: widthOf(name, of.rows, figure), show: (r: Row) => <Cell v={r[name]} />,
            sort: (r: Row): string | number => (figure ? Number(r[name] ?? -Infinity) : r[name] ?? ''),
        };
    }), [of]);
    return <Table<Row> label={label} rows={of.rows} columns={columns} onOpen={onOpen} height={height} empty={of.status === 'Complete' ? 'Nothing found in this time.' : 'Nothing found so far.'} />;
}

export type View = 'table' | 'timeSeries' | 'bar' | 'pie';

export const drawable = (of: Found) => shape(of.query, of.fields, of.rows);

export function ResultChart({ of, view, title, height, stacked }: { of: Found; view: View; title: string; height: number; stacked?: boolean }) {
    const s = useMemo(() => drawable(of), [of]);
    const over = useMemo(() => (view === 'timeSeries' && s.time ? series(s, of.rows) : { times: [], series: [] }), [of, view]);
    const axes = useMemo(() => ({ left: { label: s.values.length === 1 ? s.values[0] : undefined } }), [s]);
    if (!of.rows.length)
        return <Empty>Nothing found in this time.</Empty>;
    if (!s.values.length || (view === 'timeSeries' && !s.time))
        return <Empty>{view === 'timeSeries' ? 'Lines over time need figures by time: stats … by bin(5m).' : 'This view needs figures: stats … by ….'}</Empty>;
    if (view === 'timeSeries')
        return <Chart times={over.times} series={over.series} span={of.span} axes={axes} kind={stacked ? 'stacked' : 'line'} height={height} label={title} zoom />;
    const all = parts(s, of.rows);
    return view === 'pie' ? <Pie parts={all.slice(0, 20)} label={title} /> : <Bars parts={all.slice(0, 200)} label={title} />;
}

export const told = (s?: Statistics) => (s ? `${count(s.recordsMatched)} of ${count(s.recordsScanned)} records matched` : '');
