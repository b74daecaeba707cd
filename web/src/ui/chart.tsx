/*
 * Graphs over time, on uPlot: lines, stacked areas, bars. Series share one time axis; a missing value is a gap. Units are the
 * metric's own; the axis at the right is for the series that ask for it. Below stands a legend that tells last, least and most,
 * so that a graph can be read without its colours.
 */
import type uPlot from 'uplot';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { clock, day, stamp, withUnit } from '../format';
import { isDark, range, useStore } from '../state';

export interface Series {
    label: string;
    values: (number | null)[];
    unit?: string;
    color?: string;
    right?: boolean;
    hidden?: boolean;
}
export interface Mark { value: number; label?: string; color?: string; fill?: 'above' | 'below'; to?: number; right?: boolean } /* a horizontal line, or a band */
export interface Moment { ms: number; label?: string; color?: string; to?: number } /* a vertical one, or a span */

/* Ten colours that people with the usual weaknesses of colour sight can tell apart, on light and on dark. */
export const COLORS = {
    light: ['#1764ab', '#c25700', '#2d7d32', '#a61d4c', '#6941b8', '#8a6200', '#00717d', '#b3338f', '#596270', '#7a3b10'],
    dark: ['#6cb2f7', '#ffa35c', '#7fce83', '#ff86ab', '#bda1ff', '#e6bf4f', '#54cfdc', '#f58fd9', '#b4bdc9', '#d99a6c'],
};

export interface AxisSide { min?: number; max?: number; label?: string; plain?: boolean } /* plain: without units */

export interface ChartProps {
    times: number[]; /* ms */
    series: Series[];
    kind?: 'line' | 'stacked' | 'bar';
    marks?: Mark[];
    moments?: Moment[];
    span?: [number, number]; /* ms; else what the data covers */
    height?: number;
    min?: number;
    max?: number;
    axes?: { left?: AxisSide; right?: AxisSide }; /* then their units or labels stand above */
    legend?: boolean | 'right';
    label: string; /* for people who hear the page */
    zoom?: boolean; /* dragging sets the time range of the page */
}

declare const UPLOT: string; /* where it is: a file of its own (tools/build-console), which the first view does without */
export const drawing = () => (import(UPLOT) as Promise<{ default: typeof uPlot }>).then((m) => m.default);

const css = (name: string) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/* Each series on top of those before it. */
function stack(series: Series[]): (number | null)[][] {
    const sum: number[] = [], there = (i: number) => series.some((s) => !s.hidden && s.values[i] !== null && s.values[i] !== undefined);
    return series.map((s) => s.values.map((v, i) => {
        if (s.hidden || !there(i))
            return null;
        sum[i] = (sum[i] ?? 0) + (v ?? 0);
        return sum[i];
    }));
}

function drawMarks(u: uPlot, marks: Mark[], moments: Moment[]) {
    const { ctx } = u, { left, top, width, height } = u.bbox, ratio = devicePixelRatio;
    ctx.save();
    ctx.beginPath();
    ctx.rect(left, top, width, height);
    ctx.clip();
    ctx.font = `${11 * ratio}px system-ui, sans-serif`;
    ctx.lineWidth = 1.5 * ratio;
    for (const m of marks) {
        const side = m.right && u.axes.length > 2 ? 'right' : 'left';
        const color = m.color ?? css('--bad'), y = u.valToPos(m.value, side, true), other = m.to === undefined ? y : u.valToPos(m.to, side, true);
        const end = m.to !== undefined ? other : m.fill === 'above' ? top : m.fill === 'below' ? top + height : y;
        ctx.globalAlpha = 0.08;
        ctx.fillStyle = color;
        ctx.fillRect(left, y, width, end - y);
        ctx.globalAlpha = 1;
        ctx.strokeStyle = color;
        ctx.setLineDash([5 * ratio, 4 * ratio]);
        ctx.beginPath();
        for (const at of other === y ? [y] : [y, other]) {
            ctx.moveTo(left, at);
            ctx.lineTo(left + width, at);
        }
        ctx.stroke();
        if (m.label) {
            ctx.fillStyle = color;
            ctx.textAlign = 'left';
            ctx.textBaseline = y - top > 16 * ratio ? 'bottom' : 'top';
            ctx.fillText(m.label, left + 6 * ratio, y + (y - top > 16 * ratio ? -3 : 3) * ratio);
        }
    }
    for (const m of moments) {
        const color = m.color ?? css('--quiet'), x = u.valToPos(m.ms / 1000, 'x', true);
        if (m.to !== undefined) {
            ctx.globalAlpha = 0.12;
            ctx.fillStyle = color;
            ctx.fillRect(x, top, u.valToPos(m.to / 1000, 'x', true) - x, height);
            ctx.globalAlpha = 1;
        }
        ctx.strokeStyle = color;
        ctx.setLineDash([3 * ratio, 3 * ratio]);
        ctx.beginPath();
        ctx.moveTo(x, top);
        ctx.lineTo(x, top + height);
        ctx.stroke();
        if (m.label) {
            const beyond = x + ctx.measureText(m.label).width + 8 * ratio > left + width;
            ctx.fillStyle = color;
            ctx.textAlign = beyond ? 'right' : 'left';
            ctx.textBaseline = 'top';
            ctx.fillText(m.label, x + (beyond ? -4 : 4) * ratio, top + 3 * ratio);
        }
    }
    ctx.restore();
}

const POWERS = Array.from({ length: 50 }, (_, i) => 2 ** i);
const WHOLE = Array.from({ length: 16 }, (_, i) => [1, 2, 5].map((n) => n * 10 ** i)).flat();
const isWhole = (v: number | null | undefined) => v === null || v === undefined || Number.isInteger(v);

/* Hours and minutes; the day where it changes. */
const whenAt = (_u: uPlot, splits: number[], _axis: number, _space: number, step: number) => splits.map((t, i) => {
    const ms = t * 1000, newDay = clock(ms) === '00:00:00' || (i > 0 && day(ms) !== day(splits[i - 1] * 1000));
    return step >= 86400 || newDay ? day(ms).slice(5) : clock(ms, step < 60);
});

const unitOf = (series: Series[], right: boolean) => series.find((s) => !!s.right === right && !s.hidden)?.unit;

function options(p: ChartProps, width: number, colors: string[], bars: uPlot.Series.PathBuilder): uPlot.Options {
    const line = css('--line'), ink = css('--ink-soft');
    const font = '11px system-ui, sans-serif';
    const sideAt = (right: boolean) => (right ? p.axes?.right : p.axes?.left);
    const unitAt = (right: boolean) => (sideAt(right)?.plain ? undefined : unitOf(p.series, right));
    const both = p.series.some((s) => s.right);
    const marked = (right: boolean) => (p.marks ?? []).filter((m) => !!(m.right && both) === right).flatMap((m) => (m.to === undefined ? [m.value] : [m.value, m.to]));
    const axis = (right: boolean): uPlot.Axis => ({
        scale: right ? 'right' : 'left', side: right ? 1 : 3, stroke: ink, font, size: 62, space: Math.max(30, (p.height ?? 220) / 10),
        grid: { show: !right, stroke: line, width: 1 }, ticks: { show: false },
        incrs: unitAt(right)?.startsWith('Bytes') ? POWERS : p.series.every((s) => !!s.right !== right || s.values.every(isWhole)) ? WHOLE : undefined, /* no half of a thing */
        values: (_u, splits) => splits.map((v) => (v === null ? '' : withUnit(v, unitAt(right)))),
    });
    const scale = (right: boolean): uPlot.Scale => ({
        range: (_u, lo, hi) => {
            const all = [lo, hi, ...marked(right)].filter((v) => v !== null && Number.isFinite(v));
            const least = Math.min(0, ...all), most = Math.max(...all, least + 1e-9);
            const low = sideAt(right)?.min ?? p.min ?? least, high = sideAt(right)?.max ?? p.max ?? (most - least < 1e-8 ? least + 1 : most + (most - least) * 0.08);
            return [low, high > low ? high : low + 1];
        },
    });
    return {
        width, height: p.height ?? 220, padding: [8, both ? 0 : 12, 0, 0],
        legend: { show: false },
        cursor: { drag: { x: !!p.zoom, y: false, setScale: false }, points: { size: 7 } },
        scales: { x: { time: true, range: p.span ? [p.span[0] / 1000, p.span[1] / 1000] : undefined }, left: scale(false), right: scale(true) },
        axes: [{ stroke: ink, font, grid: { stroke: line, width: 1 }, ticks: { show: false }, space: 64, size: 26, values: whenAt }, axis(false), ...(both ? [axis(true)] : [])],
        series: [{}, ...p.series.map((s, i): uPlot.Series => {
            const color = s.color ?? colors[i % colors.length];
            return {
                label: s.label, scale: s.right ? 'right' : 'left', show: !s.hidden, stroke: color, width: 1.75,
                fill: p.kind === 'stacked' ? color + '59' : p.kind === 'bar' ? color + 'b3' : undefined,
                paths: p.kind === 'bar' ? bars : undefined,
                points: { show: (_u, _i, from, to) => p.kind !== 'bar' && to - from < 40, size: 5, fill: color },
                spanGaps: false,
            };
        })],
        bands: p.kind === 'stacked' ? p.series.slice(1).map((_, i) => ({ series: [i + 2, i + 1] as [number, number] })) : undefined,
        hooks: {
            draw: [(u) => drawMarks(u, p.marks ?? [], p.moments ?? [])],
            setSelect: [(u) => {
                if (!p.zoom || u.select.width < 4)
                    return;
                const from = u.posToVal(u.select.left, 'x') * 1000, to = u.posToVal(u.select.left + u.select.width, 'x') * 1000;
                u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
                range.set({ from, to });
            }],
        },
    };
}

function summary(values: (number | null)[]): [number | null, number | null, number | null] {
    const there = values.filter((v): v is number => typeof v === 'number' && !Number.isNaN(v));
    return there.length ? [there[there.length - 1], Math.min(...there), Math.max(...there)] : [null, null, null];
}

export function Chart(p: ChartProps) {
    const box = useRef<HTMLDivElement>(null);
    const dark = useStore(isDark);
    const [width, setWidth] = useState(0);
    const [hidden, setHidden] = useState<Set<string>>(new Set());
    const [at, setAt] = useState<number | null>(null);
    const colors = dark ? COLORS.dark : COLORS.light;
    const series = p.series.map((s) => ({ ...s, hidden: s.hidden || hidden.has(s.label) }));
    const data = useMemo(() => {
        const values = p.kind === 'stacked' ? stack(series) : series.map((s) => s.values);
        return [p.times.map((t) => t / 1000), ...values] as uPlot.AlignedData;
    }, [p.times, p.series, p.kind, hidden]);
    useEffect(() => {
        const watch = new ResizeObserver((e) => setWidth(Math.floor(e[0].contentRect.width)));
        watch.observe(box.current!);
        return () => watch.disconnect();
    }, []);
    useEffect(() => {
        if (!width)
            return;
        let plot: uPlot | undefined, gone = false;
        drawing().then((Plot) => {
            if (gone)
                return;
            const o = options({ ...p, series }, width, colors, Plot.paths.bars!({ size: [0.7, 40, 2] }));
            o.hooks!.setCursor = [(u) => setAt(u.cursor.idx ?? null)];
            plot = new Plot(o, data, box.current!);
        }, () => { box.current!.textContent = 'The graph could not be fetched.'; });
        return () => { gone = true; plot?.destroy(); };
    }, [width, dark, data, p.marks, p.moments, p.span?.[0], p.span?.[1], p.height, p.min, p.max, p.axes]);
    const toggle = (label: string) => setHidden((h) => {
        const n = new Set(h);
        if (!n.delete(label))
            n.add(label);
        return n;
    });
    const above = (right: boolean) => (right ? p.axes?.right : p.axes?.left)?.label ?? (p.axes?.[right ? 'right' : 'left']?.plain ? '' : unitOf(p.series, right) ?? '').replace(/^None$/, '');
    return <figure class={p.legend === 'right' ? 'chart beside' : 'chart'} aria-label={p.label}>
        {p.axes && <div class="axes"><span>{above(false)}</span><span>{p.series.some((s) => s.right) ? above(true) : ''}</span></div>}
        <div ref={box} class="plot" style={{ minHeight: p.height ?? 220 }} aria-hidden="true" />
        {p.legend !== false && <figcaption>
            <span class="when">{at !== null && p.times[at] !== undefined ? stamp(p.times[at]) : ''}</span>
            <ul>{series.map((s, i) => {
                const [last, least, most] = summary(s.values);
                const now = at !== null ? s.values[at] : last;
                return <li key={s.label}><button type="button" aria-pressed={!s.hidden} onClick={() => toggle(s.label)} title={`least ${withUnit(least, s.unit)}, most ${withUnit(most, s.unit)}`}>
                    <i style={{ background: s.color ?? colors[i % colors.length] }} /><span>{s.label}</span> <b>{withUnit(now, s.unit)}</b>
                </button></li>;
            })}</ul>
        </figcaption>}
    </figure>;
}
