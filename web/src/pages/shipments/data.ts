/* What the page asks of the application's tables (docs/shipments.md): KIND-REGION-SUFFIX, as its template names them. */
import { ApiError, call, callAll, ownRegion } from '../../api';
import { keyQuery, recent, SHIPMENTS_PAGE, tableOf, USUAL } from '../first';

export type Item = Record<string, string>;

export const STATUSES = ['CREATED', 'PICKED_UP', 'IN_TRANSIT', 'AVAILABLE_FOR_PICKUP', 'OUT_FOR_DELIVERY', 'DELIVERED', 'DELAYED', 'EXCEPTION', 'RETURNED', 'CANCELLED', 'UNKNOWN'];
export const ATTENTION = ['DELAYED', 'EXCEPTION', 'DELAYED+EXCEPTION'];
const KINDS = ['logs', 'state', 'references', 'outcomes'];

export const table = (kind: string, suffix: string) => tableOf(kind, ownRegion(), suffix);
const plain = (item: any): Item => Object.fromEntries(Object.entries<any>(item).map(([k, v]) => [k, k === 'basis' ? '' : [Object.values(v)[0]].flat().join(', ')]));
/* Two updates at one instant: the key of the second has a mark behind the time. */
export const instant = (key?: string) => (key ? Date.parse(key.split('#')[0]) : undefined);
/* What a tracking number is found by. */
export const reference = (text: string) => text.replace(/[\x00-\x7f]/g, (c) => (/[a-z0-9]/i.test(c) ? c.toUpperCase() : ''));

/* The application's stacks in this region: suffix, and the kinds of tables that are there. Null when who is signed in may not list tables. */
export type Stacks = Map<string, Set<string>>;
export async function stacks(signal: AbortSignal): Promise<Stacks | null> {
    const found: Stacks = new Map();
    try {
        for (const name of await callAll<string>('dynamodb', 'ListTables', {}, 'TableNames', ['ExclusiveStartTableName', 'LastEvaluatedTableName'], 5000, signal))
            for (const kind of KINDS)
                if (name.startsWith(table(kind, ''))) {
                    const suffix = name.slice(table(kind, '').length);
                    found.set(suffix, (found.get(suffix) ?? new Set()).add(kind));
                }
    } catch (e) {
        if (e instanceof ApiError && /AccessDenied/.test(e.code))
            return null;
        throw e;
    }
    return found;
}
/* One of them, or the one that is meant when none is named. */
export interface Stack {
    suffix: string;
    has?: Set<string>; /* unknown while they are listed, and to who may not list them */
    sure: boolean;     /* they have been listed, or cannot be */
}
export function stackOf(all: Stacks | null | undefined, named: string): Stack {
    const suffix = named || (!all || all.has(USUAL) ? USUAL : [...all.keys()].sort().find((x) => all.get(x)!.has('logs')) ?? USUAL);
    return { suffix, has: all ? all.get(suffix) ?? new Set() : undefined, sure: all !== undefined };
}
/* Whether it has a kind of table; it has until the contrary is known. */
export const keeps = (stack: Stack, kind: string) => !stack.has || stack.has.has(kind);

/* Items under one key of a table or index, at most `most`, behind `after`. */
export async function query(on: object, name: string, value: string, most: number, newestFirst: boolean, signal: AbortSignal, after?: object): Promise<{ items: Item[]; more: boolean }> {
    const items: Item[] = [];
    let start: unknown = after;
    do {
        const { service, operation, input } = keyQuery(on, name, value, most - items.length, newestFirst);
        const r: any = await call(service, operation, start ? { ...input, ExclusiveStartKey: start } : input, signal);
        items.push(...r.Items.map(plain));
        start = r.LastEvaluatedKey;
    } while (start && items.length < most);
    return { items, more: !!start };
}

export async function countOf(input: object, name: string, value: string, signal: AbortSignal): Promise<number> {
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

/* --- lists of states, newest first, a page at a time --- */

/* Where each key's list goes on: behind this row; null at its end. */
export type Cursor = Record<string, Item | null>;

/* The index that has these: table and index, the key's name, and its values. */
function indexOf(which: string, suffix: string): [object, string, string[]] {
    if (which) {
        const TableName = table('state', suffix);
        return which === 'attention' ? [{ TableName, IndexName: 'AttentionIndex' }, which, ATTENTION] : [{ TableName, IndexName: 'StatusIndex' }, 'status', [which]];
    }
    const [on, name, value] = recent(ownRegion(), suffix);
    return [on, name, [value]];
}

/* which: a status, "attention" for the open ones that are delayed or in exception, "" for all. */
export async function page(suffix: string, which: string, from: Cursor, signal: AbortSignal): Promise<{ items: Item[]; next?: Cursor }> {
    const [on, name, keys] = indexOf(which, suffix);
    const text = (v: string) => ({ S: v });
    const parts = await Promise.all(keys.map(async (key) => {
        const after = from[key];
        if (after === null)
            return { items: [], more: false };
        return query(on, name, key, SHIPMENTS_PAGE, true, signal, after && { [name]: text(key), lastEventAt: text(after.lastEventAt), shipmentId: text(after.shipmentId) });
    }));
    const items = parts.flatMap((p) => p.items).sort(newest('lastEventAt')).slice(0, SHIPMENTS_PAGE);
    const taken = new Set(items), next: Cursor = {};
    keys.forEach((key, i) => {
        const mine = parts[i].items.filter((x) => taken.has(x)), all = mine.length === parts[i].items.length && !parts[i].more;
        if (all)
            next[key] = null;
        else if (mine.length || from[key])
            next[key] = mine[mine.length - 1] ?? from[key];
    });
    return { items, next: keys.some((key) => next[key] !== null) ? next : undefined };
}
export const newest = (name: string) => (a: Item, b: Item) => (a[name] < b[name] ? 1 : a[name] > b[name] ? -1 : 0);

/* --- one shipment --- */

export async function stateOf(suffix: string, id: string, signal: AbortSignal): Promise<Item | undefined> {
    const r: any = await call('dynamodb', 'GetItem', { TableName: table('state', suffix), Key: { shipmentId: { S: id } }, ConsistentRead: true }, signal);
    return r.Item && plain(r.Item);
}

/* Shipments that are called so, or have that tracking number; with their states where these are kept. */
export async function find(stack: Stack, text: string, signal: AbortSignal): Promise<Item[]> {
    const { suffix } = stack, number = reference(text);
    const [logged, referred] = await Promise.all([
        query({ TableName: table('logs', suffix), ProjectionExpression: 'shipmentId' }, 'shipmentId', text, 1, true, signal),
        number && keeps(stack, 'references') ? query({ TableName: table('references', suffix) }, 'reference', number, 50, false, signal) : { items: [] },
    ]);
    const ids = new Set([...logged.items, ...referred.items].map((i) => i.shipmentId));
    return Promise.all([...ids].map(async (id) => (keeps(stack, 'state') ? await stateOf(suffix, id, signal) : undefined) ?? { shipmentId: id }));
}
