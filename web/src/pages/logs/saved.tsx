/* Queries to begin with: those that were saved, and examples. */
import { useState } from 'preact/hooks';
import { call, callAll } from '../../api';
import { useData } from '../../state';
import { Button, Dialog, ErrorBox, Field, Show } from '../../ui/basic';

export interface Saved { queryDefinitionId?: string; name: string; queryString: string; logGroupNames?: string[] }

const EXAMPLES: [string, string][] = [
    ['The newest lines', 'fields @timestamp, @message\n| sort @timestamp desc\n| limit 100'],
    ['Errors by stream', 'filter @message like /(?i)error/\n| stats count(*) as errors by @logStream\n| sort errors desc'],
    ['Lines over time', 'stats count(*) as lines by bin(5m)'],
    ['Levels of JSON lines over time', 'stats count(*) as lines by level, bin(10m)'],
    ['Functions: the slowest invocations', 'filter @type = "REPORT"\n| fields @timestamp, @requestId, @duration, @maxMemoryUsed\n| sort @duration desc\n| limit 20'],
    ['Functions: durations over time', 'filter @type = "REPORT"\n| stats avg(@duration) as average, pct(@duration, 99) as p99, max(@duration) as longest by bin(5m)'],
    ['A part of a line, counted', 'parse @message "* *" as word, rest\n| stats count(*) as lines by word\n| sort lines desc\n| limit 20'],
];

const Item = ({ q, onChoose, children }: { q: Saved; onChoose: (q: Saved) => void; children?: any }) => <li>
    <div><Button kind="plain" class="link" onClick={() => onChoose(q)}>{q.name}</Button><code title={q.queryString}>{q.queryString.replace(/\s*\n\s*/g, ' ')}</code></div>
    {children}
</li>;

export function Open({ onChoose, onClose }: { onChoose: (q: Saved) => void; onClose: () => void }) {
    const found = useData((s) => callAll<Saved>('logs', 'DescribeQueryDefinitions', {}, 'queryDefinitions', ['nextToken', 'nextToken'], 5000, s), [], { still: true });
    const [sure, setSure] = useState('');
    const [error, setError] = useState<any>(null);
    const remove = async (id: string) => {
        try {
            await call('logs', 'DeleteQueryDefinition', { queryDefinitionId: id });
            setError(null);
        } catch (e) {
            setError(e);
        }
        setSure('');
        found.reload();
    };
    return <Dialog title="Queries" wide onClose={onClose}>
        {error && <ErrorBox error={error} />}
        <h3>Saved</h3>
        <Show of={found}>{(all) => <ul class="saved" aria-label="Saved queries">{all.map((q) => <Item key={q.queryDefinitionId} q={q} onChoose={onChoose}>
            {sure === q.queryDefinitionId ? <Button kind="danger" onClick={() => remove(sure)}>Really remove</Button> : <Button kind="plain" aria-label={`Remove ${q.name}`} onClick={() => setSure(q.queryDefinitionId!)}>Remove</Button>}
        </Item>)}{!all.length && <li><small>None yet. “Save” keeps the one that is being written.</small></li>}</ul>}</Show>
        <h3>Examples</h3>
        <ul class="saved" aria-label="Examples">{EXAMPLES.map(([name, queryString]) => <Item key={name} q={{ name, queryString }} onChoose={onChoose} />)}</ul>
    </Dialog>;
}

export function Save({ query, groups, was, onDone }: { query: string; groups: string[]; was?: Saved; onDone: (saved?: Saved) => void }) {
    const [error, setError] = useState<any>(null);
    return <Dialog title="Save the query" onClose={() => onDone()}>
        <form onSubmit={async (e) => {
            e.preventDefault();
            const name = String(new FormData(e.currentTarget).get('name')).trim(), same = was?.name === name ? { queryDefinitionId: was.queryDefinitionId } : {};
            try {
                const r = await call('logs', 'PutQueryDefinition', { name, queryString: query, ...(groups.length ? { logGroupNames: groups } : {}), ...same });
                onDone({ name, queryString: query, logGroupNames: groups, queryDefinitionId: r.queryDefinitionId });
            } catch (x) {
                setError(x);
            }
        }}>
            <Field label="Name" hint="The log groups that are chosen are kept with it."><input name="name" required maxLength={255} defaultValue={was?.name} autofocus style={{ width: '100%' }} /></Field>
            {error && <ErrorBox error={error} />}
            <Button kind="primary" type="submit">Save</Button>
        </form>
    </Dialog>;
}
