/* Work: what is queued, what was tried again, what is dead, and what to do about it. Only the account's root may see it. */
import { useState } from 'preact/hooks';
import { call, callAll } from '../api';
import { count, duration, time } from '../format';
import { Badge, Button, Code, Dialog, Facts, Page, Panel, Show, Time } from '../ui/basic';
import { Table } from '../ui/table';
import { useData } from '../state';
import type { PageDef } from './registry';

interface Queue { Target: string; Count: number; Failed: number; OldestMs: number }
interface Job { Name: string; Kind?: string; Done: number; Total: number; Failure?: string; Failed?: string }

/* Of an ARN what people look for: the name, and what it is. */
function Target({ of }: { of: string }) {
    const arn = /^arn:[^:]*:([^:]*):[^:]*:[^:]*:(?:([^:/]*)[:/])?(.*)$/s.exec(of);
    return <span title={of}>{arn ? <>{arn[3]} <small>{[arn[1], arn[2]].filter(Boolean).join(' ')}</small></> : of}</span>;
}

function Work() {
    const status = useData((s) => call('waybill', 'Status', {}, s), []);
    const dead = useData((s) => callAll<any>('waybill', 'ListDead', {}, 'Items', ['NextToken', 'NextToken'], 5000, s), []);
    const [open, setOpen] = useState<any>(null);
    const [said, setSaid] = useState('');
    const act = async (operation: string, id: unknown, done: string) => {
        try {
            await call('waybill', operation, { Id: id });
            setSaid(done);
            setOpen(null);
        } catch (e) {
            setSaid((e as Error).message);
        }
        dead.reload();
        status.reload();
    };
    return <Page title="Work">
        <p class="lead">Everything that has to happen later waits here as a row: deliveries, retries, mails.</p>
        {said && <div class="box info" role="status">{said}</div>}
        <Show of={status}>{(s) => <div class="columns">
            <Panel title="Queues" pad={false}>
                <Table<Queue> label="Queues" rows={s.Queues ?? []} empty="Nothing waits." height={300} columns={[
                    { name: 'Target', show: (q) => <Target of={q.Target} />, sort: (q) => q.Target },
                    { name: 'Waiting', show: (q) => count(q.Count), right: true, width: '4.5rem', sort: (q) => q.Count },
                    { name: 'Failed before', show: (q) => (q.Failed ? <Badge tone="warn">{count(q.Failed)}</Badge> : '0'), right: true, wide: true, width: '6.5rem', sort: (q) => q.Failed },
                    { name: 'Oldest', show: (q) => duration(Math.round(q.OldestMs / 1e3) * 1e3), right: true, width: '6.5rem', sort: (q) => q.OldestMs },
                ]} />
            </Panel>
            <Panel title="Jobs" pad={false}>
                <Table<Job> label="Jobs" rows={s.Jobs ?? []} empty="No job runs." height={300} columns={[
                    { name: 'Job', show: (j) => j.Name, width: 'minmax(0, 2fr)' },
                    { name: 'Progress', show: (j) => (j.Failed || j.Failure ? <Badge tone="bad">{j.Failed ?? j.Failure}</Badge> : j.Total ? `${count(j.Done)} of ${count(j.Total)}` : count(j.Done)), right: true },
                ]} />
            </Panel>
        </div>}</Show>
        <Panel title="Dead" pad={false}>
            <Show of={dead}>{(rows) => <Table<any> label="Dead rows" rows={rows} empty="Nothing has died in the last 14 days." onOpen={(d) => call('waybill', 'GetDead', { Id: d.Id }).then(setOpen, (e) => setSaid(e.message))} id={(d) => String(d.Id)} columns={[
                { name: 'Died', show: (d) => <Time ms={time(d.DiedAt)} />, width: 'var(--when)', sort: (d) => time(d.DiedAt) ?? 0 },
                { name: 'Target', show: (d) => <Target of={d.Target} />, width: 'minmax(0, 2fr)', sort: (d) => d.Target },
                { name: 'Reason', show: (d) => <Badge tone="bad">{d.Code ?? d.Reason}</Badge>, width: 'minmax(0, 1.2fr)', sort: (d) => d.Code ?? d.Reason ?? '' },
                { name: 'Attempts', show: (d) => d.Attempts, right: true, width: '6rem', wide: true, sort: (d) => d.Attempts },
            ]} />}</Show>
        </Panel>
        {open && <Dialog title={`Dead row ${open.Id}`} wide onClose={() => setOpen(null)}>
            <Facts of={[['Target', open.Target], ['Died', <Time ms={time(open.DiedAt)} />], ['Reason', open.Reason], ['Code', open.Code], ['Message', open.Message], ['Attempts', open.Attempts]]} />
            {open.Payload !== undefined && <Code text={open.Payload} />}
            <div class="actions">
                <Button kind="primary" onClick={() => act('RetryDead', open.Id, `Row ${open.Id} is queued again.`)}>Try again</Button>
                <Button kind="danger" onClick={() => act('DiscardDead', open.Id, `Row ${open.Id} is discarded.`)}>Discard</Button>
            </div>
        </Dialog>}
    </Page>;
}

export const work: PageDef = {
    path: 'work', title: 'Work', group: 'Operate', letter: 'w', component: Work,
    icon: 'M2 4h8M2 8h12M2 12h6',
};
