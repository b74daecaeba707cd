/* The parts of the console's dashboards and alarms that only compute. The bundle of them comes as argument. */
import assert from 'node:assert/strict';

const w = await import(process.argv[2]);

/* --- rows of a widget --- */

const fields = (metrics) => w.expandRows(metrics).map((r) => (r.metric ? [r.metric.ns, r.metric.name, ...r.metric.dims.flat()] : r.options.expression));
assert.deepEqual(fields([['N', 'A', 'F', 'x'], ['.', 'B', '.', '.'], ['...', 'y'], [{ expression: 'm1*2' }], ['...', 'F', 'z', { stat: 'p99' }], ['M', '.'], ['M', '...'], 'no row']),
    [['N', 'A', 'F', 'x'], ['N', 'B', 'F', 'x'], ['N', 'B', 'F', 'y'], 'm1*2', ['N', 'B', 'F', 'z'], ['M', 'B'], ['M', 'B']]);
assert.deepEqual(fields([['...', 'y']]), [['y', '']]);
assert.deepEqual(fields(undefined), []);
assert.deepEqual(w.named([{ options: { id: 'q1' } }, { options: {} }, { options: {} }]).map((r) => r.id), ['q1', 'q2', 'q3']);

/* --- periods --- */

const H = 3600e3, D = 24 * H;
for (const [span, age, period] of [[H, H, 60], [3 * H, 3 * H, 60], [4 * H, 4 * H, 300], [D, D, 300], [7 * D, 7 * D, 3600], [30 * D, 30 * D, 21600], [90 * D, 90 * D, 86400], [H, 20 * D, 300], [H, 70 * D, 3600]])
    assert.equal(w.autoPeriod(span, age), period, `${span / H} h`);
assert.equal(w.periodOf(300, H, H, false), 300, 'a coarser period is kept');
assert.equal(w.periodOf(60, D, D, false), 300);
assert.equal(w.periodOf(60, D, D, true), 60, 'inherit');
assert.equal(w.periodOf(60, 30 * D, 30 * D, true), 3600, 'but no graph of 43,200 points');
assert.equal(w.periodOf(undefined, 3 * H, 3 * H, true), 60);

const now = Date.UTC(2026, 10, 23, 1, 2, 3);
for (const length of [15 * 60e3, H, 3 * H, 12 * H, 7 * D]) {
    const p = w.wholePeriod(now - length, now, now);
    assert.equal(p.from % (p.period * 1000), 0);
    assert.ok(Math.abs(p.from - (now - length)) <= Math.max(120e3, length / 50) && p.from + p.period * 1000 >= now - 60e3, `${length / H} h: ${JSON.stringify(p)}`);
}
const past = w.wholePeriod(now - 6 * H, now - 3 * H, now);
assert.equal(past.from % (past.period * 1000), 0);
assert.ok(Math.abs(past.from - (now - 6 * H)) + Math.abs(past.from + past.period * 1000 - (now - 3 * H)) < 0.1 * 3 * H, JSON.stringify(past));

for (const [text, ms] of [['-PT3H', 3 * H], ['PT90M', 1.5 * H], ['-P7D', 7 * D], ['-P1W', 7 * D], ['-P1M', 30 * D], ['-P1DT12H30S', D + 12 * H + 30e3], ['P', undefined], ['3h', undefined], ['-PT', undefined]])
    assert.equal(w.isoDuration(text), ms, text);
assert.deepEqual(w.openingRange({ start: '-PT6H' }, now), { last: 6 * H });
assert.deepEqual(w.openingRange({ start: '2026-11-22T00:00:00Z', end: '2026-11-22T06:00:00Z' }, now), { from: Date.UTC(2026, 10, 22), to: Date.UTC(2026, 10, 22, 6) });
assert.equal(w.openingRange({}, now), undefined);
assert.equal(w.openingRange({ start: 'soon' }, now), undefined);

/* --- annotations --- */

assert.deepEqual(w.marksOf({ horizontal: [{ value: 5, label: 'a', fill: 'above', color: '#ff0000' }, [{ value: 1 }, { value: 2 }], { value: 9, visible: false }, { label: 'none' }, { value: 3, yAxis: 'right', color: 'url(x)' }] })
    .map((m) => [m.value, m.to, m.fill, m.color, m.right]), [[5, undefined, 'above', '#ff0000', false], [1, 2, undefined, undefined, false], [3, undefined, undefined, undefined, true]]);
assert.deepEqual(w.momentsOf({ vertical: [{ value: '1970-01-01T00:00:05Z', fill: 'before' }, [{ value: '1970-01-01T00:00:01Z' }, { value: '1970-01-01T00:00:02Z' }], { value: 'never' }] }, [0, 9000]).map((m) => [m.ms, m.to]), [[5000, 0], [1000, 2000]]);

/* --- alarms --- */

assert.equal(w.condition({ MetricName: 'Errors', ComparisonOperator: 'GreaterThanOrEqualToThreshold', Threshold: 5, EvaluationPeriods: 3, DatapointsToAlarm: 2, Period: 300 }), 'Errors ≥ 5 for 2 of 3 datapoints within 15 min');
assert.equal(w.condition({ Metrics: [{ Id: 'a', ReturnData: false, MetricStat: { Metric: {}, Period: 60 } }, { Id: 'r', Expression: 'a/2' }], ComparisonOperator: 'LessThanThreshold', Threshold: 1, EvaluationPeriods: 1 }), 'a/2 < 1 for 1 datapoint within 1 min');
assert.deepEqual(w.ruleTokens('ALARM("a (1)") AND NOT (OK(arn:aws:cloudwatch:us-east-1:1:alarm:b:c) OR TRUE)'),
    [{ state: 'ALARM', name: 'a (1)' }, { text: ' AND NOT (' }, { state: 'OK', name: 'b:c' }, { text: ' OR TRUE)' }]);

/* --- log widgets --- */

assert.deepEqual(w.logQuery("SOURCE '/aws/a' | SOURCE \"b\" | fields @message\n| limit 2"), { groups: ['/aws/a', 'b'], query: 'fields @message\n| limit 2' });
assert.deepEqual(w.logQuery('fields x'), { groups: [], query: 'fields x' });

/* --- queries of logs --- */

const names = (q) => w.commands(q).map((c) => c.name);
assert.deepEqual(w.commands('fields a # all | of it\n | filter b like /x|y/ and c = "d|e" | sort a').map((c) => c.text), ['fields a', 'filter b like /x|y/ and c = "d|e"', 'sort a']);
assert.deepEqual(names("filter a / 2 > 1 | parse @message /(?<x>a|b)/ | stats count(*)"), ['filter', 'parse', 'stats']);
assert.deepEqual(names("parse @message \"a \\\" | *\" as b | filter `odd|name` =~ /\\/|/ | limit 5"), ['parse', 'filter', 'limit']);
assert.deepEqual(names(' | fields a || '), ['fields']);
assert.deepEqual(w.grouping('fields a | stats count(*) as n, max(b) by c, bin(5m) as t, concat(d, " by ", e) as f'), { keys: ['c', 'f'], time: 't' });
assert.deepEqual(w.grouping('stats sum(x) by bin( 1h )'), { keys: [], time: 'bin(1h)' });
assert.deepEqual(w.grouping('stats avg(x)'), { keys: [] });
assert.deepEqual(w.grouping('filter by = 1'), { keys: [] });
assert.deepEqual(w.histogram('filter a = 1 | parse b "*" as c | sort c | limit 5', 3 * H), { query: 'filter a = 1 | parse b "*" as c | stats count(*) as records by bin(5m) as at', step: 300e3 });
assert.deepEqual(w.histogram('stats count(*)', 30 * D), { query: 'stats count(*) as records by bin(12h) as at', step: 12 * H });

const T = ['2026-11-23 01:00:00.000', '2026-11-23 01:10:00.000'], ms = T.map(w.timeOf);
assert.equal(ms[0], Date.UTC(2026, 10, 23, 1));
const q = 'stats count(*) as n, max(took) by level, bin(10m)';
const rows = [{ level: 'info', 'bin(10m)': T[1], n: '5', 'max(took)': '1.5' }, { level: 'warn', 'bin(10m)': T[0], n: '2' }, { level: 'info', 'bin(10m)': T[0], n: '4', 'max(took)': '2' }];
const its = w.shape(q, ['level', 'bin(10m)', 'n', 'max(took)'], rows);
assert.deepEqual(its, { time: 'bin(10m)', keys: ['level'], values: ['n', 'max(took)'] });
assert.deepEqual(w.series(its, rows), { times: ms, series: [{ label: 'info n', values: [4, 5] }, { label: 'info max(took)', values: [2, 1.5] }, { label: 'warn n', values: [2, undefined] }, { label: 'warn max(took)', values: [undefined, undefined] }] });
const byCode = w.shape('stats count(*) by code', ['code', 'count(*)'], [{ code: '200', 'count(*)': '7' }]);
assert.deepEqual(byCode, { time: undefined, keys: ['code'], values: ['count(*)'] }, 'a number may be the name of a group');
assert.deepEqual(w.parts(byCode, [{ code: '200', 'count(*)': '7' }, { code: '404' }]), [{ label: '200', value: 7 }, { label: '404', value: null }]);
assert.deepEqual(w.shape('fields @timestamp, took', ['@timestamp', 'took'], [{ took: '5' }]).values, [], 'lines are no figures');
assert.deepEqual(w.filled([{ at: T[1], records: '3' }], [ms[0], ms[1] + 1], 600e3), { times: ms, values: [0, 3] });
assert.equal(w.csv(['a', 'b,c'], [{ a: '1' }, { a: 'x\ny', 'b,c': '"q"' }]), 'a,"b,c"\r\n1,\r\n"x\ny","""q"""\r\n');

/* --- text --- */

assert.deepEqual(w.markdown('# A *b*\n\ntext **x _y_** `*c*`\n- one\n- two\n1. first\n```\n<b>\n```\n---'), [
    { kind: 'h', level: 1, of: ['A ', { kind: 'i', of: ['b'] }] },
    { kind: 'p', of: ['text ', { kind: 'b', of: ['x ', { kind: 'i', of: ['y'] }] }, ' ', { kind: 'code', of: ['*c*'] }] },
    { kind: 'ul', items: [['one'], ['two']] }, { kind: 'ol', items: [['first']] }, { kind: 'pre', text: '<b>' }, { kind: 'hr' }]);
assert.deepEqual(w.markdown('|a|b|\n|-|-|\n|1|2|'), [{ kind: 'table', rows: [[['a'], ['b']], [['1'], ['2']]] }]);
assert.deepEqual(w.inline('a_b_c <i>x</i>'), ['a_b_c <i>x</i>'], 'neither names nor HTML are markup');
for (const to of ['javascript:alert(1)', 'JaVaScRiPt:x', 'data:text/html,x', '//other.test', '/local', 'vbscript:x'])
    assert.deepEqual(w.inline(`[go](${to})`), [`[go](${to})`], to);
for (const to of ['https://a.test/x?y=1', 'http://a.test', 'mailto:a@b.test'])
    assert.deepEqual(w.inline(`[go](${to})`), [{ kind: 'a', to, of: ['go'] }], to);

console.log('fine');
