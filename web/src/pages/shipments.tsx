/*
 * Shipments, the page of the application: which are in which status now, one shipment's timeline with the original messages, all
 * updates, and what was refused and why. It reads the application's tables; which of them are there it sees first, so that a
 * server without the application, or with one from before the states were kept, is told so in words.
 */
import { Button, Code, Panel, Page, Select, Show, Tabs } from '../ui/basic';
import { go, href, useData, useParam } from '../state';
import { find, stacks, usual, type Stacks } from './shipments/data';
import { Current, Found, Refused, Updates } from './shipments/lists';
import { Timeline } from './shipments/one';
import { toShipment } from './shipments/parts';
import type { PageDef } from './registry';
import './shipments.css';

const DEPLOY = 'waybill deploy apps/shipments/template.yaml --stack shipments --code build/apps/shipments';

function Find({ suffix, text }: { suffix: string; text: string }) {
    return <form class="find" role="search" onSubmit={(e) => {
        e.preventDefault();
        const sought = String(new FormData(e.currentTarget).get('sought')).trim();
        go(href('shipments', { find: sought, suffix: suffix === 'dev' ? '' : suffix }));
    }}>
        <input name="sought" type="search" aria-label="Shipment or tracking number" placeholder="Shipment or tracking number" defaultValue={text} spellcheck={false} />
        <Button type="submit" kind="primary">Find</Button>
    </form>;
}

function NoApplication({ suffix, other }: { suffix: string; other: string[] }) {
    return <Panel title="The shipment application is not set up here">
        {other.length > 0 ? <p>There is none with the suffix {suffix}; there is {other.join(', ')}.</p> : <>
            <p>This region has no table of it. <code>./run</code> sets it up and replays a day of shipments, or this command sets it up alone:</p>
            <Code text={DEPLOY} /></>}
    </Panel>;
}

const NoStates = () => <Panel title="This stack keeps no current states yet">
    <p>It was set up by an older version. Its timelines, updates and refusals are all here; for the states deploy the new template, and make them from the log:</p>
    <Code text={`${DEPLOY}\nwaybill shipments rebuild`} />
</Panel>;

function Body({ path, all, suffix }: { path: string[]; all: Stacks | null; suffix: string }) {
    const [sought] = useParam('find');
    const [tab, setTab] = useParam('tab', 'current');
    const has = all?.get(suffix);
    if (all && !has?.has('logs'))
        return <NoApplication suffix={suffix} other={[...all.keys()].filter((s) => all.get(s)!.has('logs'))} />;
    const keepsState = !has || has.has('state');
    if (path[0])
        return <Timeline id={path[0]} suffix={suffix} keepsState={keepsState} />;
    if (sought)
        return <Found text={sought} suffix={suffix} has={has} />;
    return <>
        <Tabs value={tab} onChange={setTab} options={[['current', 'Shipments'], ['updates', 'Updates'], ['refused', 'Refused']]} />
        {tab === 'refused' ? <Refused suffix={suffix} /> : tab === 'updates' ? <Updates suffix={suffix} /> : keepsState ? <Current suffix={suffix} /> : <NoStates />}
    </>;
}

function Shipments({ path }: { path: string[] }) {
    const known = useData(stacks, [], { still: true });
    const [named, setSuffix] = useParam('suffix');
    const [sought] = useParam('find');
    const suffix = named || usual(known.data ?? null);
    const several = [...known.data?.keys() ?? []].sort();
    return <Page title={path[0] ?? 'Shipments'} crumbs={path[0] || sought ? [['Shipments', href('shipments', suffix === 'dev' ? {} : { suffix })]] : []} actions={<>
        <Find key={`${path[0]} ${sought} ${suffix}`} suffix={suffix} text={path[0] ?? sought} />
        {several.length > 1 && <Select label="Suffix of the tables" value={suffix} onChange={setSuffix} options={several.map((s): [string, string] => [s, s])} />}
    </>}>
        <Show of={known}>{(all) => <Body path={path} all={all} suffix={suffix} />}</Show>
    </Page>;
}

export const shipments: PageDef = {
    path: 'shipments', title: 'Shipments', group: 'Application', letter: 's', component: Shipments,
    icon: 'M1.5 4.5h8v7h-8zM9.5 7h3l2 2.5v2h-5M4 13.5h.01M11.5 13.5h.01',
    search: async (text, signal) => {
        const all = await stacks(signal), suffix = usual(all), has = all?.get(suffix);
        if (all && !has?.has('logs'))
            return [];
        return (await find(suffix, has, text, signal)).map((i) => ({
            title: i.shipmentId, to: toShipment(i.shipmentId, suffix),
            detail: ['Shipment', i.status, i.trackingNumber].filter(Boolean).join(', '),
        }));
    },
};
