/*
 * One trace as a tree over time. Only the rows in sight are in the document, so a tree of thousands scrolls like one of ten. It is
 * a grid for the keyboard: up and down move, right and left open and close what is below, Enter tells all of a row.
 */
import { useMemo, useRef, useState } from 'preact/hooks';
import { duration } from '../../format';
import type { Part } from './part';

export interface Row { part: Part; depth: number; segment: boolean; below: number /* rows under it */ }

const ROW = 28, SPARE = 8, HIGH = 560;

/* Segments below what called them, subsegments below their segment; what hangs nowhere comes first. */
export function rowsOf(segments: Part[]): Row[] {
    const known = new Set<string>(), children = new Map<string, Row[]>(), rows: Row[] = [], done = new Set<Part>();
    const learn = (part: Part, segment: boolean, parent = '') => {
        known.add(part.id);
        if (!children.has(parent))
            children.set(parent, []);
        children.get(parent)!.push({ part, depth: 0, segment, below: 0 });
        part.subsegments?.forEach((s) => learn(s, false, part.id));
    };
    segments.forEach((s) => learn(s, true, s.parent_id));
    for (const list of children.values())
        list.sort((a, b) => a.part.start_time - b.part.start_time);
    const walk = (list: Row[], depth: number) => list.forEach((r) => {
        if (done.has(r.part))
            return;
        done.add(r.part);
        const row = { ...r, depth }, before = rows.push(row);
        walk(children.get(r.part.id) ?? [], depth + 1);
        row.below = rows.length - before;
    });
    const roots = [...children].filter(([parent]) => !known.has(parent)).flatMap(([, list]) => list);
    walk(roots.sort((a, b) => a.part.start_time - b.part.start_time), 0);
    walk([...children.values()].flat(), 0); /* circles */
    return rows;
}

const wordOf = (p: Part) => (p.fault ? 'fault' : p.throttle ? 'throttled' : p.error ? 'error' : '');

export function Waterfall({ rows, onOpen }: { rows: Row[]; onOpen: (p: Part) => void }) {
    const [closed, setClosed] = useState<Set<string>>(new Set());
    const [at, setAt] = useState(0);
    const [top, setTop] = useState(0);
    const view = useRef<HTMLDivElement>(null);
    const [from, to] = useMemo(() => rows.reduce(([a, b], { part: p }) => [Math.min(a, p.start_time), Math.max(b, p.end_time ?? p.start_time)], [Infinity, -Infinity]), [rows]);
    const shown = useMemo(() => {
        const list: Row[] = [];
        for (let i = 0; i < rows.length; i++) {
            list.push(rows[i]);
            if (closed.has(rows[i].part.id))
                i += rows[i].below;
        }
        return list;
    }, [rows, closed]);
    const share = (t: number) => (to > from ? ((t - from) / (to - from)) * 100 : 0);
    const fold = (r: Row, shut: boolean) => setClosed((was) => {
        const next = new Set(was);
        next[shut ? 'add' : 'delete'](r.part.id);
        return next;
    });
    const move = (n: number) => {
        const v = view.current!, k = Math.min(shown.length - 1, Math.max(0, n));
        setAt(k);
        if (k * ROW < v.scrollTop)
            v.scrollTop = k * ROW;
        else if ((k + 1) * ROW > v.scrollTop + v.clientHeight)
            v.scrollTop = (k + 1) * ROW - v.clientHeight;
    };
    const parentOf = (n: number) => {
        let k = n;
        while (k > 0 && shown[k].depth >= shown[n].depth)
            k--;
        return k;
    };
    const key = (e: KeyboardEvent) => {
        const r = shown[at], page = Math.floor(view.current!.clientHeight / ROW) - 1, shut = closed.has(r.part.id);
        const acts: Record<string, () => void> = {
            ArrowDown: () => move(at + 1), ArrowUp: () => move(at - 1), PageDown: () => move(at + page), PageUp: () => move(at - page), Home: () => move(0), End: () => move(shown.length - 1),
            ArrowRight: () => (r.below && shut ? fold(r, false) : r.below && move(at + 1)),
            ArrowLeft: () => (r.below && !shut ? fold(r, true) : move(parentOf(at))),
            Enter: () => onOpen(r.part), ' ': () => onOpen(r.part),
        };
        if (!acts[e.key])
            return;
        e.preventDefault();
        acts[e.key]();
    };
    const first = Math.max(0, Math.floor(top / ROW) - SPARE), last = Math.min(shown.length, Math.ceil((top + HIGH) / ROW) + SPARE);
    return <div class="waterfall">
        <div class="waterfall-scale" aria-hidden="true"><span /><span class="ticks">{[0, 0.25, 0.5, 0.75, 1].map((s) => <i key={s} style={{ left: `${s * 100}%` }}>{duration((to - from) * s * 1000)}</i>)}</span></div>
        <div class="waterfall-rows" ref={view} role="treegrid" aria-label="Segments over time" aria-rowcount={shown.length} tabIndex={0} aria-activedescendant={`part-${Math.min(at, shown.length - 1)}`}
            style={{ maxHeight: HIGH }} onScroll={(e) => setTop(e.currentTarget.scrollTop)} onKeyDown={key}>
            <div role="presentation" style={{ height: first * ROW }} />
            {shown.slice(first, last).map(({ part, depth, segment, below }, k) => {
                const n = first + k, end = part.end_time ?? to, word = wordOf(part), shut = closed.has(part.id);
                const long = part.end_time === undefined ? 'running' : duration((end - part.start_time) * 1000);
                return <div key={part.id} id={`part-${n}`} role="row" aria-level={depth + 1} aria-rowindex={n + 1} aria-expanded={below ? !shut : undefined} class={`waterfall-row ${n === at ? 'at' : ''}`}
                    onClick={() => { setAt(n); onOpen(part); }}>
                    <span role="gridcell" class="what" title={`${part.name} ${part.origin ?? part.namespace ?? ''}`} style={{ paddingLeft: `${Math.min(depth, 10) * 0.8}rem` }}>
                        <span class={`fold ${below ? (shut ? 'shut' : '') : 'none'}`} aria-hidden="true" onClick={(e) => { e.stopPropagation(); if (below) { setAt(n); fold(shown[n], !shut); } }} />
                        <b class={segment ? '' : 'sub'}>{part.name}</b>{word && <em class={part.fault ? 'bad' : 'warn'}> {word}</em>} <small>{shut ? `${below} more` : part.aws?.operation ?? part.origin?.replace(/^AWS::/, '') ?? part.namespace ?? ''}</small></span>
                    <span role="gridcell" class="track" aria-label={`${duration((part.start_time - from) * 1000)} into the trace`}><span class={`span ${part.fault ? 'bad' : word ? 'warn' : 'good'} ${segment ? '' : 'sub'}`}
                        style={{ left: `${Math.min(share(part.start_time), 99.5)}%`, width: `${Math.max(share(end) - share(part.start_time), 0.5)}%` }} /></span>
                    <span role="gridcell" class="long">{long}</span>
                </div>;
            })}
            <div role="presentation" style={{ height: (shown.length - last) * ROW }} />
        </div>
    </div>;
}
