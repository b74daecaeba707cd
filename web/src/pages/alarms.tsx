/* Alarms: their list by state, and one with its reason, its graph, its history and what can be done with it. */
import { useMemo, useState } from 'preact/hooks';
import { call } from '../api';
import { count, time } from '../format';
import { go, href, range, spanOf, useData, useParam, useStore } from '../state';
import { Badge, Button, Code, Dialog, Empty, ErrorBox, Facts, Field, Link, Page, Panel, SearchBox, Select, Show, Time } from '../ui/basic';
import { Chart, type Moment } from '../ui/chart';
import { Table } from '../ui/table';
import type { Hit, PageDef } from './registry';
import { loadAlarms, loadLines, loadNamed } from './watch/load';
import { alarmMark, alarmPeriod, alarmRows, condition, nameOf, ruleTokens, type Alarm, type State } from './watch/rows';
import { StateBadge, STATES } from './watch/state';
import './alarms.css';

const ORDER: Record<State, number> = { ALARM: 0, INSUFFICIENT_DATA: 1, OK: 2 };
const since = (a: Alarm) => time(a.StateTransitionedTimestamp ?? a.StateUpdatedTimestamp) ?? 0;
const pathOf = (name: string) => href(['alarms', name]);

/* --- the list --- */

function List() {
    const [q, setQ] = useParam('q');
    const [state, setState] = useParam('state');
    const [type, setType] = useParam('type');
    const data = useData((s) => loadAlarms({}, s), []);
    return <Page title="Alarms" actions={<>
        <Select label="Type" value={type} onChange={setType} options={[['', 'All types'], ['metric', 'Metric alarms'], ['composite', 'Composite alarms']]} />
        <SearchBox label="Search alarms" value={q} onChange={setQ} />
    </>}>
        <Show of={data}>{(all) => {
            const mine = all.filter((a) => a.AlarmName.toLowerCase().includes(q.toLowerCase()) && (!type || (type === 'composite') === (a.AlarmRule !== undefined)));
            const shown = mine.filter((a) => !state || a.StateValue === state).sort((a, b) => ORDER[a.StateValue] - ORDER[b.StateValue] || since(b) - since(a));
            return <>
                <div class="states" role="group" aria-label="State">{[['', 'All'] as ['', string], ...STATES].map(([s, name]) =>
                    <button type="button" key={s} class={s} aria-pressed={state === s} onClick={() => setState(s)}><b>{count(s ? mine.filter((a) => a.StateValue === s).length : mine.length)}</b><span>{name}</span></button>)}</div>
                <Panel pad={false}>
                    <Table<Alarm> label="Alarms" rows={shown} id={(a) => a.AlarmName} onOpen={(a) => go(pathOf(a.AlarmName))}
                        empty={all.length ? 'No alarm is so.' : 'There is no alarm yet. PutMetricAlarm, or a stack that contains one, makes it.'} columns={[
                            { name: 'State', show: (a) => <StateBadge of={a.StateValue} />, width: '9.5rem', sort: (a) => ORDER[a.StateValue] },
                            { name: 'Name', show: (a) => <Link to={pathOf(a.AlarmName)} title={a.AlarmName}>{a.AlarmName}</Link>, width: 'minmax(0, 2fr)', sort: (a) => a.AlarmName },
                            { name: 'Condition', show: (a) => condition(a), width: 'minmax(0, 3fr)', wide: true },
                            { name: 'Since', show: (a) => <Time ms={since(a)} relative />, width: '9rem', wide: true, sort: since },
                            { name: 'Actions', show: (a) => (a.ActionsEnabled === false ? <Badge tone="warn">off</Badge> : 'on'), width: '5rem', wide: true, sort: (a) => Number(a.ActionsEnabled !== false) },
                        ]} />
                </Panel>
            </>;
        }}</Show>
    </Page>;
}

/* --- one alarm --- */

interface Item { Timestamp: number; HistoryItemType: string; HistorySummary: string; HistoryData?: string }

async function loadHistory(name: string, signal: AbortSignal): Promise<Item[]> {
    const all: Item[] = [];
    let next: string | undefined;
    do {
        const r: any = await call('cloudwatch', 'DescribeAlarmHistory', { AlarmName: name, AlarmTypes: ['MetricAlarm', 'CompositeAlarm'], ScanBy: 'TimestampDescending', MaxRecords: 100, NextToken: next }, signal);
        all.push(...(r.AlarmHistoryItems ?? []));
        next = r.NextToken;
    } while (next && all.length < 500);
    return all;
}

function changedTo(i: Item): State | undefined {
    try {
        return i.HistoryItemType === 'StateUpdate' ? JSON.parse(i.HistoryData ?? '{}').newState?.stateValue : undefined;
    } catch {
        return undefined;
    }
}

const TONE: Record<State, string> = { ALARM: '--bad', OK: '--good', INSUFFICIENT_DATA: '--quiet' };

function Graph({ alarm, history }: { alarm: Alarm; history: Item[] }) {
    const r = useStore(range);
    const data = useData((s) => loadLines(alarmRows(alarm), { span: spanOf(r), live: true }, s), [JSON.stringify(alarmRows(alarm)), r]);
    const d = data.data;
    const series = useMemo(() => d?.lines.map((l) => ({ label: l.label, values: l.values, unit: l.unit, right: l.row.options.yAxis === 'right' })) ?? [], [d]);
    const marks = useMemo(() => alarmMark(alarm).map((m) => ({ ...m, label: `threshold ${alarm.Threshold}` })), [alarm.Threshold, alarm.ComparisonOperator]);
    const moments = useMemo(() => {
        const [from, to] = d?.span ?? [0, 0], colors = getComputedStyle(document.documentElement);
        const mine = history.map((i) => ({ ms: time(i.Timestamp)!, state: changedTo(i) })).filter((m) => m.state && m.ms >= from && m.ms <= to);
        let free = Infinity; /* to the left of this a label finds room; the newest is named first */
        return mine.map((m): Moment => {
            const named = m.ms < free;
            if (named)
                free = m.ms - (to - from) * 0.18;
            return { ms: m.ms, color: colors.getPropertyValue(TONE[m.state!]).trim(), label: named ? m.state!.replace('_', ' ').toLowerCase() : undefined };
        });
    }, [d, history]);
    const axes = useMemo(() => ({ left: {}, right: {} }), []);
    return <Show of={data}>{() => <>
        {d!.said.length > 0 && <div class="box warn">{d!.said[0]}</div>}
        <Chart times={d!.times} series={series} span={d!.span} marks={marks} moments={moments} axes={axes} height={280} label={`What ${alarm.AlarmName} looks at, with its threshold`} zoom />
        {d!.period > alarmPeriod(alarm) && <small>Drawn in steps of {d!.period / 60} minutes; the alarm looks at steps of {alarmPeriod(alarm)} s.</small>}
    </>}</Show>;
}

function Rule({ alarm }: { alarm: Alarm }) {
    const tokens = useMemo(() => ruleTokens(alarm.AlarmRule ?? ''), [alarm.AlarmRule]);
    const names = [...new Set(tokens.flatMap((t) => ('name' in t ? [t.name] : [])))];
    const data = useData((s) => (names.length ? loadNamed(names, s) : Promise.resolve([])), [names.join('\n')]);
    const stateOf = (name: string) => data.data?.find((a) => a.AlarmName === name)?.StateValue;
    return <Panel title="Rule">
        <p class="rule">{tokens.map((t, i) => ('text' in t ? <span key={i}>{t.text}</span>
            : <span key={i} class={stateOf(t.name) === t.state ? 'true' : 'false'} title={stateOf(t.name) === t.state ? 'true now' : 'false now'}>{t.state}(<Link to={pathOf(t.name)}>{t.name}</Link>)</span>))}</p>
        <Show of={data}>{(all) => <ul class="children">{names.map((n) => {
            const a = all.find((x) => x.AlarmName === n);
            return <li key={n}>{a ? <StateBadge of={a.StateValue} /> : <Badge tone="warn">not there</Badge>}<Link to={pathOf(n)}>{n}</Link>{a && <small><Time ms={since(a)} relative /></small>}</li>;
        })}{!names.length && <li><small>The rule speaks of no other alarm.</small></li>}</ul>}</Show>
    </Panel>;
}

function SetState({ alarm, onDone }: { alarm: Alarm; onDone: (changed: boolean) => void }) {
    const [state, set] = useState<State>(alarm.StateValue === 'ALARM' ? 'OK' : 'ALARM');
    const [error, setError] = useState<any>(null);
    return <Dialog title="Set the state" onClose={() => onDone(false)}>
        <form onSubmit={async (e) => {
            e.preventDefault();
            const reason = String(new FormData(e.currentTarget).get('reason'));
            try {
                await call('cloudwatch', 'SetAlarmState', { AlarmName: alarm.AlarmName, StateValue: state, StateReason: reason });
                onDone(true);
            } catch (x) {
                setError(x);
            }
        }}>
            <p>The actions of the new state are done. The next evaluation may change it back.</p>
            <Field label="State"><Select label="State" value={state} onChange={set} options={STATES} /></Field>
            <Field label="Reason"><textarea name="reason" rows={3} required maxLength={1023} autofocus style={{ width: '100%' }} /></Field>
            {error && <ErrorBox error={error} />}
            <Button kind="primary" type="submit">Set</Button>
        </form>
    </Dialog>;
}

const Arns = ({ of }: { of?: string[] }) => (of?.length ? <ul class="arns">{of.map((a) => <li key={a}>{a}</li>)}</ul> : <span>none</span>);

const MISSING: Record<string, string> = { missing: 'is missing', notBreaching: 'counts as good', breaching: 'counts as breaching', ignore: 'changes nothing' };

function One({ name }: { name: string }) {
    const data = useData(async (s): Promise<{ alarm?: Alarm; history: Item[]; parents: Alarm[] }> => {
        const [alarm] = await loadNamed([name], s);
        if (!alarm)
            return { history: [], parents: [] };
        const [history, parents] = await Promise.all([loadHistory(name, s), call('cloudwatch', 'DescribeAlarms', { ParentsOfAlarmName: name }, s).then((r): Alarm[] => r.CompositeAlarms ?? [])]);
        return { alarm, history, parents };
    }, [name]);
    const [dialog, setDialog] = useState<'' | 'state' | 'json'>('');
    const [open, setOpen] = useState<Item | null>(null);
    const [error, setError] = useState<any>(null);
    const a = data.data?.alarm;
    const turn = async () => {
        try {
            await call('cloudwatch', a?.ActionsEnabled === false ? 'EnableAlarmActions' : 'DisableAlarmActions', { AlarmNames: [name] });
            setError(null);
        } catch (x) {
            setError(x);
        }
        data.reload();
    };
    return <Page title={name} crumbs={[['Alarms', href('alarms')]]} actions={a && <>
        <StateBadge of={a.StateValue} />
        <Button onClick={turn}>{a.ActionsEnabled === false ? 'Enable actions' : 'Disable actions'}</Button>
        <Button onClick={() => setDialog('state')}>Set state</Button>
        <Button onClick={() => setDialog('json')}>View as JSON</Button>
    </>}>
        {error && <ErrorBox error={error} />}
        <Show of={data}>{({ alarm, history, parents }) => !alarm ? <Panel><Empty>There is no alarm of this name. <Link to={href('alarms')}>All alarms</Link></Empty></Panel> : <>
            {alarm.AlarmDescription && <p class="lead">{alarm.AlarmDescription}</p>}
            <div class={`box ${alarm.StateValue === 'ALARM' ? 'bad' : alarm.StateValue === 'OK' ? 'good' : 'info'}`}>
                <strong>{STATES.find(([s]) => s === alarm.StateValue)?.[1]} since <Time ms={since(alarm)} /></strong><p>{alarm.StateReason}</p>
            </div>
            {alarm.AlarmRule === undefined ? <Panel title={condition(alarm)}><Graph alarm={alarm} history={history} /></Panel> : <Rule alarm={alarm} />}
            <div class="columns">
                <Panel title="History" pad={false}>
                    <Table<Item> label="History" rows={history} empty="Nothing has happened in the last 30 days." height={380} onOpen={setOpen} columns={[
                        { name: 'When', show: (i) => <Time ms={time(i.Timestamp)} />, width: 'var(--when)', sort: (i) => i.Timestamp },
                        { name: 'What', show: (i) => i.HistorySummary, width: 'minmax(0, 1fr)' },
                    ]} />
                </Panel>
                <Panel title="Definition"><Facts of={[
                    ['Namespace', alarm.Namespace], ['Metric', alarm.MetricName], ['Dimensions', alarm.Dimensions?.map((d) => `${d.Name} = ${d.Value}`).join(', ')],
                    ['Statistic', alarm.Statistic ?? alarm.ExtendedStatistic], ['Period', alarm.AlarmRule === undefined ? `${alarmPeriod(alarm)} s` : undefined],
                    ['Missing data', alarm.AlarmRule === undefined ? MISSING[alarm.TreatMissingData ?? 'missing'] : undefined],
                    ['Waits for', alarm.ActionsSuppressor && <Link to={pathOf(nameOf(alarm.ActionsSuppressor))}>{nameOf(alarm.ActionsSuppressor)}</Link>], ['Suppressed', alarm.ActionsSuppressedReason],
                    ['Part of', parents.length ? parents.map((p) => <div key={p.AlarmName}><Link to={pathOf(p.AlarmName)}>{p.AlarmName}</Link></div>) : undefined],
                    ['Defined', <Time ms={time(alarm.AlarmConfigurationUpdatedTimestamp)} />],
                ]} />
                <Facts of={[['Actions', alarm.ActionsEnabled === false ? <Badge tone="warn">off</Badge> : 'on'], ['In alarm', <Arns of={alarm.AlarmActions} />], ['OK', <Arns of={alarm.OKActions} />], ['Insufficient data', <Arns of={alarm.InsufficientDataActions} />]]} /></Panel>
            </div>
            {dialog === 'state' && <SetState alarm={alarm} onDone={(changed) => { setDialog(''); if (changed) data.reload(); }} />}
            {dialog === 'json' && <Dialog title={`${name} as JSON`} wide onClose={() => setDialog('')}><Code text={JSON.stringify(alarm)} /></Dialog>}
            {open && <Dialog title={open.HistorySummary} wide onClose={() => setOpen(null)}><Facts of={[['When', <Time ms={time(open.Timestamp)} />], ['Type', open.HistoryItemType]]} />{open.HistoryData && <Code text={open.HistoryData} />}</Dialog>}
        </>}</Show>
    </Page>;
}

const Alarms = ({ path }: { path: string[] }) => (path.length ? <One key={path[0]} name={path[0]} /> : <List />);

export const alarms: PageDef = {
    path: 'alarms', title: 'Alarms', group: 'Watch', letter: 'a', component: Alarms,
    icon: 'M8 2a4 4 0 0 1 4 4v3l1.5 2.5h-11L4 9V6a4 4 0 0 1 4-4z M6.5 14h3',
    search: async (text, signal): Promise<Hit[]> => {
        const [first, starting] = await Promise.all([loadAlarms({}, signal, 500), loadAlarms({ AlarmNamePrefix: text }, signal, 100)]);
        const all = new Map([...starting, ...first].map((a) => [a.AlarmName, a]));
        return [...all.values()].filter((a) => a.AlarmName.toLowerCase().includes(text.toLowerCase()))
            .map((a) => ({ title: a.AlarmName, detail: `Alarm, ${STATES.find(([s]) => s === a.StateValue)?.[1]}`, to: pathOf(a.AlarmName) }));
    },
};
