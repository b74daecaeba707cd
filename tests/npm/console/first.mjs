/* How long the console takes to show data, by chromium: at first, in a new tab, and again in one that is open. For ./bench; milliseconds, as JSON. */
import { firstView, nextViews } from './entry.mjs';
import * as k from './kit.mjs';

const COUNT = 15;
const browser = await k.launch(), page = await k.open(browser), first = {}, again = {};
await page.goto(k.BASE);
await k.signIn(page, k.facts.root);
const state = await page.context().storageState();
for (const where of ['shipments', 'alarms', 'logs']) {
    first[where] = [];
    while (first[where].length < COUNT)
        first[where].push((await firstView(browser, state, where)).ms);
    again[where] = await nextViews(browser, state, where, COUNT);
}
console.log(JSON.stringify({ 'first view': first, 'again': again }));
await browser.close();
process.exit();
