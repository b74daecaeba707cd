/* Where in the console one is: the path below /_waybill/console/ and the query. */
export const BASE = '/_waybill/console';
export interface Place { path: string[]; query: URLSearchParams }

export function here(): Place {
    const path = location.pathname.slice(BASE.length).split('/').filter(Boolean).map(decodeURIComponent);
    return { path, query: new URLSearchParams(location.search) };
}
