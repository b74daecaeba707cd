/* A small part of Markdown, read into a tree: what text widgets are written in. HTML stays text, and so do links to anything but http, https and mailto. */
export type Inline = string | { kind: 'b' | 'i' | 'code'; of: Inline[] } | { kind: 'a'; to: string; of: Inline[] };
export type Block = { kind: 'h'; level: number; of: Inline[] } | { kind: 'p'; of: Inline[] } | { kind: 'ul' | 'ol'; items: Inline[][] } | { kind: 'pre'; text: string } | { kind: 'hr' }
    | { kind: 'table'; rows: Inline[][][] };

const FIND = /`([^`]+)`|\[([^\]]*)\]\(((?:[^()\s]|\([^()\s]*\))+)\)|\*\*(?=\S)(.+?)\*\*|__(?=\S)(.+?)__|\*(?=\S)(.+?)\*|(?<![A-Za-z0-9])_(?=\S)(.+?)_(?![A-Za-z0-9])/;

export const safeLink = (to: string) => /^(https?:\/\/|mailto:)[^\s]+$/i.test(to);

export function inline(text: string, depth = 0): Inline[] {
    const out: Inline[] = [];
    let rest = text;
    for (let m; depth < 4 && (m = FIND.exec(rest));) {
        if (m.index)
            out.push(rest.slice(0, m.index));
        if (m[1] !== undefined)
            out.push({ kind: 'code', of: [m[1]] });
        else if (m[3] !== undefined)
            out.push(...(safeLink(m[3]) ? [{ kind: 'a' as const, to: m[3], of: inline(m[2] || m[3], depth + 1) }] : [m[0]]));
        else
            out.push({ kind: m[4] ?? m[5] ? 'b' : 'i', of: inline(m[4] ?? m[5] ?? m[6] ?? m[7], depth + 1) });
        rest = rest.slice(m.index + m[0].length);
    }
    if (rest)
        out.push(rest);
    return out;
}

const cells = (line: string) => line.trim().replace(/^\||\|$/g, '').split('|').map((c) => inline(c.trim()));

export function markdown(text: string): Block[] {
    const out: Block[] = [], lines = text.replace(/\r\n?/g, '\n').split('\n');
    let words: string[] = [];
    const flush = () => {
        if (words.length)
            out.push({ kind: 'p', of: inline(words.join('\n')) });
        words = [];
    };
    for (let i = 0; i < lines.length; i++) {
        const line = lines[i], head = /^(#{1,6})\s+(.*?)\s*#*$/.exec(line), item = /^\s*(?:[-*+]|(\d+)[.)])\s+(.*)$/.exec(line);
        if (/^```/.test(line)) {
            flush();
            const from = i + 1;
            while (++i < lines.length && !/^```/.test(lines[i]));
            out.push({ kind: 'pre', text: lines.slice(from, i).join('\n') });
        } else if (head) {
            flush();
            out.push({ kind: 'h', level: head[1].length, of: inline(head[2]) });
        } else if (/^\s*(-\s*){3,}$|^\s*(\*\s*){3,}$/.test(line)) {
            flush();
            out.push({ kind: 'hr' });
        } else if (item) {
            flush();
            const kind = item[1] ? 'ol' : 'ul', before = out[out.length - 1];
            if (before?.kind === kind)
                before.items.push(inline(item[2]));
            else
                out.push({ kind, items: [inline(item[2])] });
        } else if (line.includes('|') && /^[\s|:-]*-[\s|:-]*$/.test(lines[i + 1] ?? '') && lines[i + 1].includes('|')) {
            flush();
            const rows = [cells(line)];
            for (i += 2; i < lines.length && lines[i].includes('|'); i++)
                rows.push(cells(lines[i]));
            i--;
            out.push({ kind: 'table', rows });
        } else if (!line.trim()) {
            flush();
        } else {
            words.push(line);
        }
    }
    flush();
    return out;
}
