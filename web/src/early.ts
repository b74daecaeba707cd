/*
 * Stands at the head of the page and runs before the rest of it is read: asks what the page at this address will ask first, so
 * that the answer comes in that time.
 */
import { firstAsk } from './pages/first';
import { here } from './place';
import { sendEarly, stampPage } from './send';

stampPage();
const { signedIn, region } = JSON.parse(document.querySelector<HTMLMetaElement>('meta[name=session]')?.content || '{}');
const { path, query } = here();
const first = signedIn ? firstAsk(path, query, region) : undefined;
if (first)
    sendEarly(`api/${first.service}/${first.operation}`, region, JSON.stringify(first.input));
