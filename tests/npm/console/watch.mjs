/* Dashboards, alarms and traces: what they show is what the data says. */
import assert from 'node:assert/strict';
import * as k from './kit.mjs';
import { facts, has, same } from './kit.mjs';

const NAMES = { ALARM: 'In alarm', OK: 'OK', INSUFFICIENT_DATA: 'Insufficient data' };

/* --- dashboards --- */

const widget = (page, title) => page.locator('.widget').filter({ has: page.locator(`header h2:text-is("${title}")`) });
const inside = (page, title, selector) => widget(page, title).locator(selector).allInnerTexts();

export async function dashboards(page) {
    await k.go(page, 'dashboards');
    const names = (await k.api(page, 'cloudwatch', 'ListDashboards')).DashboardEntries.map((d) => d.DashboardName);
    same((await k.rows(page, 'Dashboards')).map((r) => r[0]).sort(), names.sort());
    await k.look(page, 'dashboards');
    await page.click('main a:text-is("empty")');
    await k.until(async () => (await k.text(page, 'main')).includes('This dashboard has no widgets.'));
    await k.picture(page, 'dashboard-empty');
    await k.go(page, `dashboards/${names.find((n) => n.startsWith('shipment'))}`);
    await k.until(async () => (await inside(page, 'Updates processed', 'figcaption b')).length === 3);
    same((await k.texts(page, '.widget header h2')).length, 4, 'the four graphs of the stack');
    same(await inside(page, 'Time for an update', '.axes span'), ['Milliseconds', '']);
    await k.look(page, 'dashboard-shipments', { narrowHeight: 1500 });
}

export async function widgets(page) {
    await page.setViewportSize({ width: 1280, height: 2200 }); /* a widget far below asks for nothing */
    await k.go(page, 'dashboards/depot');
    await k.until(async () => (await inside(page, 'Shares', 'small')).length === 3 && (await inside(page, 'Latency', 'figcaption b')).length === 3);
    same(await inside(page, 'Latency', '.axes span'), ['time for a parcel', '']);
    same(await inside(page, 'Latency', 'figcaption li span'), ['Dallas Latency (Average)', 'Memphis Latency (Average)', 'Oslo Latency (Average)']);
    same(await inside(page, 'Latency', 'figcaption b'), ['123 ms', '246 ms', '369 ms']);
    same(await inside(page, 'Moved', 'figcaption b'), ['5 MiB', '10 MiB', '15 MiB']);
    same(await inside(page, 'Moved', '.axes span'), ['Bytes', '']);
    same(await inside(page, 'Newest load', '.number strong'), ['73.5 %', '147 %', '221 %']);
    same(await widget(page, 'Load of Dallas').locator('[role=img]').getAttribute('aria-label'), 'Load (Average): 73.5 % of 0 % to 100 %');
    same(await inside(page, 'Parcels by site', '.bars b'), ['42', '84', '126']);
    same(await inside(page, 'Shares', '.pie b'), ['42', '84', '126']);
    same(await inside(page, 'Shares', '.pie small'), ['16.7 %', '33.3 %', '50.0 %']);
    const table = await widget(page, 'Latency as a table').locator('tr').evaluateAll((all) => all.map((r) => [...r.children].map((c) => c.innerText.trim())));
    same(table[0].slice(0, 5), ['Metric', 'Min', 'Max', 'Avg', 'Sum']);
    same(table.slice(1).map((r) => [r[0], r[2], r[5]]), [['Dallas Latency (Average)', '123 ms', '123 ms'], ['Memphis Latency (Average)', '246 ms', '246 ms'], ['Oslo Latency (Average)', '369 ms', '369 ms']]);
    same(await inside(page, 'Bytes each and their alarm', 'figcaption b'), ['125k', '73.5 %']);
    same(await inside(page, 'Bytes each and their alarm', '.axes span'), ['', 'Percent']);
    const tiles = await widget(page, 'Alarms').locator('li').evaluateAll((all) => all.map((l) => [l.children[0].innerText, l.children[1].innerText]));
    same(tiles, [...['depot-slow', 'depot-busy', 'depot-silent', 'depot-unwell'].map((n) => [n, NAMES[facts.alarms[n]]]), ['gone', 'not there']]);
    same(await inside(page, 'The alarm depot-slow', 'figcaption b'), ['123 ms']);
    same(await inside(page, 'Nothing yet', '.said'), ['No data in this time.']);
    await k.until(async () => (await inside(page, 'Levels', '.pie b')).length === 3 && (await inside(page, 'Lines over time', 'figcaption b')).length === 1);
    same((await k.rows(page, 'Last at the gate'))[0].slice(1), ['error', 'parcel 199 weighed']);
    same(await inside(page, 'Lines over time', '.axes span'), ['lines', '']);
    for (const [title, name, value] of [['Lines by level', '.bars li > span', '.bars b'], ['Levels', '.pie li span', '.pie b']]) {
        const names = await inside(page, title, name), values = await inside(page, title, value);
        same(Object.fromEntries(names.map((n, i) => [n, Number(values[i])])), facts.logs.levels);
    }
    has((await inside(page, 'Explorer', '.empty'))[0], 'list the metrics in a metric widget');
    same(await k.texts(page, '.prose h2'), ['Depot']);
    same(await page.locator('.prose a').getAttribute('rel'), 'noopener noreferrer');
    for (const title of ['Latency', 'Moved', 'Bytes each and their alarm'])
        assert.ok(await widget(page, title).locator('canvas').evaluate((c) => c.getContext('2d').getImageData(0, 0, c.width, c.height).data.some((v) => v)), `${title} is drawn`);
    await k.look(page, 'dashboard-depot', { height: 2200, narrowHeight: 5200 });
    /* A line that is not wanted goes, and one widget fills the page; the address says so. */
    await widget(page, 'Latency').locator('figcaption button').first().click();
    same(await widget(page, 'Latency').locator('figcaption button').first().getAttribute('aria-pressed'), 'false');
    await page.click('[aria-label="Enlarge Latency"]');
    await page.waitForSelector('dialog .chart canvas');
    assert.ok(page.url().includes('widget='));
    await k.look(page, 'widget-enlarged');
    await page.keyboard.press('Escape');
    await page.click('text=View as JSON');
    has(await k.text(page, 'dialog'), 'the handbook');
    await page.keyboard.press('Escape');
}

/* --- alarms --- */

export async function alarms(page) {
    await k.go(page, 'alarms');
    const shown = Object.fromEntries((await k.rows(page, 'Alarms')).map((r) => [r[1], r[0]]));
    const all = await k.api(page, 'cloudwatch', 'DescribeAlarms', { AlarmTypes: ['MetricAlarm', 'CompositeAlarm'] });
    same(shown, Object.fromEntries([...all.MetricAlarms, ...all.CompositeAlarms].map((a) => [a.AlarmName, NAMES[a.StateValue]])));
    same(shown, Object.fromEntries(Object.entries(facts.alarms).map(([n, s]) => [n, NAMES[s]])));
    for (const [state, name] of Object.entries(NAMES)) {
        const want = Object.values(facts.alarms).filter((s) => s === state).length;
        same((await k.text(page, `.states .${state}`)).replace(/\s+/g, ' '), `${want} ${name}`);
        await page.click(`.states .${state}`);
        same((await k.rows(page, 'Alarms')).length, want);
    }
    await page.click('.states button >> nth=0');
    await page.selectOption('[aria-label=Type]', 'composite');
    same((await k.rows(page, 'Alarms')).map((r) => r[1]), ['depot-unwell']);
    await page.selectOption('[aria-label=Type]', '');
    await k.look(page, 'alarms');
    await page.fill('main input.search', 'no such');
    await k.until(async () => (await k.text(page, 'main')).includes('No alarm is so.'));
    await k.picture(page, 'alarms-none');
}

export async function alarm(page) {
    await k.go(page, 'alarms/depot-slow');
    const [a] = (await k.api(page, 'cloudwatch', 'DescribeAlarms', { AlarmNames: ['depot-slow'] })).MetricAlarms;
    has(await k.text(page, 'main'), a.StateReason);
    same(await k.text(page, '.panel h2'), 'Latency > 60 for 2 of 3 datapoints within 3 min');
    await k.until(async () => (await k.texts(page, '.chart figcaption b')).length);
    same([await k.text(page, '.chart figcaption b'), await k.text(page, '.chart .axes span')], ['123 ms', 'Milliseconds']);
    const history = async (name) => (await k.api(page, 'cloudwatch', 'DescribeAlarmHistory', { AlarmName: name, ScanBy: 'TimestampDescending' })).AlarmHistoryItems.map((i) => i.HistorySummary);
    same((await k.rows(page, 'History')).map((r) => r[1]), await history('depot-slow'));
    await k.look(page, 'alarm', { height: 1000, narrowHeight: 1700 });
    await k.go(page, 'alarms/depot-silent'); /* without data the evaluation leaves what was set */
    await page.click('text=Set state');
    await page.selectOption('dialog select', 'OK');
    await page.fill('dialog textarea', 'looked at by hand');
    await k.look(page, 'alarm-set-state');
    await page.click('dialog >> text=Set >> nth=-1');
    await k.until(async () => (await k.text(page, 'main')).includes('looked at by hand'));
    has(await k.text(page, 'main .badge'), 'OK');
    same((await k.rows(page, 'History')).map((r) => r[1]), await history('depot-silent'));
    await page.click('text=Disable actions');
    await page.waitForSelector('text=Enable actions');
    same((await k.api(page, 'cloudwatch', 'DescribeAlarms', { AlarmNames: ['depot-silent'] })).MetricAlarms[0].ActionsEnabled, false);
    await k.go(page, 'alarms/depot-unwell');
    same(await k.texts(page, '.rule a'), ['depot-slow', 'depot-busy']);
    await k.look(page, 'alarm-composite');
    await k.go(page, 'alarms/depot-bytes-each');
    await k.until(async () => (await k.texts(page, '.chart figcaption b')).length === 3);
    same(await k.texts(page, '.chart figcaption b'), ['125k', '5 MiB', '42']);
    await k.picture(page, 'alarm-math');
    await k.go(page, 'alarms/nobody');
    has(await k.text(page, 'main'), 'There is no alarm of this name.');
}

/* --- traces --- */

export async function traces(page) {
    await k.go(page, 'traces');
    await page.fill('[aria-label="Filter expression"]', 'service("tariff") { fault }');
    await page.click('text="Find"');
    await k.until(async () => (await k.rows(page, 'Traces')).length === 1);
    same((await k.rows(page, 'Traces'))[0].slice(0, 3), ['POST http://gate.example.test/parcels', 'Error', facts.trace.duration]);
    await k.provoking(/400/, async () => {
        await page.fill('[aria-label="Filter expression"]', 'service(');
        await page.click('text="Find"');
        await page.waitForSelector('main [role=alert]');
    });
    await page.click('text="All"');
    await k.until(async () => (await k.rows(page, 'Traces')).length > 1);
    await k.look(page, 'traces');
    await k.go(page, 'traces?tab=map');
    await k.until(() => page.locator('.service-map circle').count());
    assert.ok(await page.getByRole('link', { name: /^tariff ECS::Container/ }).count(), 'a service is a link to its traces, and named');
    await k.look(page, 'service-map');
    await k.go(page, `traces/${facts.trace.id}`);
    same(await k.texts(page, '.waterfall .what b'), facts.trace.parts);
    has(await k.text(page, '.waterfall .long'), facts.trace.duration);
    await k.look(page, 'trace', { narrowHeight: 1300 });
    await page.locator('.waterfall-row').nth(3).click();
    has(await k.text(page, 'dialog'), '"fault": true');
    await k.picture(page, 'trace-part');
    await page.keyboard.press('Escape');
}
