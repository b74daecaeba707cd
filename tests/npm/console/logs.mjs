/* Logs: groups, events, following, Insights; and 100,000 lines. */
import assert from 'node:assert/strict';
import * as k from './kit.mjs';
import { facts, has, same } from './kit.mjs';

export async function logs(page) {
    await k.go(page, 'logs');
    const groups = (await k.api(page, 'logs', 'DescribeLogGroups')).logGroups.map((g) => g.logGroupName);
    same((await k.rows(page, 'Log groups')).map((r) => r[0]), groups);
    await k.look(page, 'logs');
    await page.fill('main input.search', '/depot/g');
    await k.until(async () => (await k.rows(page, 'Log groups')).length === 1);
    await page.click('text=7 days');
    await page.selectOption('dialog select', '14');
    await page.click('dialog >> text=Save');
    await k.until(async () => (await k.rows(page, 'Log groups'))[0][1] === '14 days');
    same((await k.api(page, 'logs', 'DescribeLogGroups', { logGroupNamePrefix: '/depot/g' })).logGroups[0].retentionInDays, 14);

    await k.go(page, 'logs/%2Fdepot%2Fgate');
    await k.until(async () => (await k.text(page, '.lines-foot')).startsWith(`${facts.logs.gate} lines`));
    await page.locator('.line .toggle').first().click();
    await k.until(async () => (await k.text(page, '.line .more pre')).includes('"msg": "parcel 0 weighed"'));
    await k.look(page, 'log-events');
    await page.fill('.lines-bar input', '{ $.level = "error" }');
    await k.until(async () => (await k.text(page, '.lines-foot')).startsWith(`${facts.logs.levels.error} lines`));
    assert.ok((await k.texts(page, '.line code')).every((t) => t.includes('"error"')));
    await k.provoking(/400/, async () => {
        await page.fill('.lines-bar input', '{ $.level = ');
        await page.waitForSelector('.wrong[role=alert]');
        await k.picture(page, 'log-filter-wrong');
        await page.fill('.lines-bar input', '');
        await k.until(async () => (await k.text(page, '.lines-foot')).startsWith(`${facts.logs.gate} lines`));
    });
    await page.click('text="Follow"');
    await k.ask('line');
    await k.until(async () => (await k.texts(page, '.line code')).some((t) => t.includes('a line that came later')));
    await k.picture(page, 'log-follow');
    await page.click('[role=tab]:text-is("Streams")');
    await k.until(async () => (await k.rows(page, 'Streams')).map((r) => r[0]).join() === 'scale-1');
    await k.go(page, 'logs/%2Fdepot%2Fempty');
    has(await k.text(page, 'main'), 'No line in this time.');
    await k.picture(page, 'log-empty');
}

/* --- Insights --- */

async function run(page, query) {
    await page.fill('[aria-label=Query]', query);
    await page.focus('[aria-label=Query]');
    await page.keyboard.press('Control+Enter');
    await k.until(async () => (await page.locator('.actions [role=status]').count()) && / in /.test(await k.text(page, '.actions [role=status]')) && new URL(page.url()).searchParams.get('query') === query);
    await k.settled(page);
}

/* What the server answers to the same question. */
async function answer(page, group, query) {
    const now = Math.ceil(Date.now() / 1000);
    const { queryId } = await k.api(page, 'logs', 'StartQuery', { logGroupName: group, queryString: query, startTime: now - 5 * 3600, endTime: now + 3600 });
    const r = await k.until(async () => { const a = await k.api(page, 'logs', 'GetQueryResults', { queryId }); return a.status === 'Complete' && a; });
    return r.results.map((row) => Object.fromEntries(row.map((f) => [f.field, f.value])));
}

export async function insights(page) {
    await k.go(page, 'logs?tab=insights');
    await k.look(page, 'insights-empty');
    await page.click('text=Run');
    await page.fill('dialog input[type=search]', 'depot');
    await page.check('dialog label:has-text("/depot/gate") input');
    await page.click('dialog >> text=Choose one group');
    const errors = 'filter level = "error"\n| fields @timestamp, msg, took\n| sort @timestamp desc\n| limit 100';
    await run(page, errors);
    same(await k.text(page, '.panel:last-child h2'), '20 results');
    const want = await answer(page, '/depot/gate', errors);
    same((await k.rows(page, 'Results')).map((r) => r.slice(1)), want.map((r) => [r.msg, r.took]).slice(0, (await k.rows(page, 'Results')).length));
    same(want[0].msg, 'parcel 199 weighed');
    has(await k.text(page, '.actions [role=status]'), '20 of 200 records matched');
    same(await page.locator('figure').getAttribute('aria-label'), 'Records over time: 20 in all');
    has((await k.texts(page, '.insights-fields button')).join(), 'level');
    await k.look(page, 'insights', { height: 1000, narrowHeight: 1300 });

    /* A record, and it among the lines around it. */
    await page.locator('[aria-label=Results] .row').first().click();
    await k.until(async () => (await k.text(page, 'dialog')).includes('"requestId": "req-00000199"'));
    await k.look(page, 'insights-record');
    await page.click('dialog >> text=Show it among the lines');
    await k.until(async () => (await k.texts(page, '.line.asked code'))[0]?.includes('parcel 199 weighed'));
    await k.picture(page, 'log-around');
    await page.goBack();

    await k.go(page, 'logs?tab=insights&groups=%2Fdepot%2Fgate');
    await run(page, 'stats count(*) as lines by level, bin(10m)');
    await page.click('[role=tab]:text-is("Lines")');
    await k.until(async () => (await k.texts(page, '.panel:last-child figcaption li span')).length === 3);
    same((await k.texts(page, '.panel:last-child figcaption li span')).sort(), Object.keys(facts.logs.levels).sort());
    same(await k.texts(page, '.panel:last-child .axes span'), ['lines', '']);
    await k.look(page, 'insights-lines', { height: 1000, narrowHeight: 1300 });
    await run(page, 'stats count(*) as lines by level');
    await page.click('[role=tab]:text-is("Pie")');
    same(Object.fromEntries(await page.locator('.pie li').evaluateAll((all) => all.map((l) => [l.querySelector('span').innerText, Number(l.querySelector('b').innerText)]))), facts.logs.levels);
    await k.picture(page, 'insights-pie');
    await page.click('[role=tab]:text-is("Table")');

    await k.provoking(/400/, async () => {
        await page.fill('[aria-label=Query]', 'fields @timestamp\n| oops level');
        await page.click('text="Run"');
        has(await k.text(page, 'main [role=alert]'), 'Line 2, column');
        await k.look(page, 'insights-wrong');
    });

    /* Kept, found again, run, removed. */
    await page.fill('[aria-label=Query]', errors);
    await page.click('text="Save"');
    await page.fill('dialog input[name=name]', 'Errors of the gate');
    await page.click('dialog >> text="Save"');
    await k.go(page, 'logs?tab=insights');
    await page.click('text="Queries"');
    await page.waitForSelector('dialog >> text=Errors of the gate');
    await k.look(page, 'insights-queries');
    await page.click('dialog >> text=Errors of the gate');
    await k.until(async () => (await k.texts(page, '.panel:last-child h2'))[0] === '20 results');
    await page.click('text="Queries"');
    await page.click('[aria-label="Remove Errors of the gate"]');
    await page.click('text=Really remove');
    await k.until(async () => (await k.text(page, '[aria-label="Saved queries"]')).includes('None yet.'));
    same((await k.api(page, 'logs', 'DescribeQueryDefinitions')).queryDefinitions, []);
    await page.keyboard.press('Escape');

    /* As many results as a query may have: only those in sight are in the document. */
    await k.go(page, 'logs?tab=insights&groups=%2Fdepot%2Flong');
    await run(page, 'fields @timestamp, @message\n| sort @timestamp asc\n| limit 10000');
    same(await page.locator('[aria-label=Results]').getAttribute('aria-rowcount'), '10001');
    has((await k.rows(page, 'Results'))[0][1], 'line 0 of the long log');
    assert.ok(await k.nodes(page) < 1500);
    return `10,000 of 100,000: ${await k.text(page, '.actions [role=status]')}`;
}

/* --- 100,000 of something: only what is in sight is in the document, and scrolling goes on drawing --- */

async function scroll(page, selector) {
    const times = await page.locator(selector).evaluate(async (view) => {
        const frames = [];
        let before = await new Promise(requestAnimationFrame);
        for (let i = 0; i < 60; i++) {
            view.scrollTop = i < 40 ? view.scrollTop + 400 : (view.scrollHeight * (i - 40)) / 20;
            const now = await new Promise(requestAnimationFrame);
            frames.push(now - before);
            before = now;
        }
        view.scrollTop = view.scrollHeight;
        await new Promise(requestAnimationFrame);
        await new Promise(requestAnimationFrame);
        return frames.sort((a, b) => a - b);
    });
    return `half of the frames within ${times[30].toFixed(1)} ms, all but three within ${times[56].toFixed(1)} ms`;
}

/* The lines of a log, all of them followed. */
export async function longLog(page) {
    await k.go(page, 'logs/%2Fdepot%2Flong?follow=1');
    await k.until(async () => (await k.text(page, '.lines-foot')).startsWith('100,000 lines'));
    assert.ok(await k.nodes(page) < 1500, `${await k.nodes(page)} nodes`);
    const told = await scroll(page, '.lines');
    has((await k.texts(page, '.line code')).at(-1), `line ${facts.logs.long - 1} of the long log`);
    assert.ok(await k.nodes(page) < 1500);
    await k.picture(page, 'log-of-100000');
    return told;
}

/* A listing of so many rows that only this test has it: the answer is made here. */
export async function longTable(page) {
    const logGroups = Array.from({ length: 100_000 }, (_, i) => ({ logGroupName: `/many/${String(i).padStart(6, '0')}`, arn: 'a', creationTime: 1.7e12 + i, storedBytes: (i * 7919) % 100_000 }));
    await page.route('**/api/logs/DescribeLogGroups', (route) => route.fulfill({ json: { logGroups } }));
    await k.go(page, 'logs');
    await k.until(async () => (await k.rows(page, 'Log groups')).length > 10);
    same(await page.locator('[role=table]').getAttribute('aria-rowcount'), '100001');
    assert.ok(await k.nodes(page) < 1500, `${await k.nodes(page)} nodes`);
    const told = await scroll(page, '[role=table]');
    same((await k.rows(page, 'Log groups')).at(-1)[0], '/many/099999');
    await page.click('[role=columnheader] >> text=Stored');
    await page.locator('[role=table]').evaluate((v) => { v.scrollTop = 0; });
    await k.until(async () => (await k.rows(page, 'Log groups'))[0][2] === '0 B');
    await page.focus('[role=table]');
    await page.keyboard.press('End');
    await k.until(async () => (await k.rows(page, 'Log groups')).at(-1)[2] === '97.7 KiB');
    await k.picture(page, 'table-of-100000');
    await page.unroute('**/api/logs/DescribeLogGroups');
    return told;
}
