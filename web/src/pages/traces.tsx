/* Traces: those of the time range that a filter expression finds, one as a waterfall, and the map of services. */
import { useState } from 'preact/hooks';
import { call } from '../api';
import { count, duration, time } from '../format';
import { Badge, Button, Code, Dialog, Empty, Facts, Link, Page, Panel, Show, Tabs, Time } from '../ui/basic';
import { Table } from '../ui/table';
import { href, range, spanOf, useData, useParam, useStore } from '../state';
import type { Range } from '../state';
import { ServiceMap } from './traces/map';
import type { PageDef } from './registry';
import './traces.css';

interface Service { Name?: string; Type?: string }
interface Summary {
    Id: string; StartTime?: number; Duration: number; ResponseTime?: number; HasFault: boolean; HasError: boolean; HasThrottle: boolean; IsPartial: boolean;
    Http?: { HttpURL?: string; HttpStatus?: number; HttpMethod?: string }; EntryPoint?: Service; ServiceIds: Service[];
}
interface Part { name: string; id: string; parent_id?: string; start_time: number; end_time?: number; origin?: string; namespace?: string; fault?: boolean; error?: boolean; throttle?: boolean; subsegments?: Part[] }

const LONGEST = 6 * 3600e3, MOST = 1000;

/* X-Ray looks at six hours at most: the newest of the range. */
function windowOf(r: Range) {
    const [from, to] = spanOf(r), start = Math.max(from, to - LONGEST);
    return { cut: start > from, input: { StartTime: start / 1000, EndTime: to / 1000 } };
}

const startOf = (t: Summary) => time(t.StartTime) ?? parseInt(t.Id.slice(2, 10), 16) * 1000;

function State({ fault, error, throttle, partial }: { fault?: boolean; error?: boolean; throttle?: boolean; partial?: boolean }) {
    if (fault)
        return <Badge tone="bad">Fault</Badge>;
    if (throttle)
        return <Badge tone="warn">Throttled</Badge>;
    if (error)
        return <Badge tone="warn">Error</Badge>;
    return partial ? <Badge tone="info">Running</Badge> : <Badge tone="good">OK</Badge>;
}

/* --- the list --- */

async function find(r: Range, expression: string, signal: AbortSignal) {
    const { cut, input } = windowOf(r);
    const traces: Summary[] = [];
    let next: string | undefined;
    do {
        const a: any = await call('xray', 'GetTraceSummaries', { ...input, FilterExpression: expression, ...(next ? { NextToken: next } : {}) }, signal);
        traces.push(...a.TraceSummaries);
        next = a.NextToken;
    } while (next && traces.length < MOST);
    return { traces: traces.sort((a, b) => startOf(b) - startOf(a)), cut, more: !!next };
}

function List() {
    const shown = useStore(range);
    const [expression, setExpression] = useParam('filter');
    const [text, setText] = useState(expression);
    const found = useData((s) => find(shown, expression, s), [shown, expression]);
    return <>
        <form class="traces-ask" onSubmit={(e) => { e.preventDefault(); setExpression(text.trim()); }}>
            <input aria-label="Filter expression" placeholder={'service("name") { fault } AND responsetime > 1'} value={text} spellcheck={false}
                onInput={(e) => setText((e.target as HTMLInputElement).value)} />
            <Button type="submit" kind="primary">Find</Button>
            {expression && <Button onClick={() => { setText(''); setExpression(''); }}>All</Button>}
        </form>
        <Show of={found} lines={6}>{({ traces, cut, more }) => <>
            {cut && <div class="box info">X-Ray looks at six hours at once: these are the newest of the time range.</div>}
            <Panel pad={false} title={`${count(traces.length)}${more ? ' and more' : ''} ${traces.length === 1 ? 'trace' : 'traces'}`}>
                <Table<Summary> label="Traces" rows={traces} id={(t) => t.Id} empty={expression ? 'No trace is like that.' : 'Nothing was traced in this time.'} columns={[
                    { name: 'Trace', width: 'minmax(0, 2fr)', sort: (t) => t.EntryPoint?.Name ?? '', show: (t) => <Link to={href(['traces', t.Id])} title={t.Id}>
                        {t.Http?.HttpURL ? `${t.Http.HttpMethod ?? ''} ${t.Http.HttpURL}` : t.EntryPoint?.Name ?? t.Id}</Link> },
                    { name: 'State', width: '7rem', sort: (t) => (t.HasFault ? 3 : t.HasError ? 2 : t.IsPartial ? 1 : 0),
                        show: (t) => <State fault={t.HasFault} error={t.HasError} throttle={t.HasThrottle} partial={t.IsPartial} /> },
                    { name: 'Duration', width: '7rem', right: true, sort: (t) => t.Duration, show: (t) => duration(t.Duration * 1000) },
                    { name: 'Services', width: '6rem', right: true, wide: true, sort: (t) => t.ServiceIds.length, show: (t) => count(t.ServiceIds.length) },
                    { name: 'Began', width: 'var(--when)', wide: true, sort: startOf, show: (t) => <Time ms={startOf(t)} /> },
                ]} />
            </Panel>
        </>}</Show>
    </>;
}

/* --- one trace --- */

interface Row { part: Part; depth: number; segment: boolean }

/* Segments below what called them, subsegments below their segment; what hangs nowhere comes first. */
function rowsOf(segments: Part[]): Row[] {
    const known = new Set<string>(), below = new Map<string, Row[]>(), rows: Row[] = [], done = new Set<Part>();
    const learn = (p: Part, segment: boolean, parent?: string) => {
        known.add(p.id);
        below.set(parent ?? '', [...(below.get(parent ?? '') ?? []), { part: p, depth: 0, segment }]);
        p.subsegments?.forEach((s) => learn(s, false, p.id));
    };
    segments.forEach((s) => learn(s, true, s.parent_id));
    const walk = (list: Row[], depth: number) => [...list].sort((a, b) => a.part.start_time - b.part.start_time).forEach((r) => {
        if (done.has(r.part))
            return;
        done.add(r.part);
        rows.push({ ...r, depth });
        walk(below.get(r.part.id) ?? [], depth + 1);
    });
    walk([...below].filter(([parent]) => !known.has(parent)).flatMap(([, list]) => list), 0);
    walk([...below.values()].flat(), 0); /* circles */
    return rows;
}

function Waterfall({ rows, onOpen }: { rows: Row[]; onOpen: (p: Part) => void }) {
    const from = Math.min(...rows.map((r) => r.part.start_time)), to = Math.max(...rows.map((r) => r.part.end_time ?? r.part.start_time));
    const share = (t: number) => (to > from ? ((t - from) / (to - from)) * 100 : 0);
    return <div class="waterfall">
        <div class="waterfall-scale" aria-hidden="true"><span /><span class="ticks">{[0, 0.25, 0.5, 0.75, 1].map((s) => <i key={s} style={{ left: `${s * 100}%` }}>{duration((to - from) * s * 1000)}</i>)}</span></div>
        <ol>{rows.map(({ part, depth, segment }) => {
            const end = part.end_time ?? to, tone = part.fault ? 'bad' : part.error || part.throttle ? 'warn' : 'good';
            return <li key={part.id}>
                <Button kind="plain" class="waterfall-row" onClick={() => onOpen(part)} title={`${part.name}: ${duration((end - part.start_time) * 1000)}`}>
                    <span class="what" style={{ paddingLeft: `${Math.min(depth, 8) * 0.9}rem` }}><b class={segment ? '' : 'sub'}>{part.name}</b> <small>{part.origin ?? part.namespace ?? ''}</small></span>
                    <span class="track"><span class={`span ${tone} ${segment ? '' : 'sub'}`} style={{ left: `${Math.min(share(part.start_time), 99.5)}%`, width: `${Math.max(share(end) - share(part.start_time), 0.5)}%` }} /></span>
                    <span class="long">{part.end_time === undefined ? 'running' : duration((end - part.start_time) * 1000)}</span>
                </Button>
            </li>;
        })}</ol>
    </div>;
}

function One({ id }: { id: string }) {
    const [open, setOpen] = useState<Part | null>(null);
    const found = useData(async (s) => {
        const [traces, graph] = await Promise.all([call('xray', 'BatchGetTraces', { TraceIds: [id] }, s), call('xray', 'GetTraceGraph', { TraceIds: [id] }, s)]);
        const trace = traces.Traces[0];
        return trace && { trace, rows: rowsOf(trace.Segments.map((g: { Document: string }) => JSON.parse(g.Document))), services: graph.Services };
    }, [id]);
    return <Page title="Trace" crumbs={[['Traces', href('traces')]]}>
        <Show of={found} lines={6}>{(d) => (!d || !d.rows.length ? <Empty>There is no such trace, or it is older than 30 days.</Empty> : <>
            <Panel title="Trace"><Facts of={[['Id', <code>{id}</code>], ['Began', <Time ms={Math.min(...d.rows.map((r: Row) => r.part.start_time)) * 1000} />],
                ['Duration', duration(d.trace.Duration * 1000)], ['Segments', count(d.trace.Segments.length)]]} />
            {d.trace.LimitExceeded && <div class="box warn">This trace is large: a part of it is not shown.</div>}</Panel>
            <Panel title="Timeline"><Waterfall rows={d.rows} onOpen={setOpen} /></Panel>
            <Panel title="Services"><ServiceMap services={d.services} /></Panel>
        </>)}</Show>
        {open && <Dialog title={open.name} wide onClose={() => setOpen(null)}><Code text={JSON.stringify(open, null, 2)} /></Dialog>}
    </Page>;
}

/* --- the page --- */

function Services() {
    const shown = useStore(range);
    const found = useData((s) => call('xray', 'GetServiceGraph', windowOf(shown).input, s), [shown]);
    return <Panel title="Services and who calls them"><Show of={found} lines={6}>{(g) => <ServiceMap services={g.Services} />}</Show></Panel>;
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
