import { markdown, type Block, type Inline } from '../watch/markdown';

const Words = ({ of }: { of: Inline[] }) => <>{of.map((x) => {
    if (typeof x === 'string')
        return x;
    const inner = <Words of={x.of} />;
    return x.kind === 'a' ? <a href={x.to} target="_blank" rel="noopener noreferrer">{inner}</a> : x.kind === 'b' ? <strong>{inner}</strong> : x.kind === 'i' ? <em>{inner}</em> : <code>{inner}</code>;
})}</>;

function One({ b }: { b: Block }) {
    switch (b.kind) {
    case 'h': {
        const H = `h${Math.min(6, b.level + 1)}` as 'h2'; /* below the page's */
        return <H class={`size${b.level}`}><Words of={b.of} /></H>;
    }
    case 'p': return <p><Words of={b.of} /></p>;
    case 'pre': return <pre class="code wrap" tabIndex={0}>{b.text}</pre>;
    case 'hr': return <hr />;
    case 'table': return <table class="grid"><thead><tr>{b.rows[0].map((c, i) => <th key={i}><Words of={c} /></th>)}</tr></thead>
        <tbody>{b.rows.slice(1).map((r, k) => <tr key={k}>{r.map((c, i) => <td key={i}><Words of={c} /></td>)}</tr>)}</tbody></table>;
    default: {
        const List = b.kind;
        return <List>{b.items.map((x, i) => <li key={i}><Words of={x} /></li>)}</List>;
    }
    }
}

export const Markdown = ({ text }: { text: string }) => <div class="prose">{markdown(text).map((b, i) => <One b={b} key={i} />)}</div>;
