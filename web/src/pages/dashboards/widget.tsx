/* One widget: its frame, and what it shows by its type. */
import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { href, range, spanOf, useData, useStore } from '../../state';
import { Badge, Button, Empty, Link, Show, Time } from '../../ui/basic';
import { time } from '../../format';
import { loadNamed } from '../watch/load';
import { ResultChart, ResultTable, runQuery, type View } from '../watch/query';
import { logQuery, nameOf } from '../watch/rows';
import { StateBadge } from '../watch/state';
import { MetricWidget } from './metric';
import { Markdown } from './text';

export interface Widget { type: string; x?: number; y?: number; width?: number; height?: number; properties?: any }
export interface Size { width: number; height: number }

function AlarmWidget({ p }: { p: any }) {
    const names: string[] = (p.alarms ?? []).map(nameOf);
    const data = useData((s) => loadNamed(names, s, p.region), [JSON.stringify(p)]);
    return <Show of={data}>{(all) => {
        const shown = all.filter((a) => !p.states?.length || p.states.includes(a.StateValue));
        if (p.sortBy === 'stateUpdatedTimestamp')
            shown.sort((a, b) => (b.StateUpdatedTimestamp ?? 0) - (a.StateUpdatedTimestamp ?? 0));
        else if (p.sortBy === 'timestamp')
            shown.sort((a, b) => (b.AlarmConfigurationUpdatedTimestamp ?? 0) - (a.AlarmConfigurationUpdatedTimestamp ?? 0));
        else
            shown.sort((a, b) => names.indexOf(a.AlarmName) - names.indexOf(b.AlarmName));
        const gone = names.filter((n) => !all.some((a) => a.AlarmName === n));
        return <ul class="tiles">
            {shown.map((a) => <li key={a.AlarmName} class={a.StateValue}><Link to={href(['alarms', a.AlarmName])}>{a.AlarmName}</Link><StateBadge of={a.StateValue} /><small><Time ms={time(a.StateUpdatedTimestamp)} relative /></small></li>)}
            {gone.map((n) => <li key={n}><span>{n}</span><Badge>not there</Badge></li>)}
            {!shown.length && !gone.length && <li class="none">No alarm is in these states.</li>}
        </ul>;
    }}</Show>;
}

function LogWidget({ p, size, title }: { p: any; size: Size; title: string }) {
    const r = useStore(range), view: View = p.view ?? 'table', { groups, query } = logQuery(p.query ?? '');
    const data = useData((s) => runQuery({ groups, query: query || 'fields @timestamp, @message', span: spanOf(r), region: p.region }, s), [JSON.stringify(p), r]);
    return <Show of={data}>{(d) => <>
        {d.status !== 'Complete' && <p class="said">The query ended as {d.status}.</p>}
        {view === 'table' ? <ResultTable of={d} label={title} height={Math.max(120, size.height)} /> : <ResultChart of={d} view={view} stacked={!!p.stacked} title={title} height={Math.max(70, size.height - 72)} />}
    </>}</Show>;
}

function toInsights(w: Widget): string {
    const { groups, query } = logQuery(w.properties?.query ?? '');
    return href('logs', { tab: 'insights', groups: groups.join(','), query, view: w.properties?.view === 'table' ? undefined : w.properties?.view });
}

const NOTES: Record<string, string> = {
    explorer: 'Explorer widgets choose their metrics by the tags of resources. That is not done here; list the metrics in a metric widget.',
    custom: 'Custom widgets are pages that a function makes. They are not shown here.',
};

export function titleOf(w: Widget): string {
    return w.properties?.title || (w.type === 'metric' ? '' : { alarm: 'Alarms', log: 'Logs', explorer: 'Explorer', custom: 'Custom' }[w.type] ?? '');
}

/* What a widget shows, filling the box it is given. */
export function Inside({ w, inherit }: { w: Widget; inherit: boolean }) {
    const box = useRef<HTMLDivElement>(null);
    const [size, setSize] = useState<Size>({ width: 0, height: 0 });
    const [seen, setSeen] = useState(false); /* what is far below asks for nothing */
    useEffect(() => {
        const watch = new ResizeObserver((e) => setSize({ width: Math.floor(e[0].contentRect.width), height: Math.floor(e[0].contentRect.height) }));
        const near = new IntersectionObserver((e) => { if (e.some((x) => x.isIntersecting)) { setSeen(true); near.disconnect(); } }, { rootMargin: '400px' });
        watch.observe(box.current!);
        near.observe(box.current!);
        return () => { watch.disconnect(); near.disconnect(); };
    }, []);
    const p = w.properties ?? {}, title = titleOf(w) || w.type;
    const kinds: Record<string, () => ComponentChildren> = {
        metric: () => <MetricWidget p={p} size={size} inherit={inherit} title={title} />,
        text: () => <Markdown text={String(p.markdown ?? '')} />,
        alarm: () => <AlarmWidget p={p} />,
        log: () => <LogWidget p={p} size={size} title={title} />,
    };
    return <div class="inside" ref={box} tabIndex={0} role="group" aria-label={title}>{seen && size.width > 0 && (kinds[w.type]?.() ?? <Empty>{NOTES[w.type] ?? `Widgets of the type ${w.type} are not shown here.`}</Empty>)}</div>;
}

export function Frame({ w, inherit, onFull }: { w: Widget; inherit: boolean; onFull: () => void }) {
    const title = titleOf(w), bare = w.type === 'text' && w.properties?.background === 'transparent';
    return <section class={`widget ${w.type} ${bare ? 'bare' : ''}`}
        style={{ '--x': (w.x ?? 0) + 1, '--y': (w.y ?? 0) + 1, '--w': w.width ?? 6, '--h': w.height ?? 6 } as any}>
        {w.type !== 'text' && <header><h2 title={title}>{title}</h2>{w.type === 'log' && <Link class="query" to={toInsights(w)} title={w.properties?.query}>Query</Link>}<Button kind="plain" aria-label={`Enlarge ${title || 'widget'}`} title="Enlarge" onClick={onFull}>⤢</Button></header>}
        <Inside w={w} inherit={inherit} />
    </section>;
}
