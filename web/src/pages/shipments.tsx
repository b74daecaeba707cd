/*
 * Shipments, the page of the application: one shipment's timeline with the original messages, the updates by status, and what
 * was refused and why. It reads the application's tables: KIND-REGION-SUFFIX, as `waybill setup` names them.
 */
import { useState } from 'preact/hooks';
import { ApiError, call, ownRegion } from '../api';
import { count } from '../format';
import { Badge, Button, Code, Dialog, Empty, Facts, Link, Page, Panel, Select, Show, Tabs, Time, type Tone } from '../ui/basic';
import { Table } from '../ui/table';
import { go, href, useData, useParam } from '../state';
import type { PageDef } from './registry';
import './shipments.css';

type Item = Record<string, string>;

const STATUSES = ['CREATED', 'PICKED_UP', 'IN_TRANSIT', 'ARRIVED_AT_FACILITY', 'OUT_FOR_DELIVERY', 'DELIVERED', 'DELAYED', 'EXCEPTION', 'RETURNED', 'CANCELLED', 'UNKNOWN'];
const TONES: Record<string, Tone> = { DELIVERED: 'good', DELAYED: 'warn', EXCEPTION: 'bad', RETURNED: 'bad', CANCELLED: 'bad' };
const REASONS: [string, string][] = [['MISSING_SHIPMENT_ID', 'no shipment id'], ['BAD_SHIPMENT_ID', 'the id is no text of 1 to 1,024 bytes'], ['BAD_TIMESTAMP', 'no date and time'], ['BAD_STATUS', 'the status is no text'],
    ['BAD_FIELD', 'another field is no text'], ['NOT_AN_OBJECT', 'the detail is no object'], ['TOO_LARGE', 'over 350 KB']];
const SHOWN = 200, TIMELINE_MAX = 5000;

const table = (kind: string, suffix: string) => `shipment-${kind}-${ownRegion()}-${suffix}`;
const plain = (item: any): Item => Object.fromEntries(Object.entries<any>(item).map(([k, v]) => [k, String(Object.values(v)[0])]));
/* Two updates at one instant: the key of the second has a mark behind the time. */
const instant = (key?: string) => (key ? Date.parse(key.split('#')[0]) : undefined);

/* Items under one key of a table or index, at most `most`. */
async function query(input: object, name: string, value: string, most: number, newestFirst: boolean, signal: AbortSignal): Promise<{ items: Item[]; more: boolean }> {
    const items: Item[] = [];
    let start: unknown;
    do {
        const r: any = await call('dynamodb', 'Query', {
            ...input, KeyConditionExpression: '#k = :v', ExpressionAttributeNames: { '#k': name }, ExpressionAttributeValues: { ':v': { S: value } },
            ScanIndexForward: !newestFirst, Limit: most - items.length, ...(start ? { ExclusiveStartKey: start } : {}),
        }, signal);
        items.push(...r.Items.map(plain));
        start = r.LastEvaluatedKey;
    } while (start && items.length < most);
    return { items, more: !!start };
}

async function countOf(input: object, name: string, value: string, signal: AbortSignal): Promise<number> {
    let n = 0, start: unknown;
    do {
        const r: any = await call('dynamodb', 'Query', {
            ...input, Select: 'COUNT', KeyConditionExpression: '#k = :v', ExpressionAttributeNames: { '#k': name }, ExpressionAttributeValues: { ':v': { S: value } },
            ...(start ? { ExclusiveStartKey: start } : {}),
        }, signal);
        n += r.Count;
        start = r.LastEvaluatedKey;
    } while (start);
    return n;
}

/* Without the tables there is no application: said in its own words. */
async function known<T>(load: Promise<T>): Promise<T> {
    try {
        return await load;
    } catch (e) {
        throw e instanceof ApiError && e.code === 'ResourceNotFoundException' ? new ApiError('No tables', 'The shipment application is not set up here under this suffix. Make it with "waybill setup".', e.status) : e;
    }
}

const Status = ({ of }: { of?: string }) => <Badge tone={TONES[of ?? ''] ?? 'info'}>{of ?? '–'}</Badge>;

function Original({ item, onClose }: { item: Item; onClose: () => void }) {
    return <Dialog title="Original message" wide onClose={onClose}>
        <Facts of={[['Shipment', item.shipmentId], ['Event', item.eventId], ['Type', item.eventType], ['Refused because', item.what], ['Received', item.processedAt || item.recordedAt ? <Time ms={Date.parse(item.processedAt ?? item.recordedAt)} /> : undefined]]} />
        <Code text={item.rawEvent ?? item.original ?? ''} />
    </Dialog>;
}

function Find({ suffix, setSuffix, id = '' }: { suffix: string; setSuffix: (s: string) => void; id?: string }) {
    return <form class="find" role="search" onSubmit={(e) => {
        e.preventDefault();
        const f = new FormData(e.currentTarget), to = String(f.get('id')).trim(), at = String(f.get('suffix')).trim() || 'dev';
        if (to)
            go(href(['shipments', to], at === 'dev' ? {} : { suffix: at }));
        else
            setSuffix(at);
    }}>
        <input name="id" type="search" aria-label="Shipment id" placeholder="Shipment id" defaultValue={id} spellcheck={false} />
        <input name="suffix" aria-label="Suffix of the tables" title="Suffix of the tables" defaultValue={suffix} pattern="[A-Za-z0-9._\-]+" spellcheck={false} />
        <Button type="submit" kind="primary">Find</Button>
    </form>;
}

/* --- one shipment --- */

function Timeline({ id, suffix }: { id: string; suffix: string }) {
    const [open, setOpen] = useState<Item | null>(null);
    const found = useData((s) => known(query({ TableName: table('logs', suffix) }, 'shipmentId', id, TIMELINE_MAX, false, s)), [id, suffix]);
    return <>
        <Show of={found}>{({ items, more }) => {
            const last = items[items.length - 1];
            if (!last)
                return <Panel><Empty>No update of a shipment called {id} was stored.</Empty></Panel>;
            const latest = (name: string) => items.reduce((v, i) => i[name] || v, '');
            return <>
                <Panel><Facts of={[['Latest status', <Status of={last.status} />], ['At', <Time ms={instant(last.timestamp)} />], ['Place', latest('location')], ['Carrier', latest('carrier')],
                    ['Tracking number', latest('trackingNumber')], ['Expected', latest('eta')], ['Updates', `${count(items.length)}${more ? ' and more' : ''}`]]} /></Panel>
                <Panel title="Timeline"><ol class="timeline">{items.map((i) => <li key={i.timestamp} class={i === last ? 'last' : ''}>
                    <div><Time ms={instant(i.timestamp)} />{i.tzSource && <small>no zone given, taken as UTC</small>}</div>
                    <div><Status of={i.status} /></div>
                    <div>{i.location}{i.delayReason && <small>{i.delayReason}{i.eta && `, now expected ${i.eta}`}</small>}</div>
                    <Button kind="plain" class="link" onClick={() => setOpen(i)}>Original</Button>
                </li>)}</ol></Panel>
            </>;
        }}</Show>
        {open && <Original item={open} onClose={() => setOpen(null)} />}
    </>;
}

/* --- all of them --- */

const newestFirst = (name: string) => (a: Item, b: Item) => (a[name] < b[name] ? 1 : a[name] > b[name] ? -1 : 0);
const toShipment = (i: Item, suffix: string) => href(['shipments', i.shipmentId], suffix === 'dev' ? {} : { suffix });

function Updates({ suffix }: { suffix: string }) {
    const [status, setStatus] = useParam('status');
    const found = useData(async (s) => {
        const index = { TableName: table('logs', suffix), IndexName: 'StatusIndex' };
        const parts = await known(Promise.all((status ? [status] : STATUSES).map((one) => query(index, 'status', one, SHOWN, true, s))));
        const items = parts.flatMap((p) => p.items).sort(newestFirst('timestamp'));
        return { items: items.slice(0, SHOWN), more: items.length > SHOWN || parts.some((p) => p.more) };
    }, [suffix, status]);
    return <Panel pad={false} title={found.data?.more ? `The ${SHOWN} newest updates` : 'Updates'}
        actions={<Select label="Status" value={status} onChange={setStatus} options={[['', 'Every known status'], ...STATUSES.map((s): [string, string] => [s, s])]} />}>
        <Show of={found} lines={8}>{({ items }) => <Table<Item> label="Updates" rows={items} empty="No update has this status." id={(i) => i.eventId} onOpen={(i) => go(toShipment(i, suffix))} columns={[
            { name: 'Time', show: (i) => <Time ms={instant(i.timestamp)} />, width: 'var(--when)', sort: (i) => i.timestamp },
            { name: 'Shipment', show: (i) => <Link to={toShipment(i, suffix)} title={i.shipmentId}>{i.shipmentId}</Link>, sort: (i) => i.shipmentId },
            { name: 'Status', show: (i) => <Status of={i.status} />, width: 'minmax(0, 1.2fr)', sort: (i) => i.status },
            { name: 'Place', show: (i) => <span title={i.location}>{i.location}</span>, wide: true, sort: (i) => i.location ?? '' },
            { name: 'Carrier', show: (i) => i.carrier, wide: true, width: '7rem', sort: (i) => i.carrier ?? '' },
        ]} />}</Show>
    </Panel>;
}

function Refused({ suffix }: { suffix: string }) {
    const [reason, setReason] = useParam('reason');
    const [open, setOpen] = useState<Item | null>(null);
    const index = { TableName: table('outcomes', suffix), IndexName: 'ReasonIndex' };
    const counts = useData((s) => known(Promise.all(REASONS.map(([r]) => countOf(index, 'reason', r, s)))), [suffix]);
    const found = useData(async (s) => {
        const parts = await known(Promise.all((reason ? [reason] : REASONS.map(([r]) => r)).map((one) => query(index, 'reason', one, SHOWN, true, s))));
        return parts.flatMap((p) => p.items).sort(newestFirst('eventTime')).slice(0, SHOWN);
    }, [suffix, reason]);
    const name = (r: string, n: number): [string, string] => [r, counts.data ? `${r} (${count(counts.data[n])})` : r];
    return <>
        <Panel pad={false} title={counts.data ? `${count(counts.data.reduce((a, b) => a + b, 0))} refused` : 'Refused'}
            actions={<Select label="Reason" value={reason} onChange={setReason} options={[['', 'Every reason'], ...REASONS.map(([r], n) => name(r, n))]} />}>
            <Show of={found} lines={8}>{(items) => <Table<Item> label="Refused updates" rows={items} empty={reason ? 'Nothing was refused for this reason.' : 'Nothing was refused.'} id={(i) => i.eventId} onOpen={setOpen} columns={[
                { name: 'Time', show: (i) => <Time ms={instant(i.eventTime)} />, width: 'var(--when)', sort: (i) => i.eventTime },
                { name: 'Reason', show: (i) => <Button kind="plain" class="link" title={REASONS.find(([r]) => r === i.reason)?.[1]} onClick={() => setOpen(i)}>{i.reason}</Button>, sort: (i) => i.reason },
                { name: 'What', show: (i) => <span title={i.what}>{i.what}</span>, width: 'minmax(0, 2fr)', wide: true },
                { name: 'Shipment', show: (i) => (i.shipmentId ? <Link to={toShipment(i, suffix)}>{i.shipmentId}</Link> : '–'), wide: true, width: '9rem', sort: (i) => i.shipmentId ?? '' },
            ]} />}</Show>
        </Panel>
        {open && <Original item={open} onClose={() => setOpen(null)} />}
    </>;
}

function Shipments({ path }: { path: string[] }) {
    const [suffix, setSuffix] = useParam('suffix', 'dev');
    const [tab, setTab] = useParam('tab', 'updates');
    const find = <Find key={`${path[0]} ${suffix}`} suffix={suffix} setSuffix={setSuffix} id={path[0]} />;
    if (path[0])
        return <Page title={path[0]} crumbs={[['Shipments', href('shipments', suffix === 'dev' ? {} : { suffix })]]} actions={find}><Timeline id={path[0]} suffix={suffix} /></Page>;
    return <Page title="Shipments" actions={find}>
        <Tabs value={tab} onChange={setTab} options={[['updates', 'Updates'], ['refused', 'Refused']]} />
        {tab === 'refused' ? <Refused suffix={suffix} /> : <Updates suffix={suffix} />}
    </Page>;
}

export const shipments: PageDef = {
    path: 'shipments', title: 'Shipments', group: 'Application', letter: 's', component: Shipments,
    icon: 'M1.5 4.5h8v7h-8zM9.5 7h3l2 2.5v2h-5M4 13.5h.01M11.5 13.5h.01',
    search: async (text, signal) => (await query({ TableName: table('logs', 'dev') }, 'shipmentId', text, 1, true, signal)).items
        .map((i) => ({ title: i.shipmentId, detail: `Shipment, ${i.status}`, to: toShipment(i, 'dev') })),
};
