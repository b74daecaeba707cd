/* The lists: shipments by current status, all updates, what was refused, and what a search found. */
import { useEffect, useState } from 'preact/hooks';
import { count } from '../../format';
import { Button, Code, Empty, Link, Panel, Select, Time } from '../../ui/basic';
import { Table, type Column } from '../../ui/table';
import { go, useData, useParam } from '../../state';
import { SHIPMENTS_PAGE } from '../first';
import { countOf, find, instant, keeps, newest, page, query, STATUSES, table, type Cursor, type Item, type Stack } from './data';
import { Original, ShowOf, State, Status, toShipment } from './parts';

const UPDATES = 200; /* shown */
const LOGGED = [...STATUSES.slice(0, 3), 'ARRIVED_AT_FACILITY', ...STATUSES.slice(3)];
const REASONS: [string, string][] = [['MISSING_SHIPMENT_ID', 'no shipment id'], ['BAD_SHIPMENT_ID', 'the id is no text of 1 to 1,024 bytes'], ['BAD_TIMESTAMP', 'no date and time'], ['BAD_STATUS', 'the status is no text'],
    ['BAD_FIELD', 'another field is not of its type'], ['NOT_AN_OBJECT', 'the detail is no object'], ['TOO_LARGE', 'over 350 KB']];

const shipmentColumns = (suffix: string): Column<Item>[] => [
    { name: 'Last update', show: (i) => <Time ms={instant(i.lastEventAt)} />, width: 'var(--when)', wide: true },
    { name: 'Shipment', show: (i) => <Link to={toShipment(i.shipmentId, suffix)} title={i.shipmentId}>{i.shipmentId}</Link> },
    { name: 'Status', show: (i) => <State of={i} />, width: 'minmax(0, 1.5fr)' },
    { name: 'Place', show: (i) => i.location, wide: true },
    { name: 'Carrier', show: (i) => i.carrier, wide: true, width: '7rem' },
    { name: 'Tracking number', show: (i) => i.trackingNumber, wide: true },
];

export const DEPLOY = 'waybill deploy apps/shipments/template.yaml --stack shipments --code build/apps/shipments';

const NoStates = () => <Panel title="This stack keeps no current states yet">
    <p>It was set up by an older version. Its timelines, updates and refusals are all here; for the states deploy the new template, and make them from the log:</p>
    <Code text={`${DEPLOY}\nwaybill shipments rebuild`} />
</Panel>;

export function Current({ stack }: { stack: Stack }) {
    const { suffix } = stack;
    const [status, setStatus] = useParam('status');
    const [way, setWay] = useState<Cursor[]>([{}]); /* where each page so far begins */
    useEffect(() => setWay((was) => (was.length === 1 ? was : [{}])), [status, suffix]); /* the same first page is not asked for twice */
    const from = way[way.length - 1];
    const found = useData((s) => page(suffix, status, from, s), [suffix, status, from]);
    const next = found.data?.next, first = (way.length - 1) * SHIPMENTS_PAGE;
    const shown = found.data?.items.length ?? 0;
    if (!keeps(stack, 'state') || (found.error?.code === 'ValidationException' && /index/.test(found.error.message)))
        return <NoStates />;
    return <Panel pad={false} title={shown ? `Shipments ${count(first + 1)} to ${count(first + shown)}` : 'Shipments'} actions={<>
        <Select label="Current status" value={status} onChange={setStatus} options={[['', 'Every status'], ['attention', 'Delayed or in exception'], ...STATUSES.map((s): [string, string] => [s, s])]} />
        <span class="joined"><Button disabled={way.length === 1} onClick={() => setWay(way.slice(0, -1))}>Newer</Button><Button disabled={!next} onClick={() => next && setWay([...way, next])}>Older</Button></span>
    </>}>
        <ShowOf stack={stack} of={found} lines={8}>{({ items }) => <Table<Item> label="Shipments" rows={items} id={(i) => i.shipmentId} onOpen={(i) => go(toShipment(i.shipmentId, suffix))} columns={shipmentColumns(suffix)}
            empty={status === 'attention' ? 'No open shipment is delayed or in exception.' : status ? 'No shipment is in this status now.' : 'No shipment yet. "waybill send" puts updates on the bus; "waybill day" makes some up.'} />}</ShowOf>
    </Panel>;
}

/* What was typed may be an id or a tracking number, which may have been used again: one shipment is shown at once. */
export function Found({ text, stack }: { text: string; stack: Stack }) {
    const { suffix } = stack;
    const found = useData((s) => find(stack, text, s), [suffix, text]);
    const only = found.data?.length === 1 ? found.data[0].shipmentId : undefined;
    useEffect(() => { if (only) go(toShipment(only, suffix), true); }, [only]);
    return <Panel pad={false} title={`What is called ${text}`}>
        <ShowOf stack={stack} of={found} lines={3}>{(items) => (items.length ? <Table<Item> label="Found" rows={[...items].sort(newest('lastEventAt'))} id={(i) => i.shipmentId} onOpen={(i) => go(toShipment(i.shipmentId, suffix))} columns={shipmentColumns(suffix)} />
            : <Empty>No shipment and no tracking number is called {text}.</Empty>)}</ShowOf>
    </Panel>;
}

export function Updates({ stack }: { stack: Stack }) {
    const { suffix } = stack;
    const [status, setStatus] = useParam('as');
    const found = useData(async (s) => {
        const index = { TableName: table('logs', suffix), IndexName: 'StatusIndex' };
        const parts = await Promise.all((status ? [status] : LOGGED).map((one) => query(index, 'status', one, UPDATES, true, s)));
        const items = parts.flatMap((p) => p.items).sort(newest('timestamp'));
        return { items: items.slice(0, UPDATES), more: items.length > UPDATES || parts.some((p) => p.more) };
    }, [suffix, status]);
    return <Panel pad={false} title={found.data?.more ? `The ${UPDATES} newest updates` : 'Updates'}
        actions={<Select label="Status" value={status} onChange={setStatus} options={[['', 'Every known status'], ...LOGGED.map((s): [string, string] => [s, s])]} />}>
        <ShowOf stack={stack} of={found} lines={8}>{({ items }) => <Table<Item> label="Updates" rows={items} empty="No update has this status." id={(i) => i.eventId} onOpen={(i) => go(toShipment(i.shipmentId, suffix))} columns={[
            { name: 'Time', show: (i) => <Time ms={instant(i.timestamp)} />, width: 'var(--when)', sort: (i) => i.timestamp },
            { name: 'Shipment', show: (i) => <Link to={toShipment(i.shipmentId, suffix)} title={i.shipmentId}>{i.shipmentId}</Link>, sort: (i) => i.shipmentId },
            { name: 'Status', show: (i) => <Status of={i.status} />, width: 'minmax(0, 1.2fr)', sort: (i) => i.status },
            { name: 'Place', show: (i) => i.location, wide: true, sort: (i) => i.location ?? '' },
            { name: 'Carrier', show: (i) => i.carrier, wide: true, width: '7rem', sort: (i) => i.carrier ?? '' },
        ]} />}</ShowOf>
    </Panel>;
}

export function Refused({ stack }: { stack: Stack }) {
    const { suffix } = stack;
    const [reason, setReason] = useParam('reason');
    const [open, setOpen] = useState<Item | null>(null);
    const index = { TableName: table('outcomes', suffix), IndexName: 'ReasonIndex' };
    const counts = useData((s) => Promise.all(REASONS.map(([r]) => countOf(index, 'reason', r, s))), [suffix]);
    const found = useData(async (s) => {
        const parts = await Promise.all((reason ? [reason] : REASONS.map(([r]) => r)).map((one) => query(index, 'reason', one, UPDATES, true, s)));
        return parts.flatMap((p) => p.items).sort(newest('eventTime')).slice(0, UPDATES);
    }, [suffix, reason]);
    const name = (r: string, n: number): [string, string] => [r, counts.data ? `${r} (${count(counts.data[n])})` : r];
    return <>
        <Panel pad={false} title={counts.data ? `${count(counts.data.reduce((a, b) => a + b, 0))} refused` : 'Refused'}
            actions={<Select label="Reason" value={reason} onChange={setReason} options={[['', 'Every reason'], ...REASONS.map(([r], n) => name(r, n))]} />}>
            <ShowOf stack={stack} of={found} lines={8}>{(items) => <Table<Item> label="Refused updates" rows={items} empty={reason ? 'Nothing was refused for this reason.' : 'Nothing was refused.'} id={(i) => i.eventId} onOpen={setOpen} columns={[
                { name: 'Time', show: (i) => <Time ms={instant(i.eventTime)} />, width: 'var(--when)', sort: (i) => i.eventTime },
                { name: 'Reason', show: (i) => <Button kind="plain" class="link" title={REASONS.find(([r]) => r === i.reason)?.[1]} onClick={() => setOpen(i)}>{i.reason}</Button>, sort: (i) => i.reason },
                { name: 'What', show: (i) => i.what, width: 'minmax(0, 2fr)', wide: true },
                { name: 'Shipment', show: (i) => (i.shipmentId ? <Link to={toShipment(i.shipmentId, suffix)}>{i.shipmentId}</Link> : '–'), wide: true, width: '9rem', sort: (i) => i.shipmentId ?? '' },
            ]} />}</ShowOf>
        </Panel>
        {open && <Original item={open} onClose={() => setOpen(null)} />}
    </>;
}
