/* A metric widget in each of its views. */
import { useMemo } from 'preact/hooks';
import { clock, stamp, withUnit } from '../../format';
import { range, spanOf, useData, useStore } from '../../state';
import { Empty, Show } from '../../ui/basic';
import { Chart, type AxisSide } from '../../ui/chart';
import { Bars, Gauge, Number as Figure, Pie, useColors, type Zone } from '../../ui/figures';
import { last, loadLines, loadNamed, type Line, type Lines } from '../watch/load';
import { alarmMark, alarmRows, expandRows, marksOf, momentsOf, nameOf, type Alarm, type Options } from '../watch/rows';
import type { Size } from './widget';

interface Loaded extends Lines { alarms: Alarm[] }

const side = (y: any): AxisSide => ({ min: typeof y?.min === 'number' ? y.min : undefined, max: typeof y?.max === 'number' ? y.max : undefined, label: y?.label || undefined, plain: y?.showUnits === false });

/* Lines of text that the legend under a graph takes. */
const legendRows = (lines: Line[], width: number) => Math.min(3, Math.ceil(lines.reduce((n, l) => n + l.label.length * 6.6 + 90, 0) / Math.max(width, 1)));

function Over({ p, d, size, title }: { p: any; d: Loaded; size: Size; title: string }) {
    const series = useMemo(() => d.lines.map((l) => ({ label: l.label, values: l.values, unit: l.unit, color: l.row.options.color, right: l.row.options.yAxis === 'right' })), [d]);
    const marks = useMemo(() => [...marksOf(p.annotations), ...d.alarms.flatMap(alarmMark)], [d]);
    const moments = useMemo(() => momentsOf(p.annotations, d.span), [d]);
    const axes = useMemo(() => ({ left: side(p.yAxis?.left), right: side(p.yAxis?.right) }), [p]);
    const where = p.legend?.position, beside = where === 'right' && size.width > 480;
    const below = where === 'hidden' || beside ? 0 : 20 + 25 * legendRows(d.lines, size.width);
    const none = d.lines.every((l) => last(l) === null);
    return <>
        {none && <p class="said">No data in this time.</p>}
        <Chart times={d.times} series={series} span={d.span} marks={marks} moments={moments} axes={axes} kind={p.stacked ? 'stacked' : 'line'}
        height={Math.max(70, size.height - below - 22 - (none || d.said.length ? 22 : 0))} legend={where === 'hidden' ? false : beside ? 'right' : true} label={title} zoom />
    </>;
}

function Values({ p, d }: { p: any; d: Loaded }) {
    const shown = p.table?.summaryColumns as string[] | undefined, layout = p.table?.layout ?? 'horizontal';
    const at = d.times.map((t, i) => [t, i] as const).filter(([, i]) => d.lines.some((l) => l.values[i] !== null && l.values[i] !== undefined)).reverse().slice(0, 60);
    const days = at.length > 1 && at[0][0] - at[at.length - 1][0] > 86400e3;
    const head = (t: number) => <span title={stamp(t)}>{days ? stamp(t, false) : clock(t, false)}</span>;
    const sums: [string, (v: number[]) => number][] = [['MIN', (v) => Math.min(...v)], ['MAX', (v) => Math.max(...v)], ['AVG', (v) => v.reduce((a, b) => a + b, 0) / v.length], ['SUM', (v) => v.reduce((a, b) => a + b, 0)]];
    const summary = sums.filter(([n]) => !shown || shown.includes(n));
    const cell = (l: Line, f: (v: number[]) => number) => {
        const v = l.values.filter((x): x is number => x !== null && x !== undefined);
        return v.length ? withUnit(f(v), l.unit) : '–';
    };
    if (!at.length)
        return <Empty>No data in this time.</Empty>;
    const over = p.table?.showTimeSeriesData !== false;
    return layout === 'vertical'
        ? <table class="grid"><thead><tr><th>Time</th>{d.lines.map((l) => <th class="right" key={l.label}>{l.label}</th>)}</tr></thead>
            <tbody>{summary.map(([n, f]) => <tr key={n} class="sum"><th>{n[0] + n.slice(1).toLowerCase()}</th>{d.lines.map((l) => <td class="right" key={l.label}>{cell(l, f)}</td>)}</tr>)}
                {over && at.map(([t, i]) => <tr key={t}><th>{head(t)}</th>{d.lines.map((l) => <td class="right" key={l.label}>{withUnit(l.values[i], l.unit)}</td>)}</tr>)}</tbody></table>
        : <table class="grid"><thead><tr><th class="first">Metric</th>{summary.map(([n]) => <th class="right" key={n}>{n[0] + n.slice(1).toLowerCase()}</th>)}{over && at.map(([t]) => <th class="right" key={t}>{head(t)}</th>)}</tr></thead>
            <tbody>{d.lines.map((l) => <tr key={l.label}><th class="first">{l.label}</th>{summary.map(([n, f]) => <td class="right sum" key={n}>{cell(l, f)}</td>)}
                {over && at.map(([t, i]) => <td class="right" key={t}>{withUnit(l.values[i], l.unit)}</td>)}</tr>)}</tbody></table>;
}

function zones(p: any, min: number, max: number): Zone[] {
    return marksOf(p.annotations).flatMap((m): Zone[] => {
        const [from, to] = m.to !== undefined ? [Math.min(m.value, m.to), Math.max(m.value, m.to)] : m.fill === 'above' ? [m.value, max] : m.fill === 'below' ? [min, m.value] : [m.value - (max - min) / 200, m.value + (max - min) / 200];
        return [{ from, to, color: m.color, label: m.label }];
    });
}

function Now({ p, d, title }: { p: any; d: Loaded; title: string }) {
    const colors = useColors();
    const parts = d.lines.map((l, i) => ({ label: l.label, value: last(l), unit: l.unit, color: l.row.options.color ?? colors[i % colors.length] }));
    if (p.view === 'pie')
        return <Pie parts={parts} label={title} legend={p.legend?.position !== 'hidden'} />;
    if (p.view === 'bar')
        return <Bars parts={parts} label={title} />;
    if (p.view === 'gauge') {
        const min = p.yAxis?.left?.min ?? 0, max = p.yAxis?.left?.max ?? 100;
        return <div class="figures">{parts.map((x) => <Gauge key={x.label} {...x} min={min} max={max} zones={zones(p, min, max)} />)}</div>;
    }
    return <div class="figures">{parts.map((x, i) => <Figure key={x.label} label={x.label} color={x.color} spark={p.sparkline ? d.lines[i].values : undefined}>
        {p.singleValueFullPrecision && x.value !== null ? String(x.value) : withUnit(x.value, x.unit)}</Figure>)}</div>;
}

export function MetricWidget({ p, size, inherit, title }: { p: any; size: Size; inherit: boolean; title: string }) {
    const r = useStore(range);
    const key = JSON.stringify(p), view = p.view ?? 'timeSeries';
    const data = useData(async (signal): Promise<Loaded> => {
        const names = (p.annotations?.alarms ?? []).filter((a: unknown) => typeof a === 'string').map(nameOf);
        const alarms = names.length ? await loadNamed(names, signal, p.region) : [];
        const own = expandRows(p.metrics), rows = own.length ? own : alarms.flatMap(alarmRows).map((x) => ({ ...x, options: { ...x.options, id: undefined } as Options }));
        const whole = !!p.setPeriodToTimeRange && view !== 'timeSeries' && view !== 'table' && !p.sparkline;
        const lines = await loadLines(rows, { span: spanOf(r), stat: p.stat, period: p.period, region: p.region, inherit, live: p.liveData, whole }, signal);
        return { ...lines, alarms };
    }, [key, r, inherit]);
    return <Show of={data}>{(d) => !d.lines.length ? <Empty>{d.said[0] ?? 'This widget names no metrics.'}</Empty> : <>
        {d.said.length > 0 && <p class="said" title={d.said.join('\n')}>{d.said[0]}</p>}
        {view === 'timeSeries' ? <Over p={p} d={d} size={size} title={title} /> : view === 'table' ? <Values p={p} d={d} /> : <Now p={p} d={d} title={title} />}
    </>}</Show>;
}
