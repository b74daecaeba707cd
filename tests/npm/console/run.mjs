/*
 * Drives the console by chromium: every page, light and dark, at 1280 and at 375 px. test_console_pages runs it, with the facts
 * that its data was made from, a folder for the pictures, and perhaps the names of the parts to run.
 */
import assert from 'node:assert/strict';
import * as entry from './entry.mjs';
import * as frame from './frame.mjs';
import * as k from './kit.mjs';
import * as logs from './logs.mjs';
import * as operate from './operate.mjs';
import * as watch from './watch.mjs';

const browser = await k.launch();
const page = await k.open(browser);

const chosen = process.argv.slice(4);

async function part(name, run) {
    if (chosen.length && !chosen.includes(name))
        return;
    const begun = Date.now();
    const told = await run();
    k.calm();
    console.log(`${name}: ${((Date.now() - begun) / 1000).toFixed(1)} s${typeof told === 'string' ? `; ${told}` : ''}`);
}

try {
    await part('signIn', () => entry.signIn(browser));
    await page.goto(k.BASE);
    await k.signIn(page, k.facts.root);
    const state = await page.context().storageState();
    await part('firstView', async () => {
        const told = [];
        for (const [where, calls] of [['alarms', 1], ['logs', 1], ['shipments', 2]]) {
            const shown = await entry.firstView(browser, state, where);
            assert.ok(shown.files <= 2 && shown.bytes < 100_000 && shown.calls === calls, JSON.stringify(shown));
            told.push(`${where}: a row of data after ${shown.ms.toFixed(0)} ms, ${shown.files} files of ${shown.bytes} bytes, ${shown.calls} calls`);
        }
        return told.join('; ');
    });
    for (const one of [operate.work, operate.shipments, watch.dashboards, watch.widgets, watch.alarms, watch.alarm, logs.insights, logs.logs, watch.traces, operate.mail,
        frame.keys, frame.search, frame.tabs, frame.timeRange, frame.colors, frame.live, frame.nowhere, logs.longLog, logs.longTable, entry.thinking])
        await part(one.name, () => one(page));
    await part('fromElsewhere', () => entry.fromElsewhere(browser, state));
    await part('menu', () => frame.menu(browser, state));
    await part('guest', () => entry.guest(browser));
    await part('away', () => entry.away(page));
    await part('expiry', () => entry.expiry(page));
} catch (e) {
    await k.picture(page, 'failed').catch(() => {});
    console.log(e.stack ?? e);
    try { k.calm(); } catch (more) { console.log('besides:', more.actual); }
    process.exitCode = 1;
}
await browser.close();
process.exit();
