/*
 * A table of any length: only the rows in sight are in the document, so 100,000 of them scroll like ten. All rows have one
 * height, and the head has it too: it scrolls with them and sticks, so that its columns are theirs, scroll bar or not. Arrow
 * keys, Page and Home/End move the row; Enter opens it. Narrow screens show the columns that have no `wide`. A cell that is text
 * tells it whole where it is pointed at.
 */
import type { ComponentChildren } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { Empty } from './basic';

export interface Column<T> {
    name: string;
    show: (row: T) => ComponentChildren;
    sort?: (row: T) => string | number;
    width?: string;    /* of a grid column: "12rem", "2fr"; 1fr unless said */
    wide?: boolean;    /* not on narrow screens */
    least?: number;    /* rem; when the columns find no room for that, the table scrolls sideways */
    right?: boolean;   /* numbers */
}

const ROW = 34, HEAD = ROW, MORE = 10;

export function Table<T>({ rows, columns, onOpen, empty = 'Nothing here.', label, height = 560, id, selected }: {
    rows: T[]; columns: Column<T>[]; onOpen?: (row: T) => void; empty?: ComponentChildren; label: string; height?: number;
    id?: (row: T) => string; selected?: string;
}) {
    const [order, setOrder] = useState<[number, number] | null>(null);
    const [top, setTop] = useState(0);
    const [at, setAt] = useState(0);
    const [more, setMore] = useState(0); /* rows beyond what is in sight: none before somebody may scroll */
    const [narrow, setNarrow] = useState(innerWidth < 640);
    const view = useRef<HTMLDivElement>(null);
    useEffect(() => {
        const f = () => setNarrow(innerWidth < 640);
        addEventListener('resize', f);
        return () => removeEventListener('resize', f);
    }, []);
    const shown = columns.filter((c) => !(narrow && c.wide));
    const sorted = useMemo(() => {
        const by = order && columns[order[0]]?.sort;
        if (!order || !by)
            return rows;
        return rows.map((r) => [by(r), r] as const).sort((a, b) => (a[0] < b[0] ? -order[1] : a[0] > b[0] ? order[1] : 0)).map((x) => x[1]);
    }, [rows, order, columns.length]);
    if (!rows.length)
        return <Empty>{empty}</Empty>;
    const first = Math.max(0, Math.floor(top / ROW) - more);
    const last = Math.min(sorted.length, Math.ceil((top + height) / ROW) + more);
    const grid = shown.map((c) => c.width ?? 'minmax(0, 1fr)').join(' ');
    const least = shown.some((c) => c.least) ? { minWidth: `${shown.reduce((n, c) => n + (c.least ?? 0) + 1, 1)}rem` } : undefined;
    const move = (e: KeyboardEvent) => {
        const page = Math.floor((height - HEAD) / ROW) - 1;
        const to = ({ ArrowDown: at + 1, ArrowUp: at - 1, PageDown: at + page, PageUp: at - page, Home: 0, End: sorted.length - 1 } as Record<string, number>)[e.key];
        if (e.key === 'Enter' && onOpen && e.target === e.currentTarget)
            onOpen(sorted[at]);
        if (to === undefined)
            return;
        e.preventDefault();
        const n = Math.min(sorted.length - 1, Math.max(0, to)), v = view.current!;
        setAt(n);
        if (n * ROW < v.scrollTop)
            v.scrollTop = n * ROW;
        else if (HEAD + (n + 1) * ROW > v.scrollTop + v.clientHeight)
            v.scrollTop = HEAD + (n + 1) * ROW - v.clientHeight;
    };
    /* The rows beyond what is in sight last for some way. */
    const scrolled = (to: number) => {
        setMore(MORE);
        if (Math.abs(to - top) >= ROW * (MORE / 2) || to < ROW * MORE)
            setTop(to);
    };
    const click = (e: MouseEvent, row: T, n: number) => {
        setAt(n);
        if (onOpen && !(e.target as HTMLElement).closest('a, button, input, select'))
            onOpen(row);
    };
    return <div class="table" role="table" aria-label={label} aria-rowcount={sorted.length + 1} ref={view} tabIndex={0} style={{ maxHeight: height, '--columns': grid }}
        onPointerEnter={() => setMore(MORE)} onFocus={() => setMore(MORE)} onScroll={(e) => scrolled(e.currentTarget.scrollTop)} onKeyDown={move}>
        <div class="top" role="rowgroup" style={least}><div class="head" role="row" aria-rowindex={1}>{shown.map((c) => {
            const i = columns.indexOf(c), mine = order?.[0] === i;
            return <div role="columnheader" key={c.name} class={c.right ? 'right' : ''} aria-sort={mine ? (order![1] > 0 ? 'ascending' : 'descending') : undefined}>
                {c.sort ? <button type="button" onClick={() => setOrder(mine && order![1] < 0 ? null : [i, mine ? -1 : 1])}>{c.name}<span aria-hidden="true">{mine ? (order![1] > 0 ? ' ↑' : ' ↓') : ''}</span></button> : c.name}
            </div>;
        })}</div></div>
        <div role="rowgroup" style={least}>
            <div role="presentation" style={{ height: first * ROW }} />
            {sorted.slice(first, last).map((row, k) => {
                const n = first + k, key = id?.(row) ?? String(n);
                return <div role="row" key={key} aria-rowindex={n + 2} class={`row ${onOpen ? 'open' : ''} ${n === at ? 'at' : ''} ${selected === key ? 'selected' : ''}`} onClick={(e) => click(e, row, n)}>
                    {shown.map((c) => {
                        const what = c.show(row);
                        return <div role="cell" key={c.name} class={c.right ? 'right' : ''} title={typeof what === 'string' ? what : undefined} {...(n ? {} : { elementtiming: 'row' })}>{what}</div>;
                    })}
                </div>;
            })}
            <div role="presentation" style={{ height: (sorted.length - last) * ROW }} />
        </div>
    </div>;
}
