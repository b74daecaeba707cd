/* The frame: keys, search, the order of Tab, time range, light and dark, live updates, the menu of a narrow page. */
import assert from 'node:assert/strict';
import * as k from './kit.mjs';
import { has, same } from './kit.mjs';

const h1 = async (page, title) => { await k.until(async () => await k.text(page, 'h1') === title, `the page "${title}"`); };

export async function keys(page) {
    await k.go(page, 'shipments');
    for (const [letter, title] of [['d', 'Dashboards'], ['a', 'Alarms'], ['l', 'Logs'], ['t', 'Traces'], ['m', 'Mail'], ['w', 'Work'], ['s', 'Shipments']]) {
        await page.keyboard.press('g');
        await page.keyboard.press(letter);
        await h1(page, title);
        same(await k.text(page, '.side [aria-current=page]'), title);
        await k.until(async () => await page.title() === `${title} – Waybill`);
    }
    await page.keyboard.press('?');
    has(await k.text(page, 'dialog'), 'g l');
    await k.look(page, 'keys');
    await page.keyboard.press('Escape');
    await k.until(async () => await page.locator('dialog').count() === 0);
    /* Letters that are typed into a field are text. */
    await k.go(page, 'alarms');
    await page.focus('input.search');
    await page.keyboard.type('gl');
    same(await k.text(page, 'h1'), 'Alarms');
    /* A table under the keys. */
    await k.go(page, 'alarms');
    await page.focus('[role=table]');
    await page.keyboard.press('ArrowDown');
    const second = (await k.rows(page, 'Alarms'))[1][1];
    await page.keyboard.press('Enter');
    await h1(page, second);
    await k.until(() => page.evaluate(() => document.activeElement.id === 'main'), 'the focus is not lost with the table');
    await page.goBack();
    await h1(page, 'Alarms');
}

export async function search(page) {
    await k.go(page, 'work');
    await page.keyboard.press('/');
    await page.waitForSelector('dialog input[type=search]');
    await k.until(() => page.evaluate(() => document.activeElement.type === 'search'), 'the field has the focus');
    await page.keyboard.type('depot');
    await k.until(async () => (await k.texts(page, '.hits li')).some((t) => t.includes('Log group')));
    const hits = (await k.texts(page, '.hits li')).map((t) => t.replace(/\s+/g, ' '));
    for (const hit of ['depot Dashboard', 'depot-busy Alarm, OK', '/depot/gate Log group'])
        assert.ok(hits.includes(hit), `${hit}: ${hits}`);
    await k.look(page, 'search');
    await page.fill('dialog input', 'depot-busy');
    await k.until(async () => (await k.texts(page, '.hits li')).some((t) => t.includes('depot-busy')));
    await page.keyboard.press('Enter');
    await h1(page, 'depot-busy');
    await page.keyboard.press('/');
    await page.fill('dialog input', 'SHIP-1000');
    await k.until(async () => (await k.texts(page, '.hits li')).some((t) => t.startsWith('SHIP-1000')));
    await page.fill('dialog input', 'qqqq');
    await k.until(async () => (await k.text(page, 'dialog .body')).includes('Nothing is called so.'));
    await page.keyboard.press('Escape');
    await page.click('.bar .ask');
    await page.waitForSelector('dialog');
    await page.click('dialog [aria-label=Close]');
    await k.until(async () => await page.locator('dialog').count() === 0);
    await k.until(() => page.evaluate(() => document.activeElement.matches('.ask')), 'the focus is back');
    await page.keyboard.press('/');
    await page.fill('dialog input', 'depot');
    await k.until(async () => (await k.texts(page, '.hits li')).some((t) => t.includes('Log group')));
    await page.keyboard.press('ArrowDown');
    await k.until(async () => await page.locator('dialog input').getAttribute('aria-activedescendant') === 'hit-1' && await page.locator('#hit-1[aria-selected=true]').count());
    await page.keyboard.press('Escape');
}

/* From the beginning of the page: the way past the navigation first, then the bar, the pages, the content; each is seen to be chosen. */
export async function tabs(page) {
    await k.go(page, 'alarms');
    const at = () => page.evaluate(() => {
        const e = document.activeElement, s = getComputedStyle(e);
        return [(e.getAttribute('aria-label') ?? e.innerText ?? '').split('\n')[0].trim(), s.outlineStyle !== 'none' && s.outlineWidth !== '0px'];
    });
    const names = [];
    for (let i = 0; i < 18; i++) {
        await page.keyboard.press('Tab');
        const [name, seen] = await at();
        assert.ok(seen, `the outline of ${name}`);
        names.push(name.replace(/ \/$/, ''));
    }
    same(names, ['To the content', 'Waybill', 'Search', 'Last 3 hours', 'Refresh now', 'Refresh every', 'Look: auto', 'Sign out',
        'Shipments', 'Dashboards', 'Alarms', 'Logs', 'Traces', 'Mail', 'Work', 'Type', 'Search alarms', names[17]]);
    await page.reload();
    await k.settled(page);
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await k.until(() => page.evaluate(() => document.activeElement.id === 'main'), 'past the navigation');
    await k.go(page, 'mail');
    await page.focus('[role=tab]');
    await page.keyboard.press('ArrowRight');
    await k.until(async () => page.url().endsWith('tab=topics'));
    await k.until(() => page.evaluate(() => document.activeElement.innerText === 'Topics'));
}

export async function timeRange(page) {
    await k.go(page, 'alarms/depot-slow');
    const button = page.locator('.bar [aria-haspopup=dialog]');
    await button.click();
    await k.look(page, 'time-range');
    await page.click('dialog >> text=Last 1 hour');
    same(await button.innerText(), 'Last 1 hour');
    await page.reload();
    await k.settled(page);
    same(await button.innerText(), 'Last 1 hour', 'kept');
    await button.click();
    await page.fill('input[name=from]', '2026-01-01T00:00');
    await page.fill('input[name=to]', '2025-01-01T00:00');
    await page.click('text=Show this');
    has(await k.text(page, 'dialog [role=alert]'), 'before');
    await page.fill('input[name=to]', '2026-01-01T06:00');
    await page.click('text=Show this');
    same(await button.innerText(), '2026-01-01 00:00 – 2026-01-01 06:00');
    await k.until(async () => (await k.text(page, '.chart figcaption')).includes('–'), 'no value then');
    await button.click();
    await page.click('dialog >> text=Last 3 hours');
    await k.until(async () => (await k.text(page, '.chart figcaption')).includes('123 ms'));
    /* A stretch of a graph becomes the time range. */
    const box = await page.locator('.chart .u-over').boundingBox();
    await page.mouse.move(box.x + box.width * 0.2, box.y + 40);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.5, box.y + 60, { steps: 4 });
    await page.mouse.up();
    const [from, to] = (await button.innerText()).split(' – ').map((t) => Date.parse(t.replace(' ', 'T') + 'Z'));
    assert.ok(Math.abs(to - from - 0.3 * 3 * 3600e3) < 180e3, await button.innerText());
    await button.click();
    await page.click('dialog >> text=Last 3 hours');
}

export async function colors(page) {
    await k.go(page, 'work');
    const becomes = (theme, why) => k.until(() => page.evaluate((t) => document.documentElement.dataset.theme === t, theme), why);
    await page.emulateMedia({ colorScheme: 'dark' });
    await becomes('dark', 'as the system');
    await page.keyboard.press('t');
    await becomes('light', 'light by hand');
    await page.keyboard.press('t');
    await page.emulateMedia({ colorScheme: 'light' });
    await page.reload();
    await k.settled(page);
    await becomes('dark', 'dark by hand, and kept');
    await page.keyboard.press('t');
    await becomes('light', 'as the system again');
}

/* What changes at the server is seen without a hand moved. */
export async function live(page) {
    await page.evaluate(() => localStorage.setItem('waybill.every', '1'));
    await k.go(page, 'alarms');
    const states = async () => Object.fromEntries((await k.rows(page, 'Alarms')).map((r) => [r[1], r[0]]));
    assert.notEqual((await states())['depot-silent'], 'In alarm');
    await k.ask('alarm');
    await k.until(async () => (await states())['depot-silent'] === 'In alarm');
    await page.evaluate(() => localStorage.removeItem('waybill.every'));
    await page.reload();
    await k.settled(page);
}

export async function menu(browser, state) {
    const page = await k.open(browser, { width: 375, state });
    await k.go(page, 'alarms');
    assert.ok(!await page.locator('.side').isVisible());
    await page.click('.burger');
    await k.picture(page, 'menu');
    await page.click('.side >> text=Logs');
    await h1(page, 'Logs');
    assert.ok(!await page.locator('.side').isVisible());
    await page.context().close();
}

export async function nowhere(page) {
    await k.go(page, 'nothing/here');
    same(await k.text(page, 'h1'), 'There is no such page');
    await k.picture(page, 'no-such-page');
    await page.click('text=To the start');
    await h1(page, 'Shipments');
}
