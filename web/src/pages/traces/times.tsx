/* How long traces took to answer, as a distribution; a bar is a button that narrows the filter to it. */
import { count, duration } from '../../format';

const STEPS = [1, 2, 5];

/* Edges 1, 2, 5, 10, 20, ... (ms) around all values; below the first lies what is faster. */
function edges(least: number, most: number): number[] {
    const all: number[] = [];
    for (let power = Math.floor(Math.log10(Math.max(least, 0.01))); all.length < 40; power++)
        for (const s of STEPS) {
            const edge = s * 10 ** power;
            if (all.length && all[all.length - 1] > most)
                return all;
            if (edge * 2.5 > least)
                all.push(edge);
        }
    return all;
}

const quantile = (sorted: number[], q: number) => sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))];

export function Times({ ms, onPick }: { ms: number[]; onPick: (from: number, to: number) => void }) {
    if (ms.length < 2)
        return null;
    const sorted = [...ms].sort((a, b) => a - b), edge = edges(sorted[0], sorted[sorted.length - 1]);
    const bars = edge.slice(0, -1).map((from, i) => ({ from: i ? from : 0, to: edge[i + 1], n: 0 }));
    for (const v of sorted)
        (bars.find((b) => v < b.to) ?? bars[bars.length - 1]).n++;
    const most = Math.max(...bars.map((b) => b.n));
    return <div class="times">
        <div class="times-bars">{bars.map((b) => <button type="button" key={b.from} disabled={!b.n} onClick={() => onPick(b.from, b.to)}
            aria-label={`${count(b.n)} traces answered in ${duration(b.from)} to ${duration(b.to)}`} title={`${duration(b.from)} to ${duration(b.to)}: ${count(b.n)}`}>
            <span class="bar" aria-hidden="true"><i style={{ height: `${(b.n / most) * 100}%` }} /></span><small aria-hidden="true">{duration(b.to)}</small>
        </button>)}</div>
        <dl class="times-facts">{([['Half within', 0.5], ['95 % within', 0.95], ['99 % within', 0.99]] as [string, number][]).map(([name, q]) =>
            <div key={name}><dt>{name}</dt><dd>{duration(quantile(sorted, q))}</dd></div>)}</dl>
    </div>;
}
