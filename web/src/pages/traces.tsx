/* Traces: those of the time range that a filter expression finds, one as a waterfall, and the map of services. */
import { useEffect, useState } from 'preact/hooks';
import { ApiError, call } from '../api';
import { count, duration, time } from '../format';
import { Button, Empty, Facts, Link, Page, Panel, Select, Show, Tabs, Time } from '../ui/basic';
import { Table } from '../ui/table';
import { go, href, range, spanOf, useData, useParam, useStore } from '../state';
import type { Range } from '../state';
import { ServiceMap, type Service as Node } from './traces/map';
import { LogLink, logsOf, PartDialog, State, type Part } from './traces/part';
import { Times } from './traces/times';
import { rowsOf, Waterfall, type Row } from './traces/waterfall';
import type { PageDef } from './registry';
import './traces.css';

interface Service { Name?: string; Type?: string }
interface Summary {
    Id: string; StartTime?: number; Duration: number; ResponseTime?: number; HasFault: boolean; HasError: boolean; HasThrottle: boolean; IsPartial: boolean;
    Http?: { HttpURL?: string; HttpStatus?: number; HttpMethod?: string }; EntryPoint?: Service; ServiceIds: Service[];
}

const LONGEST = 6 * 3600e3, MOST = 1000;

/* X-Ray looks at six hours at most: the newest of the range. */
function windowOf(r: Range) {
    const [from, to] = spanOf(r), start = Math.max(from, to - LONGEST);
    return { cut: start > from, input: { StartTime: start / 1000, EndTime: to / 1000 } };
}

const startOf = (t: Summary) => time(t.StartTime) ?? parseInt(t.Id.slice(2, 10), 16) * 1000;

/* --- the list --- */

interface Found { traces: Summary[]; cut: boolean; more: boolean; wrong?: string }

async function find(r: Range, expression: string, signal: AbortSignal): Promise<Found> {
    const { cut, input } = windowOf(r);
    const traces: Summary[] = [];
    let next: string | undefined;
    try {
        do {
            const a: any = await call('xray', 'GetTraceSummaries', { ...input, FilterExpression: expression, ...(next ? { NextToken: next } : {}) }, signal);
            traces.push(...a.TraceSummaries);
            next = a.NextToken;
        } while (next && traces.length < MOST);
    } catch (e) {
        if (!(e instanceof ApiError) || !/^Invalid filter expression/.test(e.message))
            throw e;
        return { traces: [], cut, more: false, wrong: e.message };
    }
    return { traces: traces.sort((a, b) => startOf(b) - startOf(a)), cut, more: !!next };
}

/* What is wrong with the expression, and where. */
function Wrong({ message, expression, before }: { message: string; expression: string; before: number }) {
    const at = Number(/at character (\d+)/.exec(message)?.[1]) - 1 - before;
    return <div class="box bad traces-wrong" role="alert" id="traces-wrong">
        {message.replace(/ at character \d+/, '')}
        {at >= 0 && at <= expression.length && <code>{expression.slice(0, at)}<mark>{expression[at] ?? '\u00a0'}</mark>{expression.slice(at + 1)}</code>}
    </div>;
}

const SLOW = /\s*(AND )?responsetime (>=|<) [\d.e-]+/g;

/* The expression with this range of response times instead of the one it had. */
function narrowed(expression: string, from: number, to: number): string {
    const rest = expression.replace(SLOW, '').trim(), times = `responsetime >= ${from / 1000} AND responsetime < ${to / 1000}`;
    return rest ? `${/\bOR\b/i.test(rest) ? `(${rest})` : rest} AND ${times}` : times;
}

function List() {
    const shown = useStore(range);
    const [expression, setExpression] = useParam('filter');
    const [group, setGroup] = useParam('group');
    const [text, setText] = useState(expression);
    useEffect(() => setText(expression), [expression]);
    const groups = useData((s) => call('xray', 'GetGroups', {}, s), [], { still: true });
    const prefix = group ? `group.name = ${JSON.stringify(group)}` : '', before = prefix && expression ? prefix.length + 6 : 0;
    const found = useData((s) => find(shown, prefix && expression ? `${prefix} AND (${expression})` : prefix || expression, s), [shown, expression, group]);
    const names: string[] = (groups.data?.Groups ?? []).map((g: { GroupName: string }) => g.GroupName), wrong = found.data?.wrong;
    return <>
        <form class="traces-ask" onSubmit={(e) => { e.preventDefault(); setExpression(text.trim()); }}>
            {(names.length > 0 || group) && <Select label="Group" value={group} onChange={setGroup} options={[['', 'All traces'], ...[...new Set([...names, ...(group ? [group] : [])])].map((n): [string, string] => [n, n])]} />}
            <input aria-label="Filter expression" aria-invalid={!!wrong} aria-describedby={wrong ? 'traces-wrong' : undefined} placeholder={'service("name") { fault } AND responsetime > 1'} value={text} spellcheck={false}
                onInput={(e) => setText((e.target as HTMLInputElement).value)} />
            <Button type="submit" kind="primary">Find</Button>
            {expression && <Button onClick={() => { setText(''); setExpression(''); }}>All</Button>}
        </form>
        <Show of={found} lines={6}>{({ traces, cut, more, wrong: why }) => (why ? <Wrong message={why} expression={expression} before={before} /> : <>
            {cut && <div class="box info">X-Ray looks at six hours at once: these are the newest of the time range.</div>}
            {traces.length > 1 && <Panel title="Response times"><Times ms={traces.map((t) => (t.ResponseTime ?? t.Duration) * 1000)} onPick={(a, b) => setExpression(narrowed(expression, a, b))} /></Panel>}
            <Panel pad={false} title={`${count(traces.length)}${more ? ' and more' : ''} ${traces.length === 1 ? 'trace' : 'traces'}`}>
                <Table<Summary> label="Traces" rows={traces} id={(t) => t.Id} empty={expression || group ? 'No trace is like that.' : 'Nothing was traced in this time.'} columns={[
                    { name: 'Trace', width: 'minmax(0, 2fr)', sort: (t) => t.EntryPoint?.Name ?? '', show: (t) => <Link to={href(['traces', t.Id])} title={t.Id}>
                        {t.Http?.HttpURL ? `${t.Http.HttpMethod ?? ''} ${t.Http.HttpURL}` : t.EntryPoint?.Name ?? t.Id}</Link> },
                    { name: 'State', width: '7rem', sort: (t) => (t.HasFault ? 3 : t.HasError ? 2 : t.IsPartial ? 1 : 0),
                        show: (t) => <State fault={t.HasFault} error={t.HasError} throttle={t.HasThrottle} partial={t.IsPartial} /> },
                    { name: 'Duration', width: '6.5rem', right: true, sort: (t) => t.Duration, show: (t) => duration(t.Duration * 1000) },
                    { name: 'Response', width: '6.5rem', right: true, wide: true, sort: (t) => t.ResponseTime ?? -1, show: (t) => (t.ResponseTime === undefined ? '–' : duration(t.ResponseTime * 1000)) },
                    { name: 'Services', width: '6rem', right: true, wide: true, sort: (t) => t.ServiceIds.length, show: (t) => count(t.ServiceIds.length) },
                    { name: 'Began', width: 'var(--when)', wide: true, sort: startOf, show: (t) => <Time ms={startOf(t)} /> },
                ]} />
            </Panel>
        </>)}</Show>
    </>;
}

/* --- one trace --- */

function Logs({ rows, to }: { rows: Row[]; to: number }) {
    const groups = new Map<string, [number, number]>();
    for (const { part: p } of rows)
        for (const g of logsOf(p)) {
            const [a, b] = groups.get(g) ?? [Infinity, -Infinity];
            groups.set(g, [Math.min(a, p.start_time * 1000), Math.max(b, (p.end_time ?? to) * 1000)]);
        }
    return groups.size ? <>{[...groups].map(([g, [a, b]]) => <div key={g}><LogLink group={g} from={a} to={b} /></div>)}</> : null;
}

function One({ id }: { id: string }) {
    const [open, setOpen] = useState<Part | null>(null);
    const found = useData(async (s) => {
        const [traces, graph] = await Promise.all([call('xray', 'BatchGetTraces', { TraceIds: [id] }, s), call('xray', 'GetTraceGraph', { TraceIds: [id] }, s)]);
        const trace = traces.Traces[0];
        if (!trace)
            return null;
        const rows = rowsOf(trace.Segments.map((g: { Document: string }) => JSON.parse(g.Document)));
        return { trace, rows, services: graph.Services, began: rows.reduce((t, r) => Math.min(t, r.part.start_time), Infinity) };
    }, [id]);
    return <Page title="Trace" crumbs={[['Traces', href('traces')]]}>
        <Show of={found} lines={6}>{(d) => (!d || !d.rows.length ? <Empty>There is no such trace, or it is older than 30 days.</Empty> : <>
            <Panel title="Trace"><Facts of={[['Id', <code>{id}</code>], ['State', <State {...d.rows[0].part} partial={d.rows[0].part.end_time === undefined} />], ['Began', <Time ms={d.began * 1000} />],
                ['Duration', duration(d.trace.Duration * 1000)], ['Segments', `${count(d.trace.Segments.length)}, ${count(d.rows.length)} with their parts`],
                ['Logs', Logs({ rows: d.rows, to: d.began + d.trace.Duration })]]} />
            {d.trace.LimitExceeded && <div class="box warn">This trace is large: a part of it is not shown.</div>}</Panel>
            <Panel title="Timeline"><Waterfall rows={d.rows} onOpen={setOpen} /></Panel>
            <Panel title="Services"><ServiceMap services={d.services} /></Panel>
            {open && <PartDialog part={open} began={d.began} onClose={() => setOpen(null)} />}
        </>)}</Show>
    </Page>;
}

/* --- the page --- */

function Services() {
    const shown = useStore(range);
    const found = useData((s) => call('xray', 'GetServiceGraph', windowOf(shown).input, s), [shown]);
    const open = ({ Name, Type }: Node) => go(href('traces', { filter: `service(id(name: ${JSON.stringify(Name)}${Type ? `, type: ${JSON.stringify(Type)}` : ''}))` }));
    return <Panel title="Services and who calls them"><Show of={found} lines={6}>{(g) => <ServiceMap services={g.Services} onOpen={open} />}</Show></Panel>;
}

function Traces({ path }: { path: string[] }) {
    const [tab, setTab] = useParam('tab', 'list');
    if (path[0])
        return <One id={path[0]} key={path[0]} />;
    return <Page title="Traces">
        <Tabs value={tab} onChange={setTab} options={[['list', 'Traces'], ['map', 'Service map']]} />
        {tab === 'map' ? <Services /> : <List />}
    </Page>;
}

export const traces: PageDef = {
    path: 'traces', title: 'Traces', group: 'Watch', letter: 't', component: Traces,
    icon: 'M2 3.5h7M5 8h8M7 12.5h7',
};
