/* The events of one group: a time range, a filter pattern, one stream or all; paged, or followed. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { ApiError, call, serverNow } from '../../api';
import { count, stamp } from '../../format';
import { range, refreshed, spanOf, useParam, useStore } from '../../state';
import { Badge, Button, ErrorBox, Loading, Panel, SearchBox } from '../../ui/basic';
import { Lines, tail, type Line } from './lines';

const PAGE = 10_000, MOST = 100_000, FOLLOW_MS = 2000;
const AROUND_MS = 60_000;
const LATE_MS = 15_000; /* following asks so far back again: lines may come later than their time says */

interface Found { lines: Line[]; next?: string; from: number; to: number }

const order = (a: Line, b: Line) => a.timestamp - b.timestamp || (a.eventId < b.eventId ? -1 : a.eventId > b.eventId ? 1 : 0);

/* The lines with those that are not among them yet; the newest MOST. */
function merged(lines: Line[], more: Line[]): Line[] {
    const known = new Set<string>(), from = more.length ? more[0].timestamp : 0;
    for (let i = lines.length - 1; i >= 0 && lines[i].timestamp >= from; i--)
        known.add(lines[i].eventId);
    const fresh = more.filter((l) => !known.has(l.eventId));
    return fresh.length ? [...lines, ...fresh].sort(order).slice(-MOST) : lines;
}

/* at: only what is around this moment, instead of the time range of the frame. */
function useLines(group: string, stream: string, pattern: string, follow: boolean, at: number) {
    const chosen = useStore(range), again = useStore(refreshed);
    const [found, set] = useState<Found | null>(null);
    const [error, setError] = useState<ApiError | null>(null);
    const [busy, setBusy] = useState(false);
    const stop = useRef(new AbortController());
    const input = (from: number, to: number) => ({
        logGroupName: group, startTime: Math.floor(from), endTime: Math.floor(to), limit: PAGE,
        ...(pattern ? { filterPattern: pattern } : {}), ...(stream ? { logStreamNames: [stream] } : {}),
    });
    /* Pages from a token on, shown as they come; one, or all that fit. */
    const load = async (from: number, to: number, all: boolean, lines: Line[], next: string | undefined, signal: AbortSignal) => {
        let begun = lines.length;
        do {
            const r: any = await call('logs', 'FilterLogEvents', { ...input(from, to), ...(next ? { nextToken: next } : {}) }, signal);
            lines = [...lines, ...r.events];
            next = r.nextToken;
            set({ lines: all ? lines.slice(-MOST) : lines, next, from, to });
        } while (next && (all || lines.length - begun < PAGE));
        return lines.slice(-MOST);
    };
    useEffect(() => {
        const mine = stop.current = new AbortController();
        const [from, to] = at ? [at - AROUND_MS, at + AROUND_MS] : spanOf(chosen);
        let timer = 0, lines: Line[] = [], polled = to;
        const failed = (e: unknown) => { if (!mine.signal.aborted) setError(e instanceof ApiError ? e : new ApiError('Error', String((e as Error).message ?? e), 0)); };
        const poll = async () => {
            try {
                const now = serverNow(), more = await fetchNew(Math.max(from, polled - LATE_MS), now + LATE_MS);
                lines = merged(lines, more);
                polled = now;
                set((s) => (s?.lines === lines ? s : { lines, from, to: now }));
                setError(null);
            } catch (e) {
                failed(e);
            }
            if (!mine.signal.aborted)
                timer = window.setTimeout(poll, FOLLOW_MS);
        };
        const fetchNew = async (a: number, b: number) => {
            const more: Line[] = [];
            let next: string | undefined;
            do {
                const r: any = await call('logs', 'FilterLogEvents', { ...input(a, b), ...(next ? { nextToken: next } : {}) }, mine.signal);
                more.push(...r.events);
                next = r.nextToken;
            } while (next && more.length < MOST);
            return more;
        };
        set(null);
        setError(null);
        setBusy(true);
        load(from, follow ? to + LATE_MS : to, follow, [], undefined, mine.signal).then((l) => {
            lines = l;
            if (follow)
                timer = window.setTimeout(poll, FOLLOW_MS);
        }).catch(failed).finally(() => { if (!mine.signal.aborted) setBusy(false); });
        return () => { mine.abort(); clearTimeout(timer); };
    }, [group, stream, pattern, follow, chosen, again, at]);
    const more = () => {
        if (!found?.next || busy)
            return;
        setBusy(true);
        load(found.from, found.to, false, found.lines, found.next, stop.current.signal)
            .catch((e) => setError(e)).finally(() => setBusy(false));
    };
    return { found, error, busy, more };
}

export function Events({ group }: { group: string }) {
    const [pattern, setPattern] = useParam('filter');
    const [stream, setStream] = useParam('stream');
    const [following, setFollowing] = useParam('follow');
    const [around, setAround] = useParam('at');
    const at = Number(around) || 0, follow = following === '1' && !at;
    const { found, error, busy, more } = useLines(group, stream, pattern, follow, at);
    const wrong = error?.code === 'InvalidParameterException' && pattern ? error : null;
    return <Panel pad={false}>
        <div class="lines-bar">
            <SearchBox label="Filter pattern" placeholder={'Filter pattern: ERROR, "two words", { $.level = "error" }, %regex%'} value={pattern} onChange={setPattern} />
            {stream && <Button class="chip" title={`All streams instead of ${stream}`} onClick={() => setStream('')}>Stream {tail(stream)} ×</Button>}
            {at > 0 && <Button class="chip" title="The time range of the bar instead" onClick={() => setAround('')}>Around {stamp(at)} ×</Button>}
            <Button kind={follow ? 'primary' : ''} disabled={at > 0} aria-pressed={follow} onClick={() => setFollowing(follow ? '' : '1')}>{follow ? 'Following' : 'Follow'}</Button>
            {wrong && <span class="wrong" role="alert">{wrong.message}</span>}
        </div>
        {error && !wrong && <div class="body"><ErrorBox error={error} /></div>}
        {!found && busy && <Loading lines={8} />}
        {found && <Lines lines={found.lines} follow={follow} at={at} onRequest={(id) => setPattern(`"${id}"`)} onStream={stream ? undefined : setStream}
            empty={follow ? 'Nothing yet. New lines appear here.' : pattern ? 'No line of this time matches.' : 'No line in this time. Choose another time range above.'} />}
        {found && found.lines.length > 0 && <div class="lines-foot" role="status">
            <span>{count(found.lines.length)} lines{found.lines.length > 0 && `, ${stamp(found.lines[0].timestamp)} to ${stamp(found.lines[found.lines.length - 1].timestamp)}`}</span>
            {follow && <Badge tone="good">Following</Badge>}
            {!follow && found.next && (found.lines.length < MOST ? <Button disabled={busy} onClick={more}>{busy ? 'Loading' : 'Load more'}</Button> : <span>More follow. Choose a shorter time or a filter.</span>)}
        </div>}
    </Panel>;
}
