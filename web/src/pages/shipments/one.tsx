/* One shipment: what its updates say together, and each of them with the original message. */
import { useState } from 'preact/hooks';
import { count } from '../../format';
import { Button, Empty, Facts, Panel, Time } from '../../ui/basic';
import { useData } from '../../state';
import { instant, keeps, query, stateOf, table, type Item, type Stack } from './data';
import { Original, ShowOf, State, Status } from './parts';

const TIMELINE_MAX = 5000;

/* What an update taken back and the one that takes it back have in common. */
const core = (i: Item) => JSON.stringify([instant(i.timestamp), i.status, i.location, i.carrier?.toUpperCase(), i.trackingNumber]);

function Now({ state, updates }: { state: Item; updates: string }) {
    const late = state.delayed && ['yes', state.delayReason].filter(Boolean).join(': ');
    return <Panel><Facts of={[
        ['Status', <State of={state} />], ['Since', state.statusAt && <Time ms={instant(state.statusAt)} />], ['Place', state.location],
        ['Expected', state.eta], ['Promised', state.promisedEta !== state.eta ? state.promisedEta : ''], ['Delayed', late],
        ['Exception', state.exception && ['yes', state.exceptionReason].filter(Boolean).join(': ')],
        ['Carrier', state.carrier], ['Tracking numbers', state.trackingNumbers],
        ['Last update', state.lastEventAt && <Time ms={instant(state.lastEventAt)} />], ['Updates', updates],
        ['Clock', state.clockSuspect && 'an update came from the future; it is placed by when it was received'],
        ['Corrected', state.withdrawn && 'an update was taken back'],
    ]} /></Panel>;
}

/* Of a stack that keeps no states, or of a shipment from before it did: what the last update says. */
function FromLog({ last, updates }: { last: Item; updates: string }) {
    return <>
        <div class="box info"><strong>No state is kept of this shipment.</strong><p>This is what its last update says. <code>waybill shipments rebuild</code> makes the state from the log.</p></div>
        <Panel><Facts of={[['Latest status', <Status of={last.status} />], ['At', <Time ms={instant(last.timestamp)} />], ['Place', last.location], ['Carrier', last.carrier], ['Tracking number', last.trackingNumber], ['Updates', updates]]} /></Panel>
    </>;
}

export function Timeline({ id, stack }: { id: string; stack: Stack }) {
    const { suffix } = stack, keepsState = keeps(stack, 'state');
    const [open, setOpen] = useState<Item | null>(null);
    const found = useData(async (s) => {
        const [log, state] = await Promise.all([query({ TableName: table('logs', suffix) }, 'shipmentId', id, TIMELINE_MAX, false, s), keepsState ? stateOf(suffix, id, s) : undefined]);
        return { ...log, state };
    }, [id, suffix, keepsState]);
    return <>
        <ShowOf stack={stack} of={found}>{({ items, more, state }) => {
            const last = items[items.length - 1];
            if (!last)
                return <Panel><Empty>No update of a shipment called {id} was stored.</Empty></Panel>;
            const updates = `${count(items.length)}${more ? ' and more' : ''}`;
            const back = new Set(items.filter((i) => i.retraction).map(core));
            const decides = items.find((i) => state && instant(i.timestamp) === instant(state.statusAt) && i.status === state.rawStatus && !i.retraction && !back.has(core(i))) ?? (state ? undefined : last);
            return <>
                {state ? <Now state={state} updates={updates} /> : <FromLog last={last} updates={updates} />}
                <Panel title="Timeline"><ol class="timeline">{items.map((i) => <li key={i.timestamp} class={i === decides ? 'last' : ''}>
                    <div><Time ms={instant(i.timestamp)} />{i.tzSource && <small>no zone given, taken as UTC</small>}</div>
                    <div class={!i.retraction && back.has(core(i)) ? 'withdrawn' : ''}><Status of={i.status} /></div>
                    <div>{i.location}{i.delayReason && <small>{i.delayReason}{i.eta && `, now expected ${i.eta}`}</small>}
                        {i.classifier && <small>{i.classifier === 'PLN' ? 'planned' : 'expected'}, not seen</small>}
                        {i.retraction ? <small>takes this update back</small> : back.has(core(i)) && <small>taken back</small>}</div>
                    <Button kind="plain" class="link" onClick={() => setOpen(i)}>Original</Button>
                </li>)}</ol></Panel>
            </>;
        }}</ShowOf>
        {open && <Original item={open} onClose={() => setOpen(null)} />}
    </>;
}
