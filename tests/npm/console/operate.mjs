/* Shipments, mail and work. */
import assert from 'node:assert/strict';
import * as k from './kit.mjs';
import { facts, has, same } from './kit.mjs';

export async function shipments(page) {
    await k.go(page, 'shipments');
    same((await k.rows(page, 'Shipments'))[0].slice(1, 4), ['SHIP-1040', 'DELAYED', 'Memphis, TN']);
    await k.look(page, 'shipments');
    await page.selectOption('[aria-label="Current status"]', 'attention');
    await k.until(async () => (await k.rows(page, 'Shipments')).map((r) => r[1]).join() === 'SHIP-1040,SHIP-1052');
    has((await k.rows(page, 'Shipments'))[1][2], 'exception');
    await page.selectOption('[aria-label="Current status"]', 'RETURNED');
    await k.until(async () => (await k.text(page, 'main')).includes('No shipment is in this status now.'));

    /* One by its id, and by its tracking number as people write it; a number used again gives a choice. */
    await seek(page, 'SHIP-1000');
    await k.until(async () => (await k.text(page, 'h1')) === 'SHIP-1000');
    await k.settled(page);
    same(await k.texts(page, '.timeline .badge'), facts.shipments.story);
    has(await k.text(page, '.facts'), 'DELIVERED');
    await k.look(page, 'shipment', { narrowHeight: 1000 });
    await page.click('text=Original >> nth=0');
    has(await k.text(page, 'dialog'), '"shipmentId": "SHIP-1000"');
    await k.look(page, 'shipment-original');
    await page.keyboard.press('Escape');
    await seek(page, '9400-1052');
    await k.until(async () => (await k.text(page, 'h1')) === 'SHIP-1052');
    await k.settled(page);
    has(await k.text(page, '.facts'), 'yes: REFUSED');
    await seek(page, '9400 1000');
    await k.until(async () => (await k.rows(page, 'Found')).map((r) => r[1]).join() === 'SHIP-1000,SHIP-1050');
    await k.look(page, 'shipments-found');
    await seek(page, 'nobody');
    await k.until(async () => (await k.text(page, 'main')).includes('No shipment and no tracking number is called nobody.'));
    await page.keyboard.press('/');
    await page.fill('dialog input', '9400 1052');
    await k.until(async () => (await k.texts(page, '.hits li')).some((t) => t.startsWith('SHIP-1052') && t.includes('IN_TRANSIT')));
    await page.keyboard.press('Escape');
    await k.go(page, 'shipments/SHIP-1051');
    has(await k.text(page, '.facts'), 'OUT_FOR_DELIVERY');
    same(await k.texts(page, '.timeline .withdrawn'), ['DELIVERED']);
    has(await k.text(page, '.timeline'), 'takes this update back');
    await k.look(page, 'shipment-taken-back');

    await k.go(page, 'shipments?tab=updates');
    same((await k.rows(page, 'Updates'))[0].slice(1, 4), ['SHIP-1040', 'DELAYED', 'Memphis, TN']);
    await page.selectOption('[aria-label=Status]', 'DELAYED');
    await k.until(async () => (await k.rows(page, 'Updates')).length === 1);
    await k.go(page, 'shipments?tab=refused');
    await k.until(async () => (await k.text(page, '.panel h2')) === `${facts.shipments.refused} refused`);
    const reasons = {};
    for (const [, reason] of await k.rows(page, 'Refused updates'))
        reasons[reason] = (reasons[reason] ?? 0) + 1;
    same(reasons, facts.shipments.reasons);
    await k.look(page, 'shipments-refused');
    await page.click('text=MISSING_SHIPMENT_ID >> nth=-1');
    has(await k.text(page, 'dialog'), 'shipmentId is missing');
    await page.keyboard.press('Escape');
    await k.go(page, 'shipments/NOBODY');
    has(await k.text(page, 'main'), 'No update of a shipment called NOBODY');
    await k.picture(page, 'shipment-unknown');
    await k.provoking(/400/, async () => { /* it asks for the shipments before it knows that there are none */
        await k.go(page, 'shipments?suffix=nowhere');
        await k.until(async () => (await k.text(page, 'main')).includes('there is dev'));
        await k.look(page, 'shipments-nowhere');
    });
}

async function seek(page, text) {
    await page.fill('input[aria-label="Shipment or tracking number"]', text);
    await page.keyboard.press('Enter');
}

export async function mail(page) {
    await k.go(page, 'mail');
    const mails = (await k.api(page, 'waybill', 'ListMails')).Mails;
    same((await k.rows(page, 'Mails')).map((r) => [r[0], r[1]]), mails.map((m) => [m.Subject, m.To]));
    assert.ok(mails.some((m) => m.Subject === 'Shipment delayed: SHIP-1040') && mails.some((m) => m.Subject.startsWith('ALARM: "depot-slow"')));
    await k.look(page, 'mail');
    await page.click('text=Shipment delayed: SHIP-1040');
    await k.until(async () => (await k.text(page, 'dialog')).includes('Storm'));
    await k.look(page, 'mail-read');
    await page.keyboard.press('Escape');
    await page.fill('main input.search', 'night@');
    await k.until(async () => (await k.rows(page, 'Mails')).length === 1);
    await k.go(page, 'mail?tab=topics');
    has(await k.text(page, 'main [class~=warn]'), 'One subscription waits');
    same((await k.rows(page, 'Subscriptions')).map((r) => [r[1], r[3]]).sort(), [['night@example.test', 'pending'], ['ops@example.test', 'confirmed']]);
    await k.look(page, 'topics');
    await page.click('text=night@example.test');
    has(await k.text(page, 'dialog'), 'Nothing is sent to night@example.test before');
    await k.picture(page, 'subscription');
    await page.keyboard.press('Escape');
}

export async function work(page) {
    await k.go(page, 'work');
    same(await k.rows(page, 'Queues').then((all) => all.map((r) => r.slice(0, 3))), [['billing lambda function', '1', '1']]);
    same((await k.rows(page, 'Dead rows')).map((r) => r.slice(1)), [['billing lambda function', 'FunctionError', '3'], ['billing lambda function', 'FunctionError', '3']]);
    await k.look(page, 'work');
    await page.locator('[aria-label="Dead rows"] .row').first().click();
    has(await k.text(page, 'dialog'), 'no luck with');
    await k.look(page, 'work-dead');
    await k.ask('mend');
    await page.click('dialog >> text=Try again');
    await k.until(async () => (await k.rows(page, 'Dead rows')).length === 1);
    await page.locator('[aria-label="Dead rows"] .row').first().click();
    await page.click('dialog >> text=Discard');
    await k.until(async () => (await k.text(page, 'main')).includes('Nothing has died in the last 14 days.'));
    same((await k.api(page, 'waybill', 'ListDead')).Items ?? [], []);
    await k.picture(page, 'work-none-dead');
}
