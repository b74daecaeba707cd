/* A segment or subsegment: what it says of itself, and where its log is. */
import type { ComponentChildren } from 'preact';
import { duration } from '../../format';
import { Badge, Code, Dialog, Facts, Time } from '../../ui/basic';
import { go, href, range } from '../../state';

interface Exception { type?: string; message?: string; stack?: { path?: string; line?: number; label?: string }[] }
export interface Part {
    name: string; id: string; parent_id?: string; start_time: number; end_time?: number; origin?: string; namespace?: string; user?: string;
    fault?: boolean; error?: boolean; throttle?: boolean; subsegments?: Part[];
    http?: { request?: { method?: string; url?: string; user_agent?: string; client_ip?: string }; response?: { status?: number } };
    aws?: { function_arn?: string; operation?: string; request_id?: string; table_name?: string; queue_url?: string; topic_arn?: string;
        cloudwatch_logs?: { log_group?: string }[] };
    sql?: { sanitized_query?: string }; cause?: string | { exceptions?: Exception[] };
    annotations?: Record<string, unknown>; metadata?: Record<string, unknown>;
}

export function State({ fault, error, throttle, partial }: { fault?: boolean; error?: boolean; throttle?: boolean; partial?: boolean }) {
    if (fault)
        return <Badge tone="bad">Fault</Badge>;
    if (throttle)
        return <Badge tone="warn">Throttled</Badge>;
    if (error)
        return <Badge tone="warn">Error</Badge>;
    return partial ? <Badge tone="info">Running</Badge> : <Badge tone="good">OK</Badge>;
}

/* --- logs --- */

const AROUND = 60e3, NEAR = 1e3; /* ms; what was written just before and after belongs to it */

/* The log groups that a segment names, or that its function writes to. */
export function logsOf(p: Part): string[] {
    const named = (p.aws?.cloudwatch_logs ?? []).map((l) => l.log_group).filter((g): g is string => !!g);
    const name = p.origin?.startsWith('AWS::Lambda') ? /:function:([^:]+)/.exec(p.aws?.function_arn ?? '')?.[1] ?? p.name : undefined;
    return [...new Set([...named, ...(name ? [`/aws/lambda/${name}`] : [])])];
}

/* A log at the time of a trace: the console's time range becomes that time. */
export function LogLink({ group, from, to, near, children }: { group: string; from: number; to: number; near?: boolean; children?: ComponentChildren }) {
    const at = href(['logs', group]), around = near ? NEAR : AROUND;
    return <a href={at} onClick={(e) => {
        range.set({ from: from - around, to: to + around });
        if (e.ctrlKey || e.metaKey || e.shiftKey || e.button)
            return;
        e.preventDefault();
        go(at);
    }}>{children ?? group}</a>;
}

/* --- the dialog --- */

const text = (v: unknown) => (typeof v === 'string' ? v : JSON.stringify(v));

function Exceptions({ of }: { of: Exception[] }) {
    return <>{of.map((x) => <div class="box bad">
        <strong>{x.type ?? 'Exception'}</strong><p>{x.message}</p>
        {!!x.stack?.length && <ol class="trace-stack">{x.stack.map((f) => <li><code>{f.label} {f.path}{f.line === undefined ? '' : `:${f.line}`}</code></li>)}</ol>}
    </div>)}</>;
}

export function PartDialog({ part: p, began, onClose }: { part: Part; began: number; onClose: () => void }) {
    const { subsegments, ...own } = p, end = p.end_time ?? p.start_time;
    const request = p.http?.request;
    return <Dialog title={p.name} wide onClose={onClose}><div class="trace-part">
        <Facts of={[
            ['State', <State {...p} partial={p.end_time === undefined} />],
            ['Began', <><Time ms={p.start_time * 1000} /> <small>{duration((p.start_time - began) * 1000)} into the trace</small></>],
            ['Duration', p.end_time === undefined ? 'still running' : duration((end - p.start_time) * 1000)],
            ['Kind', p.origin ?? p.namespace ?? (p.subsegments || p.parent_id ? 'local' : '')],
            ['Request', request?.url && `${request.method ?? ''} ${request.url}`], ['Answer', p.http?.response?.status],
            ['Operation', p.aws?.operation], ['Resource', p.aws?.function_arn ?? p.aws?.table_name ?? p.aws?.queue_url ?? p.aws?.topic_arn],
            ['Query', p.sql?.sanitized_query], ['User', p.user], ['Below it', subsegments?.length ? `${subsegments.length} ${subsegments.length === 1 ? 'subsegment' : 'subsegments'}` : ''],
            ['Log', logsOf(p).length > 0 && <>{logsOf(p).map((g) => <div><LogLink group={g} from={p.start_time * 1000} to={end * 1000} />
                {' '}(<LogLink group={g} from={p.start_time * 1000} to={end * 1000} near>only while it ran</LogLink>)</div>)}</>],
        ].filter(([, v]) => v !== false) as [string, ComponentChildren][]} />
        {typeof p.cause === 'object' && <Exceptions of={p.cause.exceptions ?? []} />}
        {p.annotations && <><h3>Annotations</h3><Facts of={Object.entries(p.annotations).map(([k, v]) => [k, text(v)])} /></>}
        {p.metadata && <><h3>Metadata</h3><Code text={JSON.stringify(p.metadata)} /></>}
        <h3>Document</h3>
        <Code text={JSON.stringify(own, null, 2)} />
    </div></Dialog>;
}
