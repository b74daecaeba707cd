/* Times, numbers and units for people. Times are shown in the browser's zone, with the zone in the tooltip. */

const two = (n: number) => String(n).padStart(2, '0');

export function clock(ms: number, seconds = true): string {
    const d = new Date(ms);
    return `${two(d.getHours())}:${two(d.getMinutes())}${seconds ? ':' + two(d.getSeconds()) : ''}`;
}
export function day(ms: number): string {
    const d = new Date(ms);
    return `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())}`;
}
export const stamp = (ms: number, seconds = true) => `${day(ms)} ${clock(ms, seconds)}`;
export const precise = (ms: number) => `${stamp(ms)}.${String(Math.floor(ms) % 1000).padStart(3, '0')}`;

/* What an answer's time is: seconds in JSON's protocols, ISO text elsewhere. */
export const time = (v: unknown): number | undefined =>
    (v === undefined || v === null ? undefined : typeof v === 'number' ? v * 1000 : Date.parse(String(v)));

const STEPS: [number, string][] = [[86400e3, 'd'], [3600e3, 'h'], [60e3, 'min'], [1e3, 's']];

export function duration(ms: number): string {
    if (Math.abs(ms) < 1e3)
        return `${Math.round(ms * 100) / 100} ms`;
    for (let i = 0; i < STEPS.length; i++) {
        const [size, name] = STEPS[i];
        if (Math.abs(ms) < size)
            continue;
        const whole = Math.floor(ms / size), next = STEPS[i + 1];
        if (!next)
            return `${Number((ms / size).toPrecision(3))} ${name}`;
        const rest = Math.round((ms - whole * size) / next[0]);
        return rest && whole < 10 ? `${whole} ${name} ${rest} ${next[1]}` : `${Math.round(ms / size)} ${name}`;
    }
    return `${ms} ms`;
}
export const ago = (ms: number, now: number) => (now - ms < 5e3 ? 'just now' : `${duration(Math.round((now - ms) / 1e3) * 1e3)} ago`);

function short(v: number, base: number, names: string[]): string {
    let i = 0, x = v;
    while (Math.abs(x) >= base && i < names.length - 1) {
        x /= base;
        i++;
    }
    const digits = Math.abs(x) >= 100 || Number.isInteger(x) ? 0 : Math.abs(x) >= 10 ? 1 : 2;
    return `${x.toFixed(digits).replace(/\.0+$|(\.\d*[1-9])0+$/, '$1')}${names[i]}`;
}

/* A value with CloudWatch's unit. */
export function withUnit(v: number | null | undefined, unit = ''): string {
    if (v === null || v === undefined || Number.isNaN(v))
        return '–';
    switch (unit) {
    case 'Bytes': return short(v, 1024, [' B', ' KiB', ' MiB', ' GiB', ' TiB']);
    case 'Bytes/Second': return short(v, 1024, [' B', ' KiB', ' MiB', ' GiB', ' TiB']) + '/s';
    case 'Seconds': return duration(v * 1000);
    case 'Milliseconds': return Math.abs(v) < 1000 ? `${short(v, 1e9, [''])} ms` : duration(v);
    case 'Microseconds': return duration(v / 1000);
    case 'Percent': return `${short(v, 1e9, [''])} %`;
    case 'Count/Second': return short(v, 1000, ['', 'k', 'M', 'G']) + '/s';
    default: return short(v, 1000, ['', 'k', 'M', 'G', 'T']);
    }
}
/* By hand: the first call of what the browser has for this takes it 40 ms. */
export const count = (n: number) => String(n).replace(/\B(?=(\d{3})+$)/g, ',');
