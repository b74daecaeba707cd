/* Pieces that the page's views share. */
import { Badge, Code, Dialog, Facts, Time, type Tone } from '../../ui/basic';
import { href } from '../../state';
import type { Item } from './data';

const TONES: Record<string, Tone> = { DELIVERED: 'good', DELAYED: 'warn', EXCEPTION: 'bad', RETURNED: 'bad', CANCELLED: 'bad' };

export const Status = ({ of }: { of?: string }) => <Badge tone={TONES[of ?? ''] ?? 'info'}>{of ?? '–'}</Badge>;

/* The status of a state, and the flags beside it. */
export const State = ({ of }: { of: Item }) => <span class="state">
    <Status of={of.status} />
    {of.delayed && of.status !== 'DELAYED' && <Badge tone="warn">delayed</Badge>}
    {of.exception && of.status !== 'EXCEPTION' && <Badge tone="bad">exception</Badge>}
</span>;

export const toShipment = (id: string, suffix: string) => href(['shipments', id], suffix === 'dev' ? {} : { suffix });

export function Original({ item, onClose }: { item: Item; onClose: () => void }) {
    return <Dialog title="Original message" wide onClose={onClose}>
        <Facts of={[['Shipment', item.shipmentId], ['Event', item.eventId], ['Type', item.eventType], ['Refused because', item.what], ['Processed', item.processedAt || item.recordedAt ? <Time ms={Date.parse(item.processedAt ?? item.recordedAt)} /> : undefined]]} />
        <Code text={item.rawEvent ?? item.original ?? ''} />
    </Dialog>;
}
