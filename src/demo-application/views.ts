// What the pages look like. Pure.
import { type Html, html } from './html.ts'
import { PAGES, type Page, pagesFor } from './pages.ts'
import type { Visitor } from './visitor.ts'

const MARK = html`<svg viewBox="0 0 32 32" width="30" height="30" aria-hidden="true"><path fill="none" stroke="currentColor" stroke-width="3" stroke-linecap="round" d="M3 22c4.3-4 8.7-4 13 0s8.7 4 13 0M3 28c4.3-4 8.7-4 13 0s8.7 4 13 0M16 17V4l8 8h-8"/></svg>`

function document(title: string, body: Html): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>${title} · Quayside</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/style.css">
</head>
<body>${body}</body>
</html>`.text
}

/** A page for a person who is signed in. */
export function inside(visitor: Visitor, path: string, title: string, content: Html): string {
  const links = [{ path: '/', title: 'Overview' }, ...pagesFor(visitor.groups)]
  return document(
    title,
    html`<a class="skip" href="#main">Skip to the content</a>
<header class="top">
<a class="brand" href="/">${MARK}<span>Quayside</span></a>
<nav aria-label="Quayside"><ul>${links.map((link) => html`<li><a href="${link.path}"${currentIf(link.path === path)}>${link.title}</a></li>`)}</ul></nav>
<form method="post" action="/sign-out"><span>${visitor.name}</span><button type="submit">Sign out</button></form>
</header>
<main id="main" tabindex="-1"><h1>${title}</h1>${content}</main>
<footer>A demo dashboard with made-up figures. The sign-in is that of Portcullis, asked again for every page.</footer>`,
  )
}

function currentIf(isCurrent: boolean): Html | null {
  return isCurrent ? html` aria-current="page"` : null
}

/** A page for a person who is not signed in. `alarm`: read out at once. */
export function outside(title: string, sentences: readonly string[], action: Html, alarm = false): string {
  return document(
    title,
    html`<main id="main" class="alone"><p class="brand">${MARK}<span>Quayside</span></p>
<h1>${title}</h1>
<div${alarm ? html` role="alert"` : null}>${sentences.map((sentence) => html`<p>${sentence}</p>`)}</div>
${action}</main>`,
  )
}

export function overview(visitor: Visitor): Html {
  const open = pagesFor(visitor.groups)
  return html`<p class="lede">Hello, ${visitor.name}${visitor.account === '' ? '' : ` of ${visitor.account}`}.</p>
<section class="card" aria-labelledby="sign-in-title"><h2 id="sign-in-title">How you came in</h2>
<p>${visitor.withAuthenticator ? 'With your password and a code from your authenticator.' : 'With your password.'}</p>
<dl>
<div><dt>E-mail address</dt><dd>${visitor.email}</dd></div>
<div><dt>Authenticated at</dt><dd>${visitor.authenticatedAt ? visitor.authenticatedAt.toISOString().slice(11, 16) : 'unknown'} UTC</dd></div>
<div><dt>Role groups</dt><dd>${visitor.groups.join(', ') || 'none'}</dd></div>
</dl></section>
<ul class="tiles">${PAGES.map((page) => tile(page, open.includes(page)))}</ul>`
}

function tile({ path, title, roleName, lede }: Page, open: boolean): Html {
  return open
    ? html`<li class="card"><h2><a href="${path}">${title}</a></h2><p>${lede}</p></li>`
    : html`<li class="card closed"><h2>${title}</h2><p>For the role group ${roleName}.</p></li>`
}

export function content({ title, lede, figures, columns, rows }: Page): Html {
  return html`<p class="lede">${lede}</p>
<dl class="figures">${figures.map(([label, value]) => html`<div class="card"><dt>${label}</dt><dd>${value}</dd></div>`)}</dl>
<div class="scroll" role="region" aria-label="${title}" tabindex="0"><table><caption>${title}</caption>
<thead><tr>${columns.map((column) => html`<th scope="col">${column}</th>`)}</tr></thead>
<tbody>${rows.map(([first = '', ...rest]) => html`<tr><th scope="row">${first}</th>${rest.map((cell) => html`<td>${cell}</td>`)}</tr>`)}</tbody>
</table></div>`
}

export function signInLink(label = 'Sign in with Portcullis'): Html {
  return html`<p><a class="button" href="/sign-in">${label}</a></p>`
}
