/* How long the console takes to show data, by chromium: in a new one with nothing kept, and in a tab that is open. For ./bench; milliseconds, as JSON. */
import { firstView, nextViews, oneWord } from './entry.mjs';
import * as k from './kit.mjs';

const browser = await k.launch(), page = await k.open(browser), first = {}, next = {};
await page.goto(k.BASE);
await k.signIn(page, k.facts.root);
const state = await page.context().storageState();
for (first['(a page of one word)'] = []; first['(a page of one word)'].length < 8;)
    first['(a page of one word)'].push(await oneWord(browser, state));
for (const where of ['shipments', 'alarms', 'logs']) {
    first[where] = [];
    for (let i = 0; i < 8; i++)
        first[where].push((await firstView(browser, state, where)).ms);
    next[where] = await nextViews(browser, state, where, 8);
}
console.log(JSON.stringify({ 'first view': first, 'in an open tab': next }));
await browser.close();
process.exit();
