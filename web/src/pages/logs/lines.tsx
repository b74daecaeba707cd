/*
 * Lines of a log, as many as there are: only those in sight are in the document. A line has one height; an open one has as much
 * more as its text needs, up to a limit, beyond which it scrolls in itself: so every place is known without measuring.
 */
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { clock, day, precise } from '../../format';
import { Button, Empty } from '../../ui/basic';
import '../logs.css';

export interface Line { eventId: string; timestamp: number; logStreamName: string; message: string }

const LINE = 26, ROW = 18, ROWS_MAX = 24, ABOVE = 42, SPARE = 12; /* as in logs.css */

const ERROR = /\b(ERROR|FATAL|CRITICAL|Traceback|Task timed out)\b|"level"\s*:\s*"(error|fatal|critical)"/;
const WARN = /\bWARN(ING)?\b|"level"\s*:\s*"warn(ing)?"/;
const REQUESTS = [/RequestId:?\s+([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/, /"(?:requestId|request_id|AWSRequestId)"\s*:\s*"([^"]{8,64})"/, /^\S+\t([0-9a-f-]{36})\t/];

const toneOf = (text: string) => (/\bINFO\b/.test(text) ? '' : ERROR.test(text) ? 'error' : WARN.test(text) ? 'warn' : '');

function requestOf(text: string): string | undefined {
    for (const r of REQUESTS) {
        const found = r.exec(text);
        if (found)
            return found[1];
    }
    return undefined;
}

/* JSON, also behind other text, put in order. */
function pretty(text: string): string {
    const at = text.search(/[{[]/);
    if (at < 0)
        return text;
    try {
        return text.slice(0, at) + (at ? '\n' : '') + JSON.stringify(JSON.parse(text.slice(at)), null, 2);
    } catch {
        return text;
    }
}

/* Streams of functions differ at their ends. */
export const tail = (name: string) => (name.length > 16 ? `…${name.slice(-14)}` : name);

const rowsOf = (text: string, columns: number) => Math.min(ROWS_MAX, text.split('\n').reduce((n, l) => n + Math.max(1, Math.ceil(l.length / columns)), 0));

export function Lines({ lines, follow, at = 0, empty, onRequest, onStream }: {
    lines: Line[]; follow: boolean; at?: number; empty: string; onRequest: (id: string) => void; onStream?: (name: string) => void;
}) {
    const view = useRef<HTMLDivElement>(null), atEnd = useRef(true);
    const [top, setTop] = useState(0);
    const [size, setSize] = useState<[number, number]>([800, 600]);
    const [open, setOpen] = useState<Set<string>>(new Set());
    const [behind, setBehind] = useState(false);
    const columns = Math.max(20, Math.floor((size[0] - 80) / 8));
    useEffect(() => {
        const watch = new ResizeObserver(() => view.current && setSize([view.current.clientWidth, view.current.clientHeight]));
        watch.observe(view.current!);
        return () => watch.disconnect();
    }, [lines.length > 0]);
    /* Where the open lines stand, and how much more each takes. */
    const opened = useMemo(() => {
        const list: { at: number; more: number; text: string }[] = [];
        if (open.size)
            lines.forEach((l, at) => {
                if (open.has(l.eventId)) {
                    const text = pretty(l.message);
                    list.push({ at, more: rowsOf(text, columns) * ROW + ABOVE, text });
                }
            });
        return list;
    }, [lines, open, columns]);
    const topOf = (i: number) => opened.reduce((y, o) => (o.at < i ? y + o.more : y), i * LINE);
    const indexAt = (y: number) => {
        let above = 0;
        for (const o of opened) {
            const its = o.at * LINE + above;
            if (y < its + LINE + o.more)
                return y < its ? Math.floor((y - above) / LINE) : o.at;
            above += o.more;
        }
        return Math.floor((y - above) / LINE);
    };
    const first = Math.max(0, indexAt(top) - SPARE), last = Math.min(lines.length, indexAt(top + size[1]) + SPARE);
    const height = topOf(lines.length);
    const toEnd = () => { if (view.current) view.current.scrollTop = view.current.scrollHeight; };
    useEffect(() => { atEnd.current = true; setBehind(false); }, [follow]);
    useLayoutEffect(() => {
        if (follow && atEnd.current)
            toEnd();
        else if (follow)
            setBehind(true);
    }, [lines, follow]);
    /* The line that was asked for, in the middle. */
    useLayoutEffect(() => {
        const i = at ? lines.findIndex((l) => l.timestamp >= at) : -1;
        if (i >= 0 && view.current)
            view.current.scrollTop = topOf(i) - view.current.clientHeight / 2;
    }, [at, lines.length > 0]);
    const scrolled = (v: HTMLDivElement) => {
        setTop(v.scrollTop);
        atEnd.current = v.scrollTop + v.clientHeight >= v.scrollHeight - LINE;
        if (atEnd.current)
            setBehind(false);
    };
    const toggle = (id: string) => setOpen((was) => {
        const now = new Set(was);
        if (!now.delete(id))
            now.add(id);
        return now;
    });
    if (!lines.length)
        return <div ref={view}><Empty>{empty}</Empty></div>;
    return <>
        <div class="lines" ref={view} tabIndex={0} role="region" aria-label="Log lines" onScroll={(e) => scrolled(e.currentTarget)}>
            <div role="list" style={{ height, paddingTop: topOf(first), boxSizing: 'border-box' }}>
                {lines.slice(first, last).map((l, k) => {
                    const its = opened.find((o) => o.at === first + k), request = its && requestOf(l.message);
                    return <div role="listitem" key={l.eventId} class={`line ${toneOf(l.message)} ${l.timestamp === at ? 'asked' : ''}`} aria-setsize={lines.length} aria-posinset={first + k + 1} style={{ height: LINE + (its?.more ?? 0) }}
                        onClick={(e) => { if (!its && !getSelection()?.toString() && !(e.target as HTMLElement).closest('button')) toggle(l.eventId); }}>
                        <button type="button" class="toggle" aria-expanded={!!its} aria-label={`Line of ${clock(l.timestamp)}`} onClick={() => toggle(l.eventId)}>{its ? '▾' : '▸'}</button>
                        <time class="one" dateTime={new Date(l.timestamp).toISOString()} title={precise(l.timestamp)}><span class="day">{day(l.timestamp)} </span>{clock(l.timestamp)}<span class="day">.{String(l.timestamp % 1000).padStart(3, '0')}</span></time>
                        <code class="one">{l.message.slice(0, 1000)}</code>
                        <span class="one from" title={l.logStreamName}>{tail(l.logStreamName)}</span>
                        {its && <div class="more" style={{ height: its.more - 1 }}>
                            <p>{request && <Button kind="plain" class="link" onClick={() => onRequest(request)}>Only this request</Button>}
                                {onStream && <Button kind="plain" class="link" title={l.logStreamName} onClick={() => onStream(l.logStreamName)}>Only this stream</Button>}</p>
                            <pre>{its.text}</pre>
                        </div>}
                    </div>;
                })}
            </div>
        </div>
        {behind && <div class="lines-foot"><Button onClick={() => { toEnd(); setBehind(false); }}>New lines ↓</Button></div>}
    </>;
}
