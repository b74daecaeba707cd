/*
 * Shipments, the page of the application: which are in which status now, one shipment's timeline with the original messages, all
 * updates, and what was refused and why. It reads the application's tables, and lists a moment later which of them are there,
 * so that a server without the application, or with one from before the states were kept, is told so in words.
 */
import { Button, Code, Panel, Page, Select, Tabs } from '../ui/basic';
import { go, useData, useParam } from '../state';
import { find, keeps, stackOf, stacks, type Stack } from './shipments/data';
import { Current, DEPLOY, Found, Refused, Updates } from './shipments/lists';
import { Timeline } from './shipments/one';
import { toList, toShipment } from './shipments/parts';
import type { PageDef } from './registry';
import './shipments.css';

function Find({ suffix, text }: { suffix: string; text: string }) {
    return <form class="find" role="search" onSubmit={(e) => {
        e.preventDefault();
        go(toList(suffix, { find: String(new FormData(e.currentTarget).get('sought')).trim() }));
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

function Body({ path, stack, other }: { path: string[]; stack: Stack; other: string[] }) {
    const [sought] = useParam('find');
    const [tab, setTab] = useParam('tab', 'current');
    if (!keeps(stack, 'logs'))
        return <NoApplication suffix={stack.suffix} other={other} />;
    if (path[0])
        return <Timeline id={path[0]} stack={stack} />;
    if (sought)
        return <Found text={sought} stack={stack} />;
    return <>
        <Tabs value={tab} onChange={setTab} options={[['current', 'Shipments'], ['updates', 'Updates'], ['refused', 'Refused']]} />
        {tab === 'refused' ? <Refused stack={stack} /> : tab === 'updates' ? <Updates stack={stack} /> : <Current stack={stack} />}
    </>;
}

function Shipments({ path }: { path: string[] }) {
    const known = useData(stacks, [], { still: true, late: true });
    const [named, setSuffix] = useParam('suffix');
    const [sought] = useParam('find');
    const stack = stackOf(known.error ? null : known.data, named), { suffix } = stack;
    const several = [...known.data?.keys() ?? []].sort();
    return <Page title={path[0] ?? 'Shipments'} crumbs={path[0] || sought ? [['Shipments', toList(suffix)]] : []} actions={<>
        <Find key={`${path[0]} ${sought} ${suffix}`} suffix={suffix} text={path[0] ?? sought} />
        {several.length > 1 && <Select label="Suffix of the tables" value={suffix} onChange={setSuffix} options={several.map((s): [string, string] => [s, s])} />}
    </>}>
        <Body path={path} stack={stack} other={several.filter((s) => known.data!.get(s)!.has('logs'))} />
    </Page>;
}

export const shipments: PageDef = {
    path: 'shipments', title: 'Shipments', group: 'Application', letter: 's', component: Shipments,
    icon: 'M1.5 4.5h8v7h-8zM9.5 7h3l2 2.5v2h-5M4 13.5h.01M11.5 13.5h.01',
    search: async (text, signal) => {
        const stack = stackOf(await stacks(signal), '');
        if (!keeps(stack, 'logs'))
            return [];
        return (await find(stack, text, signal)).map((i) => ({
            title: i.shipmentId, to: toShipment(i.shipmentId, stack.suffix),
            detail: ['Shipment', i.status, i.trackingNumber].filter(Boolean).join(', '),
        }));
    },
};
