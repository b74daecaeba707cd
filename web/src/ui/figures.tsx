/* Small drawings that are not graphs over time: pie, gauge, bars and the line beside a number. Each tells its numbers as text too. */
import type { ComponentChildren } from 'preact';
import { withUnit } from '../format';
import { isDark, useStore } from '../state';
import { COLORS } from './chart';
import './figures.css';

export interface Part { label: string; value: number | null; unit?: string; color?: string }

export function useColors(): string[] {
    return useStore(isDark) ? COLORS.dark : COLORS.light;
}

const at = (angle: number, r: number) => `${(50 + r * Math.sin(angle)).toFixed(2)} ${(50 - r * Math.cos(angle)).toFixed(2)}`;

/* A piece of a ring; angles from the top, clockwise. */
function ring(from: number, to: number, outer: number, inner: number): string {
    const end = Math.min(to, from + 2 * Math.PI - 1e-4), large = end - from > Math.PI ? 1 : 0;
    return `M${at(from, outer)}A${outer} ${outer} 0 ${large} 1 ${at(end, outer)}L${at(end, inner)}A${inner} ${inner} 0 ${large} 0 ${at(from, inner)}Z`;
}

export function Pie({ parts, label, legend = true }: { parts: Part[]; label: string; legend?: boolean }) {
    const colors = useColors();
    const sum = parts.reduce((s, p) => s + Math.max(0, p.value ?? 0), 0);
    let angle = 0;
    return <div class="pie" role="group" aria-label={label}>
        <svg viewBox="0 0 100 100" aria-hidden="true">
            {sum === 0 && <path d={ring(0, 2 * Math.PI, 48, 28)} fill="var(--line)" />}
            {parts.map((p, i) => {
                const from = angle;
                angle += sum ? (Math.max(0, p.value ?? 0) / sum) * 2 * Math.PI : 0;
                return angle > from && <path key={i} d={ring(from, angle, 48, 28)} fill={p.color ?? colors[i % colors.length]} stroke="var(--paper)" stroke-width=".8"><title>{p.label}</title></path>;
            })}
        </svg>
        {legend && <ul>{parts.map((p, i) => <li key={i}><i style={{ background: p.color ?? colors[i % colors.length] }} /><span>{p.label}</span> <b>{withUnit(p.value, p.unit)}</b>
            <small>{sum ? `${((Math.max(0, p.value ?? 0) / sum) * 100).toFixed(1)} %` : ''}</small></li>)}</ul>}
    </div>;
}

export interface Zone { from: number; to: number; color?: string; label?: string }

export function Gauge({ label, value, unit, min, max, zones = [], color }: { label: string; value: number | null; unit?: string; min: number; max: number; zones?: Zone[]; color?: string }) {
    const angle = (v: number) => (Math.min(1, Math.max(0, (v - min) / (max - min || 1))) - 0.5) * 1.4 * Math.PI;
    return <div class="gauge">
        <svg viewBox="0 0 100 89" role="img" aria-label={`${label}: ${withUnit(value, unit)} of ${withUnit(min, unit)} to ${withUnit(max, unit)}`}>
            <path d={ring(angle(min), angle(max), 46, 36)} fill="var(--line)" />
            {value !== null && value > min && <path d={ring(angle(min), angle(value), 46, 36)} fill={color ?? 'var(--accent)'} />}
            {zones.map((z, i) => <path key={i} d={ring(angle(z.from), angle(z.to), 34, 31)} fill={z.color ?? 'var(--bad)'}><title>{z.label}</title></path>)}
            <text x="50" y="52" text-anchor="middle" class="value">{withUnit(value, unit)}</text>
            <text x="16" y="87" text-anchor="middle" class="end">{withUnit(min, unit)}</text>
            <text x="84" y="87" text-anchor="middle" class="end">{withUnit(max, unit)}</text>
        </svg>
        <span class="name">{label}</span>
    </div>;
}

/* One bar for each part, as long as its value. */
export function Bars({ parts, label }: { parts: Part[]; label: string }) {
    const colors = useColors();
    const most = Math.max(...parts.map((p) => p.value ?? 0), 1e-9);
    return <ul class="bars" aria-label={label}>{parts.map((p, i) => <li key={i}>
        <span>{p.label}</span><b>{withUnit(p.value, p.unit)}</b>
        <i><i style={{ width: `${Math.max(0, ((p.value ?? 0) / most) * 100)}%`, background: p.color ?? colors[i % colors.length] }} /></i>
    </li>)}</ul>;
}

export function Spark({ values, color }: { values: (number | null)[]; color: string }) {
    const there = values.map((v, i) => [i, v] as const).filter((x): x is [number, number] => x[1] !== null && x[1] !== undefined);
    if (there.length < 2)
        return null;
    const low = Math.min(...there.map((x) => x[1])), high = Math.max(...there.map((x) => x[1]));
    const points = there.map(([i, v]) => `${((i / (values.length - 1)) * 100).toFixed(2)},${(high > low ? 29 - ((v - low) / (high - low)) * 28 : 15).toFixed(2)}`).join(' ');
    return <svg class="spark" viewBox="0 0 100 30" preserveAspectRatio="none" aria-hidden="true"><polyline points={points} fill="none" stroke={color} stroke-width="1.5" vector-effect="non-scaling-stroke" /></svg>;
}

export const Number = ({ label, children, color, spark }: { label: string; children: ComponentChildren; color: string; spark?: (number | null)[] }) =>
    <div class="number"><strong>{children}</strong><span><i style={{ background: color }} />{label}</span>{spark && <Spark values={spark} color={color} />}</div>;
