/** The stylesheet of the demo dashboard. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --paper: light-dark(#f6f4fb, #14121c);
  --surface: light-dark(#ffffff, #1e1b29);
  --ink: light-dark(#211a36, #ece9f5);
  --muted: light-dark(#5c5472, #ada5c4);
  --line: light-dark(#dcd6ea, #383348);
  --accent: light-dark(#5b35b5, #b9a2ff);
  --on-accent: light-dark(#ffffff, #1d1038);
  --bar: light-dark(#2b1a57, #0d0b14);
}
* { box-sizing: border-box; margin: 0; }
body { background: var(--paper); color: var(--ink); font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; overflow-wrap: anywhere; }
a { color: var(--accent); text-underline-offset: 0.2em; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
main:focus { outline: none; }
ul { padding: 0; list-style: none; }
h1 { font-size: clamp(1.625rem, 1.4rem + 1vw, 2.25rem); line-height: 1.2; text-wrap: balance; }
h2 { font-size: 1.0625rem; }
.top { display: flex; flex-wrap: wrap; gap: 0.5rem 2rem; align-items: center; padding: 0.75rem clamp(1rem, 4vw, 3rem); background: var(--bar); color: #f3f0fb; }
.top a { color: inherit; }
.top :focus-visible { outline-color: #ffffff; }
.brand { display: flex; gap: 0.625rem; align-items: center; color: inherit; font-size: 1.125rem; font-weight: 700; text-decoration: none; }
.brand svg { color: #b9a2ff; }
nav { flex: auto; }
nav ul { display: flex; flex-wrap: wrap; }
nav a { display: block; padding: 0.5rem 0.75rem; border-radius: 0.5rem; text-decoration: none; }
nav a:is(:hover, [aria-current]) { background: rgb(255 255 255 / 14%); }
.top form { display: flex; flex-wrap: wrap; gap: 0.5rem 1rem; align-items: center; }
.top button { padding: 0.375rem 0.875rem; border: 1px solid #8f80bd; border-radius: 0.5rem; background: none; color: inherit; font: inherit; cursor: pointer; }
main { display: grid; gap: 1.5rem; max-width: 70rem; margin-inline: auto; padding: clamp(1.5rem, 4vw, 3rem); }
footer { max-width: 70rem; margin-inline: auto; padding: 0 clamp(1.5rem, 4vw, 3rem) 2rem; color: var(--muted); font-size: 0.875rem; }
.lede { color: var(--muted); font-size: 1.125rem; }
.card { display: grid; gap: 0.5rem; align-content: start; padding: 1.25rem; border: 1px solid var(--line); border-radius: 0.875rem; background: var(--surface); }
.tiles { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 15rem), 1fr)); gap: 1rem; }
.closed { border-style: dashed; background: none; color: var(--muted); }
dl { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 12rem), 1fr)); gap: 1rem; }
dt { color: var(--muted); font-size: 0.875rem; }
dd { font-weight: 600; }
.figures dd { font-size: 1.5rem; font-weight: 700; }
.scroll { overflow-x: auto; border: 1px solid var(--line); border-radius: 0.875rem; background: var(--surface); }
table { width: 100%; border-collapse: collapse; overflow-wrap: normal; }
caption { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
th, td { padding: 0.75rem clamp(0.75rem, 2vw, 1.25rem); border-bottom: 1px solid var(--line); text-align: start; }
tbody tr:last-child > * { border-bottom: 0; }
td { white-space: nowrap; }
thead th { color: var(--muted); font-size: 0.875rem; }
.alone { align-content: center; max-width: 36rem; min-height: 100dvh; }
.alone .brand svg { color: var(--accent); }
.alone p + p { margin-top: 0.75rem; }
.button { display: inline-block; padding: 0.75rem 1.375rem; border-radius: 0.625rem; background: var(--accent); color: var(--on-accent); font-weight: 650; text-decoration: none; }
.skip:not(:focus) { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
`
