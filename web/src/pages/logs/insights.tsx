/* Logs Insights: a query over some groups and the time range of the frame; when its records were, and what it answers. */
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { ApiError, call, callAll, serverNow } from '../../api';
import { count, duration, precise, withUnit } from '../../format';
import { href, range, refreshed, spanOf, useData, useParam, useStore } from '../../state';
import { Badge, Button, Code, Dialog, Empty, ErrorBox, Facts, Link, Loading, Panel, SearchBox, Show, Tabs } from '../../ui/basic';
import { Chart } from '../../ui/chart';
import { csv, filled, histogram, isTime, timeOf, type Row } from '../watch/insights';
import { drawable, ResultChart, ResultTable, runQuery, told, type Found, type View } from '../watch/query';
import { Open, Save, type Saved } from './saved';

const FIRST = 'fields @timestamp, @message\n| sort @timestamp desc\n| limit 1000';
const GROUPS_MAX = 50;

interface Run { groups: string[]; query: string }
interface Bars { times: number[]; values: number[]; span: [number, number] }

/* The answer of what was run last: again when the time range changes, or when asked to. */
function useRun(run: Run | null) {
    const chosen = useStore(range), again = useStore(refreshed);
    const [found, setFound] = useState<Found | null>(null);
    const [bars, setBars] = useState<Bars | null>(null);
    const [error, setError] = useState<ApiError | null>(null);
    const [took, setTook] = useState<number | null>(null);
    const [running, setRunning] = useState(false);
    const stop = useRef(new AbortController());
    useEffect(() => {
        if (!run)
            return;
        const mine = stop.current = new AbortController(), span = spanOf(chosen), begun = performance.now();
        const if_mine = <T,>(f: (v: T) => void) => (v: T) => { if (!mine.signal.aborted) f(v); };
        setError(null);
        setRunning(true);
        setTook(null);
        runQuery({ ...run, span }, mine.signal, if_mine(setFound)).then(if_mine((f: Found) => { setFound(f); setTook(performance.now() - begun); }),
            if_mine((e: unknown) => { setFound(null); setBars(null); setError(e instanceof ApiError ? e : new ApiError('Error', String((e as Error).message ?? e), 0)); }))
            .finally(() => if_mine(setRunning)(false));
        const h = histogram(run.query, span[1] - span[0]);
        runQuery({ groups: run.groups, query: h.query, span, limit: 1000 }, mine.signal).then(if_mine((f: Found) => setBars({ ...filled(f.rows, span, h.step), span })), () => {});
        return () => mine.abort();
    }, [run, chosen, again]);
    return { found, bars, error, took, running, cancel: () => { stop.current.abort(); setRunning(false); setFound((f) => f && { ...f, status: 'Cancelled' }); } };
}

/* --- what is asked --- */

function Groups({ chosen, onDone }: { chosen: string[]; onDone: (groups: string[]) => void }) {
    const [mine, set] = useState(new Set(chosen));
    const [text, setText] = useState('');
    const found = useData((s) => callAll<{ logGroupName: string }>('logs', 'DescribeLogGroups', {}, 'logGroups', ['nextToken', 'nextToken'], 10_000, s), [], { still: true });
    const turn = (name: string) => set((was) => { const now = new Set(was); if (!now.delete(name)) now.add(name); return now; });
    return <Dialog title="Log groups" wide onClose={() => onDone(chosen)}>
        <SearchBox label="Find a group" value={text} onChange={setText} />
        <Show of={found}>{(all) => {
            const names = [...new Set([...all.map((g) => g.logGroupName), ...chosen])].filter((n) => n.toLowerCase().includes(text.toLowerCase()));
            return <ul class="pick" tabIndex={0} aria-label="Groups">{names.slice(0, 500).map((n) => <li key={n}><label><input type="checkbox" checked={mine.has(n)} onChange={() => turn(n)} />{n}</label></li>)}
                {names.length > 500 && <li><small>{count(names.length - 500)} more: type a part of the name.</small></li>}{!names.length && <li><small>No group is called so.</small></li>}</ul>;
        }}</Show>
        {mine.size > GROUPS_MAX && <div class="box warn" role="alert">A query looks at {GROUPS_MAX} groups at most.</div>}
        <Button kind="primary" disabled={mine.size > GROUPS_MAX} onClick={() => onDone([...mine].sort())}>Choose {mine.size === 1 ? 'one group' : `${mine.size} groups`}</Button>
    </Dialog>;
}

/* What is found in the groups' lines, to be put into the query. */
function Fields({ groups, onChoose }: { groups: string[]; onChoose: (name: string) => void }) {
    const found = useData(async (s) => {
        const all = await Promise.all(groups.slice(0, 3).map((logGroupName) => call('logs', 'GetLogGroupFields', { logGroupName, time: Math.floor(serverNow() / 1000) }, s)));
        const best = new Map<string, number>();
        for (const f of all.flatMap((a) => a.logGroupFields ?? []))
            best.set(f.name, Math.max(best.get(f.name) ?? 0, f.percent));
        const own = (name: string) => Number(name.startsWith('@')); /* the lines' own first */
        return [...best].sort((a, b) => own(a[0]) - own(b[0]) || b[1] - a[1]).slice(0, 60);
    }, [groups.join()], { still: true });
    if (!found.data?.length)
        return null;
    return <div class="insights-fields" role="group" aria-label="Fields" tabIndex={0}>{found.data.map(([name, percent]) =>
        <Button kind="plain" class="link" key={name} title={`In ${percent} % of the lines. Puts it into the query.`} onClick={() => onChoose(name)}>{name} <small>{percent} %</small></Button>)}</div>;
}

/* Where a query is wrong. */
function Wrong({ error, query }: { error: ApiError; query: string }) {
    const at = error.body?.queryCompileError?.location, said = error.body?.queryCompileError?.message ?? error.message;
    if (!at || at.startCharOffset === undefined)
        return error.code === 'MalformedQueryException' || error.code === 'InvalidParameterException' ? <div class="box bad" role="alert"><strong>{said}</strong></div> : <ErrorBox error={error} />;
    const from = Math.min(at.startCharOffset, query.length), to = Math.max(from, Math.min(at.endCharOffset ?? from + 1, query.length));
    const begin = query.lastIndexOf('\n', from - 1) + 1, line = query.slice(0, begin).split('\n').length, end = query.indexOf('\n', to) < 0 ? query.length : query.indexOf('\n', to);
    return <div class="box bad" role="alert">
        <strong>Line {line}, column {from - begin + 1}: {said.replace(/ at line \d+ and position \d+/, '')}</strong>
        <p class="wrong-query">{query.slice(begin, from)}<mark>{query.slice(from, to) || ' '}</mark>{query.slice(to, end)}</p>
    </div>;
}

/* --- what is answered --- */

const groupOf = (log?: string) => log?.replace(/^\d{12}:/, '');

function Record({ row, groups, onClose }: { row: Row; groups: string[]; onClose: () => void }) {
    const whole = useData<Row>(async (s) => (row['@ptr'] ? (await call('logs', 'GetLogRecord', { logRecordPointer: row['@ptr'] }, s)).logRecord : row), [row], { still: true });
    return <Dialog title="Record" wide onClose={onClose}>
        <Show of={whole}>{(r) => {
            const at = r['@timestamp'], ms = at === undefined ? NaN : /^\d+$/.test(at) ? Number(at) : timeOf(at), group = groupOf(r['@log']) ?? (groups.length === 1 ? groups[0] : undefined);
            const rest = Object.entries(r).filter(([k]) => !['@message', '@ptr', '@timestamp'].includes(k));
            return <>
                <Facts of={[['Time', Number.isNaN(ms) ? undefined : precise(ms)], ...rest.map(([k, v]): [string, any] => [k, isTime(v) ? precise(timeOf(v)) : k === '@ingestionTime' && /^\d+$/.test(v) ? precise(Number(v)) : v])]} />
                {r['@message'] !== undefined && <Code text={r['@message']} />}
                {group && !Number.isNaN(ms) && <Link to={href(['logs', group], { stream: r['@logStream'], at: String(ms) })}>Show it among the lines of {group}</Link>}
            </>;
        }}</Show>
    </Dialog>;
}

function Answer({ found, groups }: { found: Found; groups: string[] }) {
    const s = useMemo(() => drawable(found), [found]);
    const [tab, setTab] = useParam('view', 'table');
    const [open, setOpen] = useState<Row | null>(null);
    const views: [View, string][] = [['table', 'Table'], ...(s.values.length && s.time ? [['timeSeries', 'Lines'] as [View, string]] : []), ...(s.values.length ? [['bar', 'Bars'], ['pie', 'Pie']] as [View, string][] : [])];
    const view = views.some(([v]) => v === tab) ? tab as View : 'table';
    const file = () => {
        const a = document.createElement('a');
        a.href = URL.createObjectURL(new Blob([csv(found.fields, found.rows)], { type: 'text/csv' }));
        a.download = 'insights.csv';
        a.click();
        URL.revokeObjectURL(a.href);
    };
    return <Panel pad={false} title={`${count(found.rows.length)} ${found.rows.length === 1 ? 'result' : 'results'}`} actions={found.rows.length > 0 && <Button onClick={file}>Save as CSV</Button>}>
        {views.length > 1 && <Tabs value={view} onChange={setTab} options={views} />}
        {view === 'table' ? <ResultTable of={found} onOpen={setOpen} /> : <div class="body"><ResultChart of={found} view={view} title="Results" height={320} /></div>}
        {open && <Record row={open} groups={groups} onClose={() => setOpen(null)} />}
    </Panel>;
}

function Histogram({ of }: { of: Bars }) {
    const series = useMemo(() => [{ label: 'records', values: of.values.map((v) => v || null), unit: 'Count' }], [of]);
    return <Chart times={of.times} series={series} span={of.span} kind="bar" height={130} legend={false} label={`Records over time: ${count(of.values.reduce((a, b) => a + b, 0))} in all`} zoom />;
}

/* --- the page --- */

export function Insights() {
    const [asked, setAsked] = useParam('query');
    const [names, setNames] = useParam('groups');
    const groups = useMemo(() => names.split(',').filter(Boolean), [names]);
    const [query, setQuery] = useState(asked || FIRST);
    const [run, setRun] = useState<Run | null>(() => (asked && groups.length ? { groups, query: asked } : null));
    const [dialog, setDialog] = useState<'' | 'groups' | 'open' | 'save'>('');
    const [saved, setSaved] = useState<Saved | undefined>();
    const text = useRef<HTMLTextAreaElement>(null);
    const { found, bars, error, took, running, cancel } = useRun(run);
    const at = error?.body?.queryCompileError?.location;
    useEffect(() => {
        if (at?.startCharOffset !== undefined && text.current)
            text.current.setSelectionRange(at.startCharOffset, at.endCharOffset ?? at.startCharOffset + 1);
    }, [error]);
    const start = (q = query, g = groups) => {
        if (!g.length)
            return setDialog('groups');
        setNames(g.join(','));
        setAsked(q);
        setRun({ groups: g, query: q });
    };
    const put = (name: string) => {
        const t = text.current!;
        t.focus();
        t.setRangeText(/^[@\w.]+$/.test(name) ? name : `\`${name}\``, t.selectionStart, t.selectionEnd, 'end');
        setQuery(t.value);
    };
    return <>
        <Panel>
            <div class="insights-ask">
                <div class="chosen" role="group" aria-label="Log groups">
                    <Button class="choose" onClick={() => setDialog('groups')}>Choose groups</Button>
                    {groups.map((g) => <Button key={g} title={`Without ${g}`} onClick={() => setNames(groups.filter((x) => x !== g).join(','))}>{g} ×</Button>)}
                    {!groups.length && <small>None is chosen yet.</small>}
                </div>
                <textarea ref={text} aria-label="Query" rows={Math.min(16, Math.max(4, query.split('\n').length + 1))} spellcheck={false} value={query} onInput={(e) => setQuery(e.currentTarget.value)}
                    onKeyDown={(e) => { if (e.key === 'Enter' && (e.ctrlKey || e.metaKey)) { e.preventDefault(); start(); } }} />
                {groups.length > 0 && <Fields groups={groups} onChoose={put} />}
                <div class="actions">
                    {running ? <Button kind="danger" onClick={cancel}>Stop</Button> : <Button kind="primary" title="Ctrl+Enter" onClick={() => start()}>Run</Button>}
                    <Button onClick={() => setDialog('open')}>Queries</Button>
                    <Button onClick={() => setDialog('save')}>Save</Button>
                    {saved && <small>{saved.name}{saved.queryString !== query && ', changed'}</small>}
                    {found && <span class="right" role="status">{found.status !== 'Complete' && <Badge tone={running ? 'info' : 'warn'}>{running ? 'Running' : found.status}</Badge>} {told(found.statistics)}
                        {found.statistics && `, ${withUnit(found.statistics.bytesScanned, 'Bytes')} read`}{took !== null && ` in ${duration(Math.round(took))}`}</span>}
                </div>
            </div>
        </Panel>
        {error && <Wrong error={error} query={run?.query ?? query} />}
        {bars && !error && <Panel title="Records over time"><Histogram of={bars} /></Panel>}
        {running && !found && <Panel pad={false}><Loading lines={6} /></Panel>}
        {found && <Answer found={found} groups={run?.groups ?? groups} />}
        {!run && !error && <Panel><Empty>Choose log groups, write a query, and run it (Ctrl+Enter). The time range is that of the bar above.</Empty></Panel>}
        {dialog === 'groups' && <Groups chosen={groups} onDone={(g) => { setDialog(''); setNames(g.join(',')); }} />}
        {dialog === 'open' && <Open onClose={() => setDialog('')} onChoose={(q) => {
            setDialog('');
            setQuery(q.queryString);
            setSaved(q.queryDefinitionId ? q : undefined);
            const its = q.logGroupNames?.length ? q.logGroupNames : groups;
            setNames(its.join(','));
            if (its.length)
                start(q.queryString, its);
        }} />}
        {dialog === 'save' && <Save query={query} groups={groups} was={saved} onDone={(s) => { setDialog(''); if (s) setSaved(s); }} />}
    </>;
}

export const insightsOf = (groups: string[], query = '') => href('logs', { tab: 'insights', groups: groups.join(','), query });
