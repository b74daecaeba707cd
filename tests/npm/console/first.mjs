/* How long the console takes to show data, by chromium, each time with nothing kept: for ./bench. Milliseconds, as JSON. */
import { firstView } from './entry.mjs';
import * as k from './kit.mjs';

const browser = await k.launch(), page = await k.open(browser), shown = {};
await page.goto(k.BASE);
await k.signIn(page, k.facts.root);
const state = await page.context().storageState();
for (const where of ['shipments', 'alarms', 'logs']) {
    shown[where] = [];
    for (let i = 0; i < 8; i++)
        shown[where].push((await firstView(browser, state, where)).ms);
}
console.log(JSON.stringify(shown));
await browser.close();
process.exit();
