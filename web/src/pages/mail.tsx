/* Mail: what lies in the outbox, read as mail, and who is subscribed to which topic. */
import { useState } from 'preact/hooks';
import { call, callAll } from '../api';
import { count, time } from '../format';
import { Badge, Button, Dialog, Facts, Link, Page, Panel, SearchBox, Show, Tabs, Time } from '../ui/basic';
import { Table } from '../ui/table';
import { href, useData, useParam } from '../state';
import type { PageDef } from './registry';
import './mail.css';

interface Head { Name: string; Date: number; Size: number; From?: string; To?: string; Subject?: string }
interface Letter extends Head { Text: string; Cut: boolean }
interface Subscription { SubscriptionArn: string; Protocol: string; Endpoint: string; TopicArn: string }

const PAGE = 200;
const named = (arn: string) => arn.slice(arn.lastIndexOf(':') + 1);

/* Text whose web addresses are links. They open in a new tab, which learns nothing of this page. */
function Linked({ text }: { text: string }) {
    return <pre class="mail-text" tabIndex={0}>{text.split(/(https?:\/\/[^\s<>"]+)/).map((part, i) =>
        (i % 2 ? <a key={i} href={part} target="_blank" rel="noopener noreferrer">{part}</a> : part))}</pre>;
}

function Reader({ name, onClose }: { name: string; onClose: () => void }) {
    const letter = useData<Letter>((s) => call('waybill', 'GetMail', { Name: name }, s), [name], { still: true });
    return <Dialog title={letter.data?.Subject || 'Mail'} wide onClose={onClose}>
        <Show of={letter}>{(l) => <>
            <Facts of={[['From', l.From], ['To', l.To], ['Date', <Time ms={time(l.Date)} />]]} />
            {l.Cut && <div class="box warn">This mail is long: only its beginning is shown.</div>}
            <Linked text={l.Text} />
        </>}</Show>
    </Dialog>;
}

async function newest(most: number, signal: AbortSignal) {
    const mails: Head[] = [];
    let token: string | undefined, relay = false;
    do {
        const r: any = await call('waybill', 'ListMails', token ? { NextToken: token } : {}, signal);
        mails.push(...r.Mails);
        relay = r.Relay;
        token = r.NextToken;
    } while (token && mails.length < most);
    return { mails, relay, more: !!token };
}

function Outbox() {
    const [most, setMost] = useState(PAGE);
    const [name, setName] = useParam('mail');
    const [text, setText] = useParam('find');
    const found = useData((s) => newest(most, s), [most]);
    const fits = (m: Head) => `${m.To} ${m.Subject}`.toLowerCase().includes(text.toLowerCase());
    return <>
        <Show of={found} lines={6}>{({ mails, relay, more }) => <>
            {relay && <div class="box info">Mails go to the relay that the server was started with. {mails.length ? 'Those below were written before.' : 'None is kept here.'}</div>}
            {(!relay || mails.length > 0) && <Panel pad={false} title={`${count(mails.length)}${more ? ' newest' : ''} ${mails.length === 1 ? 'mail' : 'mails'}`}
                actions={<SearchBox label="Address or subject" value={text} onChange={setText} />}>
                <Table<Head> label="Mails" rows={text ? mails.filter(fits) : mails} empty={text ? 'No mail is like that.' : 'No mail was sent yet.'} id={(m) => m.Name} selected={name} onOpen={(m) => setName(m.Name)} columns={[
                    { name: 'Subject', show: (m) => <Button kind="plain" class="link" title={m.Subject} onClick={() => setName(m.Name)}>{m.Subject || '(no subject)'}</Button>, width: 'minmax(0, 2fr)', sort: (m) => m.Subject ?? '' },
                    { name: 'To', show: (m) => m.To, sort: (m) => m.To ?? '', wide: true },
                    { name: 'Date', show: (m) => <Time ms={time(m.Date)} />, width: 'var(--when)', sort: (m) => m.Date },
                ]} />
                {more && <div class="mail-foot"><Button disabled={found.loading} onClick={() => setMost(most + 5 * PAGE)}>Older mails</Button></div>}
            </Panel>}
        </>}</Show>
        {name && <Reader name={name} onClose={() => setName('')} />}
    </>;
}

/* --- topics --- */

interface Row { topic: string; sub?: Subscription }
const isPending = (s: Subscription) => !s.SubscriptionArn.startsWith('arn:');

function State({ of }: { of?: Subscription }) {
    if (!of)
        return <Badge>nobody</Badge>;
    return isPending(of) ? <Badge tone="warn">pending</Badge> : <Badge tone="good">confirmed</Badge>;
}

function Details({ sub, onClose }: { sub: Subscription; onClose: () => void }) {
    const more = useData((s) => (isPending(sub) ? Promise.resolve({ Attributes: {} }) : call('sns', 'GetSubscriptionAttributes', { SubscriptionArn: sub.SubscriptionArn }, s)), [sub.SubscriptionArn], { still: true });
    return <Dialog title="Subscription" wide onClose={onClose}>
        <Facts of={[['Topic', sub.TopicArn], ['Endpoint', sub.Endpoint], ['Protocol', sub.Protocol], ['State', <State of={sub} />]]} />
        {isPending(sub) && <div class="box warn">Nothing is sent to {sub.Endpoint} before the link of its confirmation mail is opened. Without a relay that mail lies in <Link to={href('mail', { find: sub.Endpoint })} onClickCapture={onClose}>the outbox</Link>. Subscribing again sends a new one.</div>}
        {!isPending(sub) && <Show of={more}>{(d) => <Facts of={Object.entries<string>(d.Attributes ?? {}).filter(([k]) => !['TopicArn', 'Endpoint', 'Protocol', 'PendingConfirmation'].includes(k))} />}</Show>}
    </Dialog>;
}

function Topics() {
    const [text, setText] = useParam('find');
    const [open, setOpen] = useState<Subscription | null>(null);
    const found = useData(async (s) => {
        const [topics, subs] = await Promise.all([callAll<{ TopicArn: string }>('sns', 'ListTopics', {}, 'Topics', undefined, 5000, s), callAll<Subscription>('sns', 'ListSubscriptions', {}, 'Subscriptions', undefined, 20000, s)]);
        const of = new Map<string, Subscription[]>();
        for (const one of subs)
            of.set(one.TopicArn, [...(of.get(one.TopicArn) ?? []), one]);
        return topics.flatMap(({ TopicArn }): Row[] => (of.get(TopicArn) ?? [undefined]).map((sub) => ({ topic: TopicArn, sub })));
    }, []);
    const fits = (r: Row) => `${named(r.topic)} ${r.sub?.Endpoint ?? ''}`.toLowerCase().includes(text.toLowerCase());
    return <>
        <Show of={found}>{(rows) => {
            const pending = rows.filter((r) => r.sub && isPending(r.sub)).length;
            return <>
                {pending > 0 && <div class="box warn">{pending === 1 ? 'One subscription waits' : `${count(pending)} subscriptions wait`} for the link of the confirmation mail to be opened.</div>}
                <Panel pad={false} title="Subscriptions" actions={<SearchBox label="Topic or address" value={text} onChange={setText} />}>
                    <Table<Row> label="Subscriptions" rows={text ? rows.filter(fits) : rows} empty={text ? 'No topic or address is like that.' : 'There is no topic yet.'} onOpen={(r) => r.sub && setOpen(r.sub)} columns={[
                        { name: 'Topic', show: (r) => <span title={r.topic}>{named(r.topic)}</span>, sort: (r) => named(r.topic) },
                        { name: 'Endpoint', show: (r) => (r.sub ? <Button kind="plain" class="link" title={r.sub.Endpoint} onClick={() => setOpen(r.sub!)}>{r.sub.Endpoint}</Button> : '–'), sort: (r) => r.sub?.Endpoint ?? '' },
                        { name: 'Protocol', show: (r) => r.sub?.Protocol, width: '7rem', wide: true, sort: (r) => r.sub?.Protocol ?? '' },
                        { name: 'State', show: (r) => <State of={r.sub} />, width: '7.5rem', sort: (r) => (r.sub ? (isPending(r.sub) ? 'pending' : 'confirmed') : '') },
                    ]} />
                </Panel>
            </>;
        }}</Show>
        {open && <Details sub={open} onClose={() => setOpen(null)} />}
    </>;
}

function Mail() {
    const [tab, setTab] = useParam('tab', 'outbox');
    return <Page title="Mail">
        <Tabs value={tab} onChange={setTab} options={[['outbox', 'Outbox'], ['topics', 'Topics']]} />
        {tab === 'topics' ? <Topics /> : <Outbox />}
    </Page>;
}

export const mail: PageDef = {
    path: 'mail', title: 'Mail', group: 'Operate', letter: 'm', component: Mail,
    icon: 'M2 3.5h12v9H2zM2 4l6 5 6-5',
};
