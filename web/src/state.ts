/* What the whole console shares: place, time range, refreshing, look. Kept in the address or in the browser. */
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { ApiError, serverNow } from './api';
import { BASE, here, type Place } from './place';

/* --- small stores --- */

export class Store<T> {
    private heard = new Set<() => void>();
    constructor(private v: T) {}
    get value() {
        return this.v;
    }
    set(v: T) {
        this.v = v;
        this.heard.forEach((f) => f());
    }
    subscribe(f: () => void) {
        this.heard.add(f);
        return () => { this.heard.delete(f); };
    }
}

export function useStore<T>(s: Store<T>): T {
    const [, again] = useState(0);
    useEffect(() => s.subscribe(() => again((n) => n + 1)), [s]);
    return s.value;
}

function kept<T>(name: string, otherwise: T): Store<T> {
    let v = otherwise;
    try {
        v = JSON.parse(localStorage.getItem('waybill.' + name) ?? 'null') ?? otherwise;
    } catch { /* a browser that keeps nothing */ }
    const s = new Store<T>(v);
    s.subscribe(() => {
        try {
            localStorage.setItem('waybill.' + name, JSON.stringify(s.value));
        } catch { /* likewise */ }
    });
    return s;
}

/* --- place --- */

export const place = new Store<Place>(here());
addEventListener('popstate', () => place.set(here()));

export function href(path: string | string[], query?: Record<string, string | undefined>): string {
    const parts = typeof path === 'string' ? path.split('/').filter(Boolean) : path;
    const q = new URLSearchParams();
    for (const [k, v] of Object.entries(query ?? {}))
        if (v !== undefined && v !== '')
            q.set(k, v);
    return `${BASE}/${parts.map(encodeURIComponent).join('/')}${[...q].length ? '?' + q : ''}`;
}

export function go(to: string, replace = false) {
    history[replace ? 'replaceState' : 'pushState'](null, '', to);
    place.set(here());
    if (!replace)
        scrollTo(0, 0);
}

/* One parameter of the address, as state: what a page shows can be sent to a colleague. */
export function useParam(name: string, otherwise = ''): [string, (v: string) => void] {
    const p = useStore(place);
    const set = (v: string) => {
        const q = new URLSearchParams(location.search);
        if (v === '' || v === otherwise)
            q.delete(name);
        else
            q.set(name, v);
        go(location.pathname + ([...q].length ? '?' + q : ''), true);
    };
    return [p.query.get(name) ?? otherwise, set];
}

/* --- time range --- */

export type Range = { last: number } | { from: number; to: number }; /* ms */
export const range = kept<Range>('range', { last: 3 * 3600e3 });
export const spanOf = (r: Range): [number, number] => ('last' in r ? [serverNow() - r.last, serverNow()] : [r.from, r.to]);

/* --- refreshing and look --- */

export const every = kept<number>('every', 10); /* s; 0 = never */
export const theme = kept<'auto' | 'light' | 'dark'>('theme', 'auto');
const dark = matchMedia('(prefers-color-scheme: dark)');
export const isDark = new Store(false);
function applyTheme() {
    const d = theme.value === 'dark' || (theme.value === 'auto' && dark.matches);
    document.documentElement.dataset.theme = d ? 'dark' : 'light';
    isDark.set(d);
}
theme.subscribe(applyTheme);
dark.addEventListener('change', applyTheme);
applyTheme();

/* Pressing "refresh" or the letter r. */
export const refreshed = new Store(0);

/* --- data --- */

export interface Data<T> { data?: T; error?: ApiError; loading: boolean; reload: () => void }

/* Loads, again when deps change, on refresh, and by itself while the page is looked at. What was there stays until the new
 * comes; a failed refresh shows its error beside it. still: not by itself. late: after the first frame, not before it. */
export function useData<T>(load: (signal: AbortSignal) => Promise<T>, deps: unknown[], options: { still?: boolean; late?: boolean } = {}): Data<T> {
    const [state, set] = useState<{ data?: T; error?: ApiError; loading: boolean }>({ loading: true });
    const [turn, again] = useState(0);
    const seconds = useStore(every);
    const pushed = useStore(refreshed);
    const busy = useRef(false);
    const key = useMemo(() => ({}), deps);
    const shown = useRef<object | null>(null);
    (options.late ? useEffect : useLayoutEffect)(() => {
        const stop = new AbortController();
        busy.current = true;
        set((s) => (shown.current === key ? { ...s, loading: true } : { loading: true }));
        shown.current = key;
        load(stop.signal).then(
            (data) => { busy.current = false; if (!stop.signal.aborted) set({ data, loading: false }); },
            (e) => {
                busy.current = false;
                if (!stop.signal.aborted)
                    set((s) => ({ data: s.data, loading: false, error: e instanceof ApiError ? e : new ApiError('Error', String(e?.message ?? e), 0) }));
            });
        return () => stop.abort();
    }, [key, turn, pushed]);
    useEffect(() => {
        if (!seconds || options.still)
            return;
        const timer = setInterval(() => { if (!document.hidden && !busy.current) again((n) => n + 1); }, seconds * 1000);
        return () => clearInterval(timer);
    }, [seconds, options.still]);
    return { ...state, reload: () => again((n) => n + 1) };
}
