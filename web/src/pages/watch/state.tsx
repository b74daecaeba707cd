import { Badge } from '../../ui/basic';
import type { State } from './rows';

export const STATES: [State, string][] = [['ALARM', 'In alarm'], ['INSUFFICIENT_DATA', 'Insufficient data'], ['OK', 'OK']];
export const StateBadge = ({ of }: { of: State }) => <Badge tone={of === 'ALARM' ? 'bad' : of === 'OK' ? 'good' : 'quiet'}>{STATES.find(([s]) => s === of)?.[1] ?? of}</Badge>;
