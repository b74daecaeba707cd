/* The graph of services: callers at the left, whom they call to the right of them. */
import { count, duration } from '../../format';
import { Empty } from '../../ui/basic';

interface Stats { TotalCount: number; TotalResponseTime: number; ErrorStatistics: { TotalCount: number }; FaultStatistics: { TotalCount: number } }
export interface Service { ReferenceId: number; Name: string; Type?: string; Edges: { ReferenceId: number }[]; SummaryStatistics?: Stats }

const WIDE = 220, HIGH = 96, R = 20, LEFT = 110, TOP = 40;

/* How many steps a service is from whom nobody calls; circles stop growing at the number of services. */
function columns(services: Service[]): Map<number, number> {
    const at = new Map(services.map((s) => [s.ReferenceId, 0]));
    for (let turn = 0, moved = true; moved && turn < services.length; turn++) {
        moved = false;
        for (const s of services)
            for (const e of s.Edges) {
                const next = at.get(s.ReferenceId)! + 1;
                if (e.ReferenceId !== s.ReferenceId && next > at.get(e.ReferenceId)! && next < services.length) {
                    at.set(e.ReferenceId, next);
                    moved = true;
                }
            }
    }
    return at;
}

const cut = (s: string, n: number) => (s.length > n ? s.slice(0, n - 1) + '…' : s);
const tone = (s?: Stats) => (!s ? 'quiet' : s.FaultStatistics.TotalCount ? 'bad' : s.ErrorStatistics.TotalCount ? 'warn' : 'good');
const told = (s: Service) => (s.SummaryStatistics?.TotalCount
    ? `${duration((s.SummaryStatistics.TotalResponseTime / s.SummaryStatistics.TotalCount) * 1000)}, ${count(s.SummaryStatistics.TotalCount)}×` : '');

const nameOf = (s: Service) => cut(s.Type === 'client' ? 'Client' : s.Name, 28);
const lineOf = (s: Service) => (s.Type === 'client' ? '' : cut([s.Type, told(s)].filter(Boolean).join(' · ').replace(/^AWS::/, ''), 36));

/* With onOpen, a service leads to its traces. */
export function ServiceMap({ services, onOpen }: { services: Service[]; onOpen?: (s: Service) => void }) {
    if (!services.length)
        return <Empty>Nothing was traced in this time.</Empty>;
    const column = columns(services), used = [...new Set(column.values())].sort((a, b) => a - b), filled = new Map<number, number>();
    const place = new Map(services.map((s) => {
        const x = used.indexOf(column.get(s.ReferenceId)!), y = filled.get(x) ?? 0;
        filled.set(x, y + 1);
        return [s.ReferenceId, { x: LEFT + x * WIDE, y: TOP + y * HIGH }];
    }));
    const width = 2 * LEFT + (used.length - 1) * WIDE, height = Math.max(...filled.values()) * HIGH + 10;
    return <div class="service-map" tabIndex={0}>
        <svg viewBox={`0 0 ${width} ${height}`} width={width} height={height} role={onOpen ? 'group' : 'img'} aria-label={`${services.length} services and their calls`}>
            <defs><marker id="service-arrow" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0l8 4-8 4z" /></marker></defs>
            {services.flatMap((s) => s.Edges.filter((e) => place.has(e.ReferenceId) && e.ReferenceId !== s.ReferenceId).map((e) => {
                const a = place.get(s.ReferenceId)!, b = place.get(e.ReferenceId)!, way = Math.hypot(b.x - a.x, b.y - a.y) || 1, dx = ((b.x - a.x) / way) * (R + 3), dy = ((b.y - a.y) / way) * (R + 3);
                return <line key={`${s.ReferenceId}-${e.ReferenceId}`} x1={a.x + dx} y1={a.y + dy} x2={b.x - dx} y2={b.y - dy} marker-end="url(#service-arrow)" />;
            }))}
            {services.map((s) => {
                const p = place.get(s.ReferenceId)!;
                const press = onOpen && s.Type !== 'client' && {
                    role: 'link' as const, tabindex: 0, class: 'open', onClick: () => onOpen(s),
                    onKeyDown: (e: KeyboardEvent) => { if (e.key === 'Enter') onOpen(s); },
                };
                return <g key={s.ReferenceId} transform={`translate(${p.x} ${p.y})`} {...(press || {})}>
                    {!press && <title>{`${s.Name} ${s.Type ?? ''} ${told(s)}`}</title>}
                    <circle r={R} class={tone(s.SummaryStatistics)} />
                    <text y={R + 14} class="name">{nameOf(s)}</text>{' '}
                    <text y={R + 28}>{lineOf(s)}</text>
                </g>;
            })}
        </svg>
    </div>;
}
