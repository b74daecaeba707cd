/*
 * The pages. A new one is a file beside this and a row here: the frame puts it into the navigation, its first letter after "g"
 * opens it, and the search box asks it.
 */
import type { ComponentType } from 'preact';
import { alarms } from './alarms';
import { dashboards } from './dashboards';
import { logs } from './logs';
import { mail } from './mail';
import { shipments } from './shipments';
import { traces } from './traces';
import { work } from './work';

export interface Hit { title: string; detail?: string; to: string }

export interface PageDef {
    path: string;   /* first part of the address below the console */
    title: string;
    group: 'Application' | 'Watch' | 'Operate';
    letter: string; /* g and this */
    icon: string;   /* path of a 16 x 16 drawing, stroked */
    component: ComponentType<{ path: string[] }>; /* path: what follows */
    search?: (text: string, signal: AbortSignal) => Promise<Hit[]>;
}

export const pages: PageDef[] = [shipments, dashboards, alarms, logs, traces, mail, work];
