/* The pieces that pages are made of. A page uses these, not its own. */
import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { ApiError, serverNow } from '../api';
import { ago, stamp } from '../format';
import { go, type Data } from '../state';

type Kids = { children?: ComponentChildren };

/* A link inside the console. */
export function Link({ to, children, ...rest }: { to: string } & Kids & Omit<JSX.HTMLAttributes<HTMLAnchorElement>, 'href'>) {
    return <a href={to} {...(rest as object)} onClick={(e: MouseEvent) => {
        if (e.ctrlKey || e.metaKey || e.shiftKey || e.button)
            return;
        e.preventDefault();
        go(to);
    }}>{children}</a>;
}

let shown = false;

export function Page({ title, crumbs = [], actions, children }: { title: string; crumbs?: [string, string][]; actions?: ComponentChildren } & Kids) {
    const main = useRef<HTMLElement>(null);
    useEffect(() => { document.title = `${title} – Waybill`; }, [title]);
    /* What had the focus went with the page before: the keys go on here. */
    useEffect(() => {
        if (shown && document.activeElement === document.body)
            main.current?.focus({ preventScroll: true });
        shown = true;
    }, []);
    return <main id="main" tabIndex={-1} ref={main}>
        {crumbs.length > 0 && <nav class="crumbs" aria-label="Breadcrumb">{crumbs.map(([name, to]) => <><Link to={to}>{name}</Link><span aria-hidden="true"> / </span></>)}</nav>}
        <header class="page-head"><h1>{title}</h1><div class="actions">{actions}</div></header>
        {children}
    </main>;
}

export function Panel({ title, actions, children, pad = true }: { title?: ComponentChildren; actions?: ComponentChildren; pad?: boolean } & Kids) {
    return <section class="panel">
        {(title || actions) && <header><h2>{title}</h2><div class="actions">{actions}</div></header>}
        <div class={pad ? 'body' : ''}>{children}</div>
    </section>;
}

export type Tone = 'good' | 'bad' | 'warn' | 'info' | 'quiet';
export const Badge = ({ tone = 'quiet', children }: { tone?: Tone } & Kids) => <span class={`badge ${tone}`}>{children}</span>;

export function Button({ kind = '', class: own = '', ...p }: { class?: string; kind?: '' | 'primary' | 'danger' | 'plain' } & JSX.HTMLAttributes<HTMLButtonElement> & { disabled?: boolean; type?: 'button' | 'submit' }) {
    return <button type="button" {...(p as object)} class={`button ${kind} ${own}`} />;
}

export function ErrorBox({ error, retry }: { error: ApiError; retry?: () => void }) {
    const denied = /AccessDenied|NotAuthorized|Unauthorized/.test(error.code);
    return <div class="box bad" role="alert">
        <strong>{denied ? 'You may not see this' : error.code === 'NoAnswer' ? 'No answer' : error.code}</strong>
        <p>{error.message}</p>
        {retry && <Button onClick={retry}>Try again</Button>}
    </div>;
}

export const Empty = ({ children }: Kids) => <div class="empty">{children}</div>;
export const Loading = ({ lines = 3 }: { lines?: number }) =>
    <div class="loading" role="status" aria-label="Loading">{Array.from({ length: lines }, (_, i) => <i key={i} />)}</div>;

/* The three states of loaded data: loading, failed, there. */
export function Show<T>({ of, children, lines }: { of: Data<T>; children: (data: T) => ComponentChildren; lines?: number }) {
    if (of.data === undefined)
        return of.error ? <ErrorBox error={of.error} retry={of.reload} /> : <Loading lines={lines} />;
    return <>{of.error && <ErrorBox error={of.error} retry={of.reload} />}{children(of.data)}</>;
}

/* Narrow tables leave out the year and the seconds. */
const Stamp = ({ ms }: { ms: number }) => {
    const text = stamp(ms);
    return <><span class="trim">{text.slice(0, 5)}</span>{text.slice(5, 16)}<span class="trim">{text.slice(16)}</span></>;
};
export const Time = ({ ms, relative = false }: { ms?: number; relative?: boolean }) =>
    (ms === undefined || Number.isNaN(ms) ? <span>–</span>
        : <time dateTime={new Date(ms).toISOString()} title={new Date(ms).toString()}>{relative ? ago(ms, serverNow()) : <Stamp ms={ms} />}</time>);

export function Field({ label, hint, children }: { label: string; hint?: string } & Kids) {
    return <label class="field"><span>{label}</span>{children}{hint && <small>{hint}</small>}</label>;
}

/* Text that is taken over a moment after the last key. */
export function SearchBox({ value, onChange, placeholder, label }: { value: string; onChange: (v: string) => void; placeholder?: string; label: string }) {
    const [text, set] = useState(value);
    const timer = useRef(0);
    useEffect(() => set(value), [value]);
    return <input type="search" class="search" aria-label={label} placeholder={placeholder ?? label} value={text} spellcheck={false} onInput={(e) => {
        const v = e.currentTarget.value;
        set(v);
        clearTimeout(timer.current);
        timer.current = window.setTimeout(() => onChange(v), 250);
    }} onKeyDown={(e) => { if (e.key === 'Enter') { clearTimeout(timer.current); onChange(text); } }} />;
}

export function Select<T extends string>({ value, onChange, options, label }: { value: T; onChange: (v: T) => void; options: [T, string][]; label: string }) {
    return <select aria-label={label} value={value} onChange={(e) => onChange(e.currentTarget.value as T)}>
        {options.map(([v, name]) => <option value={v} key={v}>{name}</option>)}
    </select>;
}

export function Tabs<T extends string>({ value, onChange, options }: { value: T; onChange: (v: T) => void; options: [T, ComponentChildren][] }) {
    const move = (e: KeyboardEvent, i: number) => {
        const to = e.key === 'ArrowRight' ? i + 1 : e.key === 'ArrowLeft' ? i - 1 : -1;
        if (to < 0 || to >= options.length)
            return;
        onChange(options[to][0]);
        ((e.currentTarget as HTMLElement).parentElement!.children[to] as HTMLElement).focus();
    };
    return <div class="tabs" role="tablist">{options.map(([v, name], i) =>
        <button type="button" role="tab" key={v} aria-selected={v === value} tabIndex={v === value ? 0 : -1} onClick={() => onChange(v)} onKeyDown={(e) => move(e, i)}>{name}</button>)}</div>;
}

export function Dialog({ title, onClose, children, wide = false }: { title: string; onClose: () => void; wide?: boolean } & Kids) {
    const ref = useRef<HTMLDialogElement>(null), gone = useRef(false);
    /* Closing gives the focus back to who had it: also when the page takes the dialog away, which is no wish to close it. */
    useEffect(() => {
        const mine = ref.current!;
        mine.showModal();
        return () => { gone.current = true; mine.close(); };
    }, []);
    return <dialog ref={ref} class={wide ? 'wide' : ''} aria-label={title} onClose={() => { if (!gone.current) onClose(); }} onClick={(e) => { if (e.target === ref.current) onClose(); }}>
        <header><h2>{title}</h2><Button kind="plain" aria-label="Close" onClick={onClose}>×</Button></header>
        <div class="body">{children}</div>
    </dialog>;
}

/* Name and value, two columns that become one when it is narrow. */
export const Facts = ({ of }: { of: [string, ComponentChildren][] }) =>
    <dl class="facts">{of.filter(([, v]) => v !== undefined && v !== null && v !== '').map(([k, v]) => <div key={k}><dt>{k}</dt><dd>{v}</dd></div>)}</dl>;

/* JSON, put in order when it is some; any other text as it is. */
export function Code({ text, wrap = true }: { text: string; wrap?: boolean }) {
    let shown = text;
    try {
        shown = JSON.stringify(JSON.parse(text), null, 2);
    } catch { /* not JSON */ }
    return <pre class={wrap ? 'code wrap' : 'code'} tabIndex={0}>{shown}</pre>;
}
