/* The frame around every page: navigation, search, time range, refreshing, look, keys, signing in and out. */
import { Component, type ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { givenSession, onSignedOut, readSession, signIn, signOut, type ApiError, type Session } from './api';
import { stamp } from './format';
import { pages, type Hit, type PageDef } from './pages/registry';
import { every, go, href, place, range, refreshed, spanOf, theme, useStore, type Range } from './state';
import { Button, Dialog, Empty, ErrorBox, Field, Link, Loading, Page, Select } from './ui/basic';

/* --- pieces of the bar --- */

const LAST: [number, string][] = [[15 * 60e3, '15 minutes'], [3600e3, '1 hour'], [3 * 3600e3, '3 hours'], [12 * 3600e3, '12 hours'], [86400e3, '1 day'],
    [7 * 86400e3, '1 week'], [30 * 86400e3, '30 days']];

const local = (ms: number) => new Date(ms - new Date(ms).getTimezoneOffset() * 60e3).toISOString().slice(0, 16);

function RangePicker() {
    const r = useStore(range);
    const [open, setOpen] = useState(false);
    const [wrong, setWrong] = useState(false);
    const [from, to] = spanOf(r);
    const name = 'last' in r ? `Last ${LAST.find(([ms]) => ms === r.last)?.[1] ?? `${Math.round(r.last / 60e3)} minutes`}` : `${stamp(r.from, false)} – ${stamp(r.to, false)}`;
    const choose = (x: Range) => { range.set(x); setOpen(false); setWrong(false); };
    return <>
        <Button aria-haspopup="dialog" onClick={() => { setWrong(false); setOpen(true); }}>{name}</Button>
        {open && <Dialog title="Time range" onClose={() => setOpen(false)}>
            <div class="choices">{LAST.map(([ms, text]) => <Button key={ms} kind={'last' in r && r.last === ms ? 'primary' : ''} onClick={() => choose({ last: ms })}>Last {text}</Button>)}</div>
            <form onSubmit={(e) => {
                e.preventDefault();
                const f = new FormData(e.currentTarget), a = Date.parse(String(f.get('from'))), b = Date.parse(String(f.get('to')));
                if (a < b)
                    choose({ from: a, to: b });
                else
                    setWrong(true);
            }}>
                <Field label="From"><input name="from" type="datetime-local" defaultValue={local(from)} required /></Field>
                <Field label="To" hint={`In the zone of this browser, ${Intl.DateTimeFormat().resolvedOptions().timeZone}.`}><input name="to" type="datetime-local" defaultValue={local(to)} required /></Field>
                {wrong && <div class="box bad" role="alert">The beginning must be before the end.</div>}
                <Button kind="primary" type="submit">Show this</Button>
            </form>
        </Dialog>}
    </>;
}

function Refresh() {
    const s = useStore(every);
    return <span class="joined">
        <Button aria-label="Refresh now" title="Refresh now (r)" onClick={() => refreshed.set(refreshed.value + 1)}>↻</Button>
        <Select label="Refresh every" value={String(s)} onChange={(v) => every.set(Number(v))} options={[['0', 'Off'], ['5', '5 s'], ['10', '10 s'], ['60', '1 min']]} />
    </span>;
}

function Search({ onDone }: { onDone: () => void }) {
    const [text, set] = useState('');
    const [hits, setHits] = useState<Hit[]>([]);
    const [at, setAt] = useState(0);
    const [busy, setBusy] = useState(false);
    const hasty = useRef(false); /* Enter came before anything was found: the first that comes is meant */
    const shownFor = useRef('');
    const open = (h?: Hit) => { if (h) { onDone(); go(h.to); } };
    useEffect(() => {
        const stop = new AbortController();
        const q = text.trim().toLowerCase();
        const own: Hit[] = pages.filter((p) => !q || p.title.toLowerCase().includes(q)).map((p) => ({ title: p.title, detail: 'Page', to: href(p.path) }));
        setHits(own);
        setAt(0);
        shownFor.current = text;
        if (hasty.current && own.length)
            return open(own[0]);
        setBusy(q.length > 1);
        if (q.length < 2)
            return;
        const wait = setTimeout(async () => {
            await Promise.all(pages.map(async (p) => {
                const more = await p.search?.(text.trim(), stop.signal).catch(() => []) ?? [];
                if (stop.signal.aborted)
                    return;
                setHits((h) => [...h, ...more.slice(0, 8)]);
                if (hasty.current && more.length) {
                    hasty.current = false;
                    open(more[0]);
                }
            }));
            if (!stop.signal.aborted)
                setBusy(false);
        }, 200);
        return () => { clearTimeout(wait); stop.abort(); };
    }, [text]);
    useEffect(() => document.getElementById(`hit-${at}`)?.scrollIntoView({ block: 'nearest' }), [at]);
    return <Dialog title="Search" wide onClose={onDone}>
        <input class="search" type="search" autofocus role="combobox" aria-label="Search" aria-expanded={hits.length > 0} aria-controls="hits" aria-activedescendant={hits.length ? `hit-${at}` : undefined} placeholder="Pages, shipments, alarms, log groups, traces …" value={text} onInput={(e) => { hasty.current = false; set(e.currentTarget.value); }}
            onKeyDown={(e) => {
                const step = e.key === 'ArrowDown' ? 1 : e.key === 'ArrowUp' ? -1 : 0;
                if (step) {
                    e.preventDefault();
                    setAt(Math.max(0, Math.min(hits.length - 1, at + step)));
                } else if (e.key === 'Enter') {
                    e.preventDefault();
                    hasty.current = !hits.length || shownFor.current !== text;
                    if (!hasty.current)
                        open(hits[at]);
                } else if (e.key === 'Escape') { /* which else would only empty the field */
                    e.preventDefault();
                    onDone();
                }
            }} />
        <ul id="hits" class="hits" role="listbox" aria-label="Found" aria-busy={busy}>{hits.map((h, i) => <li key={h.to + i} id={`hit-${i}`} role="option" aria-selected={i === at} onMouseMove={() => setAt(i)} onClick={() => open(h)}><b>{h.title}</b> <span>{h.detail}</span></li>)}</ul>
        {!hits.length && !busy && <Empty>Nothing is called so.</Empty>}
    </Dialog>;
}

const KEYS: [string, string][] = [['/', 'Search'], ['r', 'Refresh now'], ['t', 'Light, dark, as the system'], ['?', 'These keys'], ['Esc', 'Close']];

function Help({ onDone }: { onDone: () => void }) {
    return <Dialog title="Keys" onClose={onDone}>
        <dl class="facts">{[...KEYS, ...pages.map((p): [string, string] => [`g ${p.letter}`, p.title])].map(([k, v]) => <div key={k}><dt><kbd>{k}</kbd></dt><dd>{v}</dd></div>)}</dl>
    </Dialog>;
}

/* --- signing in --- */

function SignIn({ onDone }: { onDone: (s: Session) => void }) {
    const [error, setError] = useState<ApiError | null>(null);
    const [busy, setBusy] = useState(false);
    const [temporary, setTemporary] = useState(false);
    useEffect(() => { document.title = 'Sign in – Waybill'; }, []);
    return <main class="signin">
        <form class="panel" onSubmit={async (e) => {
            e.preventDefault();
            const f = new FormData(e.currentTarget);
            setBusy(true);
            setError(null);
            try {
                onDone(await signIn(String(f.get('key')), String(f.get('secret')), String(f.get('token') ?? '')));
            } catch (x) {
                setError(x as ApiError);
            }
            setBusy(false);
        }}>
            <div class="body">
                <h1>Waybill</h1>
                <p class="lead">Sign in with an access key. What you may see and do here is what its owner may.</p>
                <Field label="Access key id"><input name="key" required autocomplete="username" spellcheck={false} autofocus /></Field>
                <Field label="Secret access key"><input name="secret" type="password" required autocomplete="current-password" /></Field>
                {temporary && <Field label="Session token"><input name="token" spellcheck={false} autocomplete="off" /></Field>}
                {error && <div class="box bad" role="alert">{error.message}</div>}
                <div class="actions">
                    <Button kind="primary" type="submit" disabled={busy}>Sign in</Button>
                    <Button kind="plain" onClick={() => setTemporary(!temporary)}>{temporary ? 'Without session token' : 'Temporary credentials'}</Button>
                </div>
                <small>The account's own key is in the file <code>credentials</code> of the data directory; <code>waybill env</code> prints it.</small>
            </div>
        </form>
    </main>;
}

/* --- the whole --- */

const Icon = ({ d }: { d: string }) => <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true"><path d={d} fill="none" stroke="currentColor" stroke-width="1.5" stroke-linecap="round" stroke-linejoin="round" /></svg>;

const GROUPS: PageDef['group'][] = ['Application', 'Watch', 'Operate'];

function Navigation({ now, onGo }: { now?: PageDef; onGo: () => void }) {
    return <nav class="side" aria-label="Pages">{GROUPS.map((g) => {
        const mine = pages.filter((p) => p.group === g);
        return mine.length > 0 && <section key={g}><h2>{g}</h2><ul>{mine.map((p) =>
            <li key={p.path}><Link to={href(p.path)} onClickCapture={onGo} aria-current={p === now ? 'page' : undefined} title={`g ${p.letter}`}><Icon d={p.icon} />{p.title}</Link></li>)}</ul></section>;
    })}</nav>;
}

/* A page that breaks must not take the frame with it. */
class Guard extends Component<{ at: string; children?: ComponentChildren }, { error?: Error }> {
    componentDidCatch(error: Error) { this.setState({ error }); }
    componentDidUpdate(before: { at: string }) { if (before.at !== this.props.at && this.state.error) this.setState({ error: undefined }); }
    render() {
        return this.state.error ? <Page title="This page failed"><div class="box bad" role="alert"><strong>{this.state.error.message}</strong><p>The other pages work on.</p></div></Page> : <>{this.props.children}</>;
    }
}

function Inside({ session, onOut }: { session: Session; onOut: () => void }) {
    const p = useStore(place);
    const look = useStore(theme);
    const [menu, setMenu] = useState(false);
    const [asking, setAsking] = useState<'' | 'search' | 'help'>('');
    const before = useRef('');
    const page = pages.find((d) => d.path === p.path[0]);
    const turn = () => theme.set(({ auto: 'light', light: 'dark', dark: 'auto' } as const)[theme.value]);
    useEffect(() => {
        if (!p.path.length)
            go(href(pages[0].path), true);
    }, [p]);
    useEffect(() => {
        const key = (e: KeyboardEvent) => {
            if (e.ctrlKey || e.metaKey || e.altKey || (e.target as HTMLElement).closest('input, textarea, select, dialog'))
                return;
            const goes = before.current === 'g' ? pages.find((d) => d.letter === e.key) : undefined;
            before.current = e.key;
            if (goes)
                go(href(goes.path));
            else if (e.key === '/')
                setAsking('search');
            else if (e.key === '?')
                setAsking('help');
            else if (e.key === 'r')
                refreshed.set(refreshed.value + 1);
            else if (e.key === 't')
                turn();
            else
                return;
            e.preventDefault();
        };
        addEventListener('keydown', key);
        return () => removeEventListener('keydown', key);
    }, []);
    const One = page?.component;
    return <div class={menu ? 'frame menu' : 'frame'}>
        <a class="skip" href="#main">To the content</a>
        <header class="bar">
            <Button kind="plain" class="burger" aria-label="Pages" aria-expanded={menu} onClick={() => setMenu(!menu)}>☰</Button>
            <Link to={href('')} class="logo">Waybill</Link>
            <Button kind="plain" class="ask" onClick={() => setAsking('search')}><span>Search</span> <kbd>/</kbd></Button>
            <div class="right">
                <RangePicker />
                <Refresh />
                <Button kind="plain" title={`Look: ${look} (t)`} aria-label={`Look: ${look}`} onClick={turn}>{look === 'auto' ? '◐' : look === 'light' ? '○' : '●'}</Button>
                <span class="who" title={session.arn}>{session.auth ? session.arn?.replace(/^.*:/, '') : 'auth off'}</span>
                {session.auth && <Button kind="plain" class="out" title={`Signed in as ${session.arn?.replace(/^.*:/, '')}`} onClick={onOut}>Sign out</Button>}
            </div>
        </header>
        <Navigation now={page} onGo={() => setMenu(false)} />
        <Guard at={p.path.join('/')}>
            {One ? <One key={p.path[0]} path={p.path.slice(1)} /> : p.path.length > 0 && <Page title="There is no such page"><Empty><Link to={href('')}>To the start</Link></Empty></Page>}
        </Guard>
        {asking === 'search' && <Search onDone={() => setAsking('')} />}
        {asking === 'help' && <Help onDone={() => setAsking('')} />}
    </div>;
}

export function App() {
    const [session, set] = useState(givenSession);
    const [error, setError] = useState<ApiError>();
    const load = () => readSession().then((s) => { setError(undefined); set(s); }, setError);
    useEffect(() => {
        if (!session)
            load();
        onSignedOut(() => set((s) => s && { ...s, signedIn: false }));
        const timer = setInterval(() => { if (!document.hidden) readSession().catch(() => {}); }, 60e3); /* the server's clock */
        return () => clearInterval(timer);
    }, []);
    if (error && !session)
        return <main class="signin"><ErrorBox error={error} retry={load} /></main>;
    if (!session)
        return <main class="signin"><Loading /></main>;
    if (!session.signedIn)
        return <SignIn onDone={set} />;
    return <Inside session={session} onOut={() => signOut().then(() => set({ ...session, signedIn: false }))} />;
}
