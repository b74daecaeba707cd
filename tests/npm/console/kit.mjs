/*
 * What driving the console takes: chromium, a page that notes what must not happen (errors, requests to elsewhere), the facts
 * that the server's data was made from, pictures, axe, and a word to the test that runs the server.
 */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { chromium } from 'playwright-core';

export const facts = JSON.parse(fs.readFileSync(process.argv[2], 'utf8'));
const pictures = process.argv[3];
export const BASE = facts.url + '/_waybill/console/';
const axe = fs.readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/* --- the test that started this: it stops and starts the server, and moves its clock --- */

const answers = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

export async function ask(what) {
    console.log('@' + what);
    const { value } = await answers.next();
    assert.equal(value, 'done', what);
}

/* --- the browser --- */

export const launch = () => chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu', '--force-color-profile=srgb'] });

const trouble = [];
let expected = null; /* errors that a step provokes on purpose */

function watch(page) {
    const note = (text) => { if (!expected?.test(text)) trouble.push(`${page.url()}: ${text}`); };
    page.on('console', (m) => { if (m.type() === 'error' || m.type() === 'warning') note(`${m.text()} ${m.location().url ?? ''}`); });
    page.on('pageerror', (e) => note(String(e.stack ?? e)));
    page.on('request', (r) => { if (!/^(data|blob):/.test(r.url()) && new URL(r.url()).origin !== facts.url) note(`a request to ${r.url()}`); });
}

export async function open(browser, { scheme = 'light', width = 1280, state } = {}) {
    const context = await browser.newContext({ viewport: { width, height: 800 }, colorScheme: scheme, timezoneId: 'UTC', locale: 'en-GB', storageState: state });
    const page = await context.newPage();
    page.setDefaultTimeout(15_000);
    watch(page);
    return page;
}

/* What may be seen on the browser's console while it runs; all else fails the test. */
export async function provoking(pattern, run) {
    expected = pattern;
    try {
        return await run();
    } finally {
        expected = null;
    }
}

export const calm = () => assert.deepEqual(trouble.splice(0), []);

export async function signIn(page, [key, secret]) {
    await page.fill('input[name=key]', key);
    await page.fill('input[name=secret]', secret);
    await page.click('button[type=submit]');
    await page.waitForSelector('.bar');
}

/* Everything that was asked for is there. */
export const settled = (page) => page.waitForFunction(() => document.querySelector('main#main') && !document.querySelector('.loading, [aria-busy=true]'));
const frames = (page) => page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => requestAnimationFrame(done)))));

/* Graphs too, which draw when they know their size. */
async function drawn(page) {
    await page.waitForFunction(() => [...document.querySelectorAll('.plot')].every((p) => p.querySelector('canvas')));
    await frames(page);
}

export async function go(page, where) {
    await page.goto(BASE + where);
    await settled(page);
}

export const text = (page, selector) => page.locator(selector).first().innerText();
export const texts = (page, selector) => page.locator(selector).allInnerTexts();
/* The visible rows of a table, as cells. */
export const rows = (page, label) => page.locator(`[role=table][aria-label="${label}"] .row`).evaluateAll((all) => all.map((r) => [...r.querySelectorAll('[role=cell]')].map((c) => c.innerText.trim())));
export const nodes = (page) => page.evaluate(() => document.querySelectorAll('*').length);
export const until = async (what, message) => {
    for (let i = 0; i < 300; i++) {
        const found = await what();
        if (found)
            return found;
        await new Promise((done) => setTimeout(done, 50));
    }
    assert.fail(message ?? `waited in vain for ${what}`);
};

/* An operation as the page's own door answers it, to hold the page against. */
export const api = (page, service, operation, input = {}) => page.evaluate(async ([path, body]) => {
    const r = await fetch('/_waybill/console/api/' + path, { method: 'POST', headers: { 'X-Waybill-Console': '1', 'Content-Type': 'application/json' }, body: JSON.stringify(body) });
    if (!r.ok)
        throw new Error(await r.text());
    return r.json();
}, [`${service}/${operation}`, input]);

export const same = (a, b, what) => assert.deepEqual(a, b, what);
export const has = (text, part) => assert.ok(text.includes(part), `"${part}" is not in: ${text}`);

/* --- looking at a page --- */

const COLORS = ['color-contrast', 'link-in-text-block'];

/* What axe finds serious: all of its rules, those about colours, or the others. */
export async function accessible(page, name, rules = 'all') {
    if (!await page.evaluate(() => 'axe' in globalThis))
        await page.evaluate(axe);
    const some = rules === 'colors' ? { runOnly: COLORS } : rules === 'shape' ? { rules: Object.fromEntries(COLORS.map((r) => [r, { enabled: false }])) } : {};
    const found = await page.evaluate((o) => globalThis.axe.run(document, { resultTypes: ['violations'], ...o }), some);
    const bad = found.violations.filter((v) => v.impact === 'serious' || v.impact === 'critical')
        .map((v) => `${name}: ${v.id}: ${v.help}\n${v.nodes.slice(0, 5).map((n) => `    ${n.html.slice(0, 200)}\n      ${(n.failureSummary ?? '').replace(/\n/g, '\n      ')}`).join('\n')}`);
    if (bad.length)
        trouble.push(...bad);
}

async function narrow(page, name) {
    const wide = await page.evaluate(() => {
        const far = document.documentElement.scrollWidth - innerWidth;
        return far > 0 ? `${far} px: ${[...document.querySelectorAll('main *')].filter((e) => e.getBoundingClientRect().right > innerWidth + 1).slice(0, 5).map((e) => e.outerHTML.slice(0, 120)).join('\n')}` : '';
    });
    if (wide)
        trouble.push(`${name} is wider than 375 px by ${wide}`);
}

export async function picture(page, name) {
    await drawn(page);
    await page.screenshot({ path: path.join(pictures, `${name}.png`), animations: 'disabled' });
}

/* Pictures of what is open, light and dark, wide and narrow; looked at by axe in both themes, and at 375 px for what sticks out. */
export async function look(page, name, { height = 800, narrowHeight = 800 } = {}) {
    for (const [scheme, width, rules] of [['light', 1280, 'all'], ['dark', 1280, 'colors'], ['dark', 375, ''], ['light', 375, 'shape']]) {
        await page.emulateMedia({ colorScheme: scheme });
        await page.setViewportSize({ width, height: width === 375 ? narrowHeight : height });
        await drawn(page);
        await settled(page);
        await drawn(page);
        if (width === 375)
            await narrow(page, `${name} (${scheme})`);
        if (rules)
            await accessible(page, `${name} (${scheme}, ${width} px)`, rules);
        await page.screenshot({ path: path.join(pictures, `${name}-${scheme}-${width}.png`), animations: 'disabled' });
    }
    await page.setViewportSize({ width: 1280, height: 800 });
    await drawn(page);
}
