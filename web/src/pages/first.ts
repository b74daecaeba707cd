/*
 * What a page asks first when its address is opened. The page asks it from here, and so does ../early.ts before the program is there;
 * an answer counts when both ask the same, to the letter.
 */
export interface Ask { service: string; operation: string; input: object }

export const alarmsFirst: Ask = { service: 'cloudwatch', operation: 'DescribeAlarms', input: { AlarmTypes: ['MetricAlarm', 'CompositeAlarm'], MaxRecords: 100 } };
export const logsFirst: Ask = { service: 'logs', operation: 'DescribeLogGroups', input: {} };

export const SHIPMENTS_PAGE = 100; /* rows */
export const USUAL = 'dev';        /* suffix of the application's tables, unless the address names another */
export const tableOf = (kind: string, region: string, suffix: string) => `shipment-${kind}-${region}-${suffix}`;
/* Items under one key of a table or index. */
export const keyQuery = (on: object, name: string, value: string, most: number, newestFirst: boolean): Ask => ({
    service: 'dynamodb', operation: 'Query', input: {
        ...on, KeyConditionExpression: '#k = :v', ExpressionAttributeNames: { '#k': name }, ExpressionAttributeValues: { ':v': { S: value } },
        ScanIndexForward: !newestFirst, Limit: most,
    },
});
/* The index of all states by their latest update: table and index, key, value. */
export const recent = (region: string, suffix: string): [object, string, string] => [{ TableName: tableOf('state', region, suffix), IndexName: 'RecentIndex' }, 'kind', 'shipment'];

/* At this place of the console; undefined where it depends on more than the address. */
export function firstAsk(path: string[], query: URLSearchParams, region: string): Ask | undefined {
    if (path.length > 1 || [...query.keys()].some((k) => k !== 'suffix'))
        return undefined;
    switch (path[0]) {
    case undefined: /* the start is the first page */
    case 'shipments': return keyQuery(...recent(region, query.get('suffix') || USUAL), SHIPMENTS_PAGE, true);
    case 'alarms': return alarmsFirst;
    case 'logs': return logsFirst;
    }
}
