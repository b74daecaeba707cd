/* Logs: the groups; the streams and the events of one. */
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { call, callAll } from '../api';
import { withUnit } from '../format';
import { Button, Dialog, Facts, Field, Link, Page, Panel, SearchBox, Show, Tabs, Time } from '../ui/basic';
import { Table } from '../ui/table';
import { go, href, useData, useParam } from '../state';
import { Events } from './logs/events';
import { Insights, insightsOf } from './logs/insights';
import { logsFirst } from './first';
import type { PageDef } from './registry';

interface Group { logGroupName: string; arn: string; creationTime: number; storedBytes: number; retentionInDays?: number }
interface Stream { logStreamName: string; creationTime: number; firstEventTimestamp?: number; lastEventTimestamp?: number; lastIngestionTime?: number }

const TOKEN: [string, string] = ['nextToken', 'nextToken'];
const DAYS = [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653];
const daysText = (d?: number) => (d ? `${d} ${d === 1 ? 'day' : 'days'}` : 'Never expires');
const groups = (prefix: string, signal: AbortSignal, most = 5000) =>
    callAll<Group>(logsFirst.service, logsFirst.operation, { ...logsFirst.input, ...(prefix ? { logGroupNamePrefix: prefix } : {}) }, 'logGroups', TOKEN, most, signal);

function Retention({ group, onDone }: { group: Group; onDone: (changed: boolean) => void }) {
    const [failed, setFailed] = useState('');
    return <Dialog title="Retention" onClose={() => onDone(false)}>
        <form onSubmit={async (e) => {
            e.preventDefault();
            const days = Number(new FormData(e.currentTarget).get('days'));
            try {
                await call('logs', days ? 'PutRetentionPolicy' : 'DeleteRetentionPolicy', { logGroupName: group.logGroupName, ...(days ? { retentionInDays: days } : {}) });
                onDone(true);
            } catch (x) {
                setFailed((x as Error).message);
            }
        }}>
            <Facts of={[['Group', group.logGroupName]]} />
            <Field label="Keep events for" hint="What is older is removed for good.">
                <select name="days" defaultValue={String(group.retentionInDays ?? 0)}>{[0, ...DAYS].map((d) => <option key={d} value={d} selected={d === (group.retentionInDays ?? 0)}>{daysText(d)}</option>)}</select>
            </Field>
            {failed && <div class="box bad" role="alert">{failed}</div>}
            <Button kind="primary" type="submit">Save</Button>
        </form>
    </Dialog>;
}

function Start() {
    const [tab, setTab] = useParam('tab', 'groups');
    return tab === 'insights' ? <Page title="Logs"><Rooms tab={tab} setTab={setTab} /><Insights /></Page> : <Groups tabs={<Rooms tab={tab} setTab={setTab} />} />;
}

const Rooms = ({ tab, setTab }: { tab: string; setTab: (v: string) => void }) => <Tabs value={tab} onChange={setTab} options={[['groups', 'Groups'], ['insights', 'Insights']]} />;

function Groups({ tabs }: { tabs: ComponentChildren }) {
    const [prefix, setPrefix] = useParam('prefix');
    const found = useData((s) => groups(prefix, s), [prefix]);
    const [changing, setChanging] = useState<Group | null>(null);
    return <Page title="Logs" actions={<SearchBox label="Groups that begin with" value={prefix} onChange={setPrefix} />}>
        {tabs}
        <Panel pad={false}>
            <Show of={found}>{(rows) => <Table<Group> label="Log groups" rows={rows} empty={prefix ? 'No group begins so.' : 'There is no log group yet. A function makes its own when it first runs.'}
                id={(g) => g.logGroupName} onOpen={(g) => go(href(['logs', g.logGroupName]))} columns={[
                    { name: 'Group', show: (g) => <Link to={href(['logs', g.logGroupName])} title={g.logGroupName}>{g.logGroupName}</Link>, width: 'minmax(0, 3fr)', sort: (g) => g.logGroupName },
                    { name: 'Retention', show: (g) => <Button kind="plain" class="link" title="Change" onClick={() => setChanging(g)}>{daysText(g.retentionInDays)}</Button>, width: '8.5rem', sort: (g) => g.retentionInDays ?? 1e9 },
                    { name: 'Stored', show: (g) => withUnit(g.storedBytes, 'Bytes'), right: true, width: '6rem', sort: (g) => g.storedBytes },
                    { name: 'Made', show: (g) => <Time ms={g.creationTime} />, width: 'var(--when)', wide: true, sort: (g) => g.creationTime },
                ]} />}</Show>
        </Panel>
        {changing && <Retention group={changing} onDone={(changed) => { setChanging(null); if (changed) found.reload(); }} />}
    </Page>;
}

function Streams({ group, onOpen }: { group: string; onOpen: (stream: string) => void }) {
    const found = useData((s) => callAll<Stream>('logs', 'DescribeLogStreams', { logGroupName: group, orderBy: 'LastEventTime', descending: true }, 'logStreams', TOKEN, 5000, s), [group]);
    return <Panel pad={false}>
        <Show of={found}>{(rows) => <Table<Stream> label="Streams" rows={rows} empty="This group has no stream yet." id={(x) => x.logStreamName} onOpen={(x) => onOpen(x.logStreamName)} columns={[
            { name: 'Stream', show: (x) => x.logStreamName, width: 'minmax(0, 3fr)', sort: (x) => x.logStreamName },
            { name: 'First event', show: (x) => <Time ms={x.firstEventTimestamp} />, width: 'var(--when)', wide: true, sort: (x) => x.firstEventTimestamp ?? 0 },
            { name: 'Last event', show: (x) => <Time ms={x.lastEventTimestamp} />, width: 'var(--when)', sort: (x) => x.lastEventTimestamp ?? 0 },
        ]} />}</Show>
    </Panel>;
}

function One({ name }: { name: string }) {
    const [tab, setTab] = useParam('tab', 'events');
    const found = useData(async (s) => (await groups(name, s, 50)).find((g) => g.logGroupName === name), [name]);
    const [changing, setChanging] = useState(false);
    return <Page title={name} crumbs={[['Logs', href('logs')]]}
        actions={found.data && <><span class="soft">{withUnit(found.data.storedBytes, 'Bytes')} stored</span><Button onClick={() => go(insightsOf([name]))}>Query</Button><Button onClick={() => setChanging(true)}>Retention: {daysText(found.data.retentionInDays)}</Button></>}>
        <Tabs value={tab} onChange={setTab} options={[['events', 'Events'], ['streams', 'Streams']]} />
        {tab === 'streams' ? <Streams group={name} onOpen={(stream) => go(href(['logs', name], { stream }))} /> : <Events group={name} />}
        {changing && found.data && <Retention group={found.data} onDone={(changed) => { setChanging(false); if (changed) found.reload(); }} />}
    </Page>;
}

const Logs = ({ path }: { path: string[] }) => (path[0] ? <One name={path[0]} key={path[0]} /> : <Start />);

export const logs: PageDef = {
    path: 'logs', title: 'Logs', group: 'Watch', letter: 'l', component: Logs,
    icon: 'M3 2h10v12H3zM5.5 5.5h5M5.5 8h5M5.5 10.5h3',
    search: async (text, signal) => {
        const logGroupNamePattern = text.replace(/[^\w./#-]/g, '');
        const found = logGroupNamePattern ? await call('logs', 'DescribeLogGroups', { logGroupNamePattern, limit: 8 }, signal) : { logGroups: [] };
        return found.logGroups.map((g: Group) => ({ title: g.logGroupName, detail: 'Log group', to: href(['logs', g.logGroupName]) }));
    },
};
