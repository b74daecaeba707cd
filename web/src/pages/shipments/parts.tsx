/* Pieces that the page's views share. */
import type { ComponentChildren } from 'preact';
import { Badge, Code, Dialog, Facts, Loading, Show, Time, type Tone } from '../../ui/basic';
import { href, type Data } from '../../state';
import { USUAL } from '../first';
import type { Item, Stack } from './data';

const TONES: Record<string, Tone> = { DELIVERED: 'good', DELAYED: 'warn', EXCEPTION: 'bad', RETURNED: 'bad', CANCELLED: 'bad' };

export const Status = ({ of }: { of?: string }) => <Badge tone={TONES[of ?? ''] ?? 'info'}>{of ?? '–'}</Badge>;

/* The status of a state, and the flags beside it. */
export function State({ of }: { of: Item }) {
    const delayed = of.delayed && of.status !== 'DELAYED', exception = of.exception && of.status !== 'EXCEPTION';
    const status = <Status of={of.status} />;
    return !delayed && !exception ? status : <span class="state">{status}{delayed && <Badge tone="warn">delayed</Badge>}{exception && <Badge tone="bad">exception</Badge>}</span>;
}

const named = (suffix: string) => ({ suffix: suffix === USUAL ? '' : suffix });
export const toShipment = (id: string, suffix: string) => href(['shipments', id], named(suffix));
export const toList = (suffix: string, more: Record<string, string> = {}) => href('shipments', { ...more, ...named(suffix) });

/* As Show; that a table is missing is not said before it is known which there are. */
export function ShowOf<T>({ stack, ...p }: { stack: Stack; of: Data<T>; children: (data: T) => ComponentChildren; lines?: number }) {
    return !stack.sure && p.of.error?.code === 'ResourceNotFoundException' ? <Loading lines={p.lines} /> : <Show {...p} />;
}

export function Original({ item, onClose }: { item: Item; onClose: () => void }) {
    return <Dialog title="Original message" wide onClose={onClose}>
        <Facts of={[['Shipment', item.shipmentId], ['Event', item.eventId], ['Type', item.eventType], ['Refused because', item.what], ['Processed', item.processedAt || item.recordedAt ? <Time ms={Date.parse(item.processedAt ?? item.recordedAt)} /> : undefined]]} />
        <Code text={item.rawEvent ?? item.original ?? ''} />
    </Dialog>;
}
