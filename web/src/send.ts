/* A request to the console's own door, and the one that was sent before the program came (early.ts). */
import { BASE } from './place';

export interface Answer { ok: boolean; status: number; text: string }

export async function send(method: string, path: string, region: string, body?: string, signal?: AbortSignal): Promise<Answer> {
    const headers: Record<string, string> = { 'X-Waybill-Console': '1', 'Content-Type': 'application/json' };
    if (region)
        headers['X-Waybill-Region'] = region;
    const r = await fetch(`${BASE}/${path}`, { method, headers, body, signal, credentials: 'same-origin' });
    return { ok: r.ok, status: r.status, text: await r.text() };
}

interface Early { path: string; region: string; body: string; answer: Promise<Answer> }
const shared = globalThis as { early?: Early; came?: number };

/* Date.now() when the page came, which is when the session in it was true. */
export const stampPage = () => { shared.came = Date.now(); };
export const pageCame = () => shared.came ?? Date.now();

export function sendEarly(path: string, region: string, body: string) {
    const answer = send('POST', path, region, body);
    answer.catch(() => {}); /* who takes it hears of it */
    shared.early = { path, region, body, answer };
}

/* The answer to this very request, once. */
export function takeEarly(path: string, region: string, body?: string): Promise<Answer> | undefined {
    const e = shared.early;
    if (!e || e.path !== path || e.region !== region || e.body !== body)
        return undefined;
    forgetEarly();
    return e.answer;
}
export const earlyAnswer = () => shared.early?.answer;
export const forgetEarly = () => { delete shared.early; };
