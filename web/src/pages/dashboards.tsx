/* Dashboards: their list, and one drawn as CloudWatch draws it, on a grid of 24 columns. */
import { useEffect, useMemo, useState } from 'preact/hooks';
import { call, callAll, serverNow } from '../api';
import { time, withUnit } from '../format';
import { go, href, range, useData, useParam } from '../state';
import { Button, Code, Dialog, Empty, Page, Panel, SearchBox, Show, Time } from '../ui/basic';
import { drawing } from '../ui/chart';
import { Table } from '../ui/table';
import { Frame, Inside, titleOf, type Widget } from './dashboards/widget';
import type { Hit, PageDef } from './registry';
import { openingRange } from './watch/rows';
import './dashboards.css';

interface Entry { DashboardName: string; LastModified?: number; Size?: number }

const list = (signal?: AbortSignal) => callAll<Entry>('cloudwatch', 'ListDashboards', {}, 'DashboardEntries', ['NextToken', 'NextToken'], 5000, signal);

function List() {
    const [q, setQ] = useParam('q');
    const data = useData(list, []);
    return <Page title="Dashboards" actions={<SearchBox label="Search dashboards" value={q} onChange={setQ} />}>
        <Panel pad={false}>
            <Show of={data}>{(all) => <Table<Entry> label="Dashboards" rows={all.filter((d) => d.DashboardName.toLowerCase().includes(q.toLowerCase()))} id={(d) => d.DashboardName}
                empty={q ? 'No dashboard is called so.' : 'There is no dashboard yet. PutDashboard, or a stack that contains one, makes it.'} onOpen={(d) => go(href(['dashboards', d.DashboardName]))} columns={[
                    { name: 'Name', show: (d) => <a href={href(['dashboards', d.DashboardName])} onClick={(e) => { e.preventDefault(); go(href(['dashboards', d.DashboardName])); }}>{d.DashboardName}</a>, width: 'minmax(0, 3fr)', sort: (d) => d.DashboardName },
                    { name: 'Changed', show: (d) => <Time ms={time(d.LastModified)} relative />, sort: (d) => d.LastModified ?? 0 },
                    { name: 'Size', show: (d) => withUnit(d.Size, 'Bytes'), right: true, wide: true, width: '7rem', sort: (d) => d.Size ?? 0 },
                ]} />}</Show>
        </Panel>
    </Page>;
}

interface Body { widgets?: Widget[]; start?: string; end?: string; periodOverride?: string }

function Grid({ body, at, onFull }: { body: Body; at?: number; onFull: (i?: number) => void }) {
    const inherit = body.periodOverride === 'inherit';
    /* In the order of the eye, so that a narrow page and the Tab key follow it. */
    const widgets = useMemo(() => (body.widgets ?? []).map((w, i) => ({ w, i })).sort((a, b) => (a.w.y ?? 0) - (b.w.y ?? 0) || (a.w.x ?? 0) - (b.w.x ?? 0)), [body]);
    const full = at !== undefined ? body.widgets?.[at] : undefined;
    if (!widgets.length)
        return <Panel><Empty>This dashboard has no widgets.</Empty></Panel>;
    return <>
        <div class="dashboard">{widgets.map(({ w, i }) => <Frame key={i} w={w} inherit={inherit} onFull={() => onFull(i)} />)}</div>
        {full && <Dialog title={titleOf(full) || 'Widget'} wide onClose={() => onFull()}><div class={`full ${full.type}`}><Inside w={full} inherit={inherit} /></div></Dialog>}
    </>;
}

function One({ name }: { name: string }) {
    const [at, setAt] = useParam('widget');
    const [source, setSource] = useState(false);
    useEffect(() => { drawing().catch(() => {}); }, []); /* there will be graphs */
    const data = useData((s) => call<{ DashboardBody: string }>('cloudwatch', 'GetDashboard', { DashboardName: name }, s), [name]);
    const text = data.data?.DashboardBody;
    const body = useMemo((): Body | undefined => {
        try {
            return text === undefined ? undefined : JSON.parse(text);
        } catch {
            return {};
        }
    }, [text]);
    useEffect(() => {
        const opening = body && openingRange(body, serverNow());
        if (opening)
            range.set(opening);
    }, [name, body?.start, body?.end]);
    return <Page title={name} crumbs={[['Dashboards', href('dashboards')]]} actions={<Button disabled={!body} onClick={() => setSource(true)}>View as JSON</Button>}>
        <Show of={data}>{() => body && <Grid body={body} at={at === '' ? undefined : Number(at)} onFull={(i) => setAt(i === undefined ? '' : String(i))} />}</Show>
        {source && text !== undefined && <Dialog title={`${name} as JSON`} wide onClose={() => setSource(false)}>
            <Code text={text} />
            <Button onClick={() => navigator.clipboard?.writeText(text)}>Copy</Button>
        </Dialog>}
    </Page>;
}

const Dashboards = ({ path }: { path: string[] }) => (path.length ? <One key={path[0]} name={path[0]} /> : <List />);

export const dashboards: PageDef = {
    path: 'dashboards', title: 'Dashboards', group: 'Watch', letter: 'd', component: Dashboards,
    icon: 'M2 2h5v7H2z M9 2h5v4H9z M9 8h5v6H9z M2 11h5v3H2z',
    search: async (text, signal): Promise<Hit[]> => (await list(signal)).filter((d) => d.DashboardName.toLowerCase().includes(text.toLowerCase()))
        .map((d) => ({ title: d.DashboardName, detail: 'Dashboard', to: href(['dashboards', d.DashboardName]) })),
};
