/* Signing in and out, the first view, and what is shown when something is missing: rights, the server, data. */
import assert from 'node:assert/strict';
import * as k from './kit.mjs';
import { facts, has, same } from './kit.mjs';

/* --- signing in --- */

export async function signIn(browser) {
    const page = await k.open(browser);
    await page.goto(facts.url + '/');
    await page.waitForSelector('input[name=key]');
    assert.equal(page.url(), k.BASE, 'a browser that opens / is sent to the console');
    await k.until(async () => await page.title() === 'Sign in – Waybill');
    await k.accessible(page, 'sign-in');
    await page.fill('input[name=key]', facts.root[0]);
    await page.fill('input[name=secret]', facts.root[1].slice(1));
    await k.provoking(/401/, async () => {
        await page.click('button[type=submit]');
        has(await k.text(page, '[role=alert]'), 'The access key or its secret is not right');
    });
    await k.picture(page, 'sign-in');
    /* The address that somebody sent is where one is after signing in. */
    await page.goto(k.BASE + 'alarms/depot-slow');
    await k.signIn(page, facts.root);
    await k.settled(page);
    same(await k.text(page, 'h1'), 'depot-slow');
    const [cookie] = await page.context().cookies();
    assert.ok(cookie.httpOnly && cookie.sameSite === 'Strict');
    same(await page.evaluate(() => document.cookie), '', 'no script sees the session');
    await page.reload();
    await k.settled(page);
    same(await k.text(page, 'h1'), 'depot-slow');
    await page.click('text=Sign out');
    await page.waitForSelector('input[name=key]');
    await page.reload();
    await page.waitForSelector('input[name=key]');
    await page.context().close();
}

/* By a link from another site: the browser sends no cookie of ours with that, and does with what the page asks then. */
export async function fromElsewhere(browser, state) {
    const page = await k.open(browser, { state });
    await page.route('http://elsewhere.test/', (route) => route.fulfill({ contentType: 'text/html', body: `<title>Elsewhere</title><a href="${k.BASE}alarms">There</a>` }));
    await k.provoking(/elsewhere/, async () => {
        await page.goto('http://elsewhere.test/');
        await page.click('a');
        await k.settled(page);
    });
    same(await k.text(page, 'h1'), 'Alarms');
    await page.context().close();
}

/* A session that ends while a page is looked at: the sign-in, and afterwards the same page. */
export async function expiry(page) {
    await k.go(page, 'work');
    await k.provoking(/401/, async () => {
        await k.ask('later 13');
        await page.keyboard.press('r');
        await page.waitForSelector('input[name=key]');
    });
    await k.signIn(page, facts.root);
    await k.settled(page);
    same(await k.text(page, 'h1'), 'Work');
}

/* --- the first view: how much is fetched, and when there is something to see --- */

const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

/* Milliseconds from the navigation until a frame with a row of data was on the screen, as chromium tells it. Nothing is asked of
 * the page until it should be there: whoever looks on takes its time. */
async function seen(page, where) {
    await sleep(500); /* the tab is open, and the browser at rest */
    await page.goto(k.BASE + where, { waitUntil: 'commit' });
    await sleep(500);
    return k.until(() => page.evaluate(() => new Promise((done) => {
        new PerformanceObserver((l) => done(Math.min(...l.getEntries().map((e) => e.renderTime)))).observe({ type: 'element', buffered: true });
        setTimeout(() => done(0), 200);
    })));
}

/* In one tab, again and again. */
export async function nextViews(browser, state, where, count) {
    const page = await k.open(browser, { state }), ms = [];
    await seen(page, where);
    while (ms.length < count)
        ms.push(await seen(page, where));
    await page.context().close();
    return ms;
}

/* In a new tab of a browser that is in use and was never at the console. */
export async function firstView(browser, state, where) {
    const other = await k.open(browser, { state });
    await oneWord(other);
    const page = await other.context().newPage(), ms = await seen(page, where);
    const fetched = await page.evaluate(() => [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')].map((e) => [e.name, e.transferSize]));
    await other.context().close();
    const files = fetched.filter(([name]) => !/\/api\/|\/session$/.test(name)), bytes = files.reduce((n, [, size]) => n + size, 0);
    return { ms, files: files.length, bytes, calls: fetched.length - files.length };
}

/* Somebody else's page of one word: how long the browser takes for that. */
export async function oneWord(page) {
    await page.route('http://elsewhere.test/', (route) => route.fulfill({ contentType: 'text/html', body: '<!doctype html><title>Elsewhere</title><main>word</main>' }));
    await sleep(500);
    await k.provoking(/elsewhere/, () => page.goto('http://elsewhere.test/'));
    await sleep(500);
    return page.evaluate(() => performance.getEntriesByName('first-contentful-paint')[0].startTime);
}

/* --- who may not --- */

export async function guest(browser) {
    const page = await k.open(browser);
    await page.goto(k.BASE);
    await k.provoking(/40[03]/, async () => {
        await k.signIn(page, facts.guest);
        for (const [where, action] of [['dashboards/depot', 'cloudwatch:GetDashboard'], ['alarms', 'cloudwatch:DescribeAlarms'], ['logs', 'logs:DescribeLogGroups'],
            ['traces', 'xray:GetTraceSummaries'], ['work', 'user/guest'], ['mail', 'user/guest'], ['shipments', 'dynamodb:Query']]) {
            await k.go(page, where);
            const said = await k.text(page, 'main [role=alert]');
            has(said, 'You may not see this');
            has(said, 'user/guest');
            has(said, action);
        }
        await k.look(page, 'refused');
        await k.go(page, 'dashboards');
        same((await k.rows(page, 'Dashboards')).map((r) => r[0]).sort().slice(0, 2), ['depot', 'empty']);
    });
    await page.context().close();
}

/* --- while the server is away, and while it thinks --- */

export async function away(page) {
    await k.go(page, 'alarms');
    const before = await k.rows(page, 'Alarms');
    await k.provoking(/ERR_CONNECTION|Failed to load/, async () => {
        await k.ask('stop');
        await page.keyboard.press('r');
        has(await k.text(page, 'main [role=alert]'), 'The server does not answer.');
        same((await k.rows(page, 'Alarms')).map((r) => r[1]), before.map((r) => r[1]), 'what was there stays');
        await k.look(page, 'server-away');
        await k.ask('start');
    });
    await page.click('text=Try again');
    await k.until(async () => !await page.locator('main [role=alert]').count());
    same((await k.rows(page, 'Alarms')).map((r) => r[1]).sort(), before.map((r) => r[1]).sort());
}

export async function thinking(page) {
    let answer;
    await page.route('**/api/logs/DescribeLogGroups', async (route) => { await new Promise((done) => { answer = done; }); await route.continue(); });
    await page.goto(k.BASE + 'logs');
    await page.waitForSelector('.loading[role=status]');
    await k.picture(page, 'loading');
    await k.until(() => answer);
    answer();
    await k.settled(page);
    await page.unroute('**/api/logs/DescribeLogGroups');
}
