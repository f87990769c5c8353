/**
 * Keeps everybody but the person who started the server away from it: other users of the machine have no token, and pages of
 * other sites cannot reach it, whatever name they give to this machine.
 */

import { timingSafeEqual } from 'node:crypto';
import type { Context, MiddlewareHandler } from 'hono';
import { getCookie, setCookie } from 'hono/cookie';
import { cameHerePage, refusalPage } from './refusal-page.js';

/** Says what a call must prove. */
export interface Guard {
  readonly token: string;
  /** Returns the port that the server listens on, which is known once it does. */
  port(): number;
}

/** Returns the middleware that refuses calls from elsewhere and calls without the token: status 403. */
export function guardCalls({ token, port }: Guard): MiddlewareHandler {
  return async (context, next) => {
    const hosts = [`127.0.0.1:${port()}`, `localhost:${port()}`];
    const cookie = `coarsely-${port()}`;
    const host = context.req.header('host') ?? '';
    // A site may let its own name point to this machine (DNS rebinding); its browser then sends that name.
    if (!hosts.includes(host)) {
      return refuse(context, `expected the host ${hosts.join(' or ')}, received '${host.slice(0, 100)}'`);
    }
    if (comesFromElsewhere(context, host))
      return refuse(context, 'the call comes from a page of another site');
    const { token: inAddress, ...others } = context.req.query();
    if (inAddress !== undefined && context.req.path === '/') {
      if (!isEqual(inAddress, token))
        return refuse(context, 'the token in the address is not that of this server');
      setCookie(context, cookie, token, { httpOnly: true, sameSite: 'Strict', path: '/' });
      const rest = new URLSearchParams(others).toString();
      const clean = rest === '' ? '/' : `/?${rest}`;
      // After a link on another site, a browser keeps the cookie back from a redirect; the page asks again by itself.
      return context.req.header('sec-fetch-site') === 'cross-site'
        ? context.html(cameHerePage(clean))
        : context.redirect(clean, 302);
    }
    const bearer = context.req.header('authorization')?.match(/^Bearer (\S+)$/)?.[1];
    const given = bearer ?? getCookie(context, cookie);
    if (given === undefined) return refuse(context, 'the token is missing');
    if (!isEqual(given, token)) return refuse(context, 'the token is not that of this server');
    return next();
  };
}

/** Tells whether a browser says that another site makes the call. A person who follows a link comes by a GET. */
function comesFromElsewhere(context: Context, host: string): boolean {
  const origin = context.req.header('origin');
  if (origin !== undefined && origin !== `http://${host}`) return true;
  const site = context.req.header('sec-fetch-site');
  if (site === undefined || site === 'same-origin' || site === 'none') return false;
  const isVisit =
    context.req.method === 'GET' &&
    context.req.header('sec-fetch-mode') === 'navigate' &&
    context.req.header('sec-fetch-dest') === 'document' &&
    !context.req.path.startsWith('/api/');
  return !isVisit;
}

function isEqual(given: string, token: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(token)];
  return a.length === b.length && timingSafeEqual(a, b);
}

function refuse(context: Context, reason: string): Response | Promise<Response> {
  const wantsPage =
    context.req.header('accept')?.includes('text/html') && !context.req.path.startsWith('/api/');
  return wantsPage ? context.html(refusalPage(reason), 403) : context.json({ error: reason }, 403);
}
