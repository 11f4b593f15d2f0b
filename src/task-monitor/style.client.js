// @ts-check
/** The style applies in the element's shadow root, where no style of the page reaches. */
export const STYLE = `
:host { display: block; color-scheme: light dark; font: 14px/1.5 system-ui, sans-serif;
  --line: light-dark(#d8dce3, #303641); --quiet: light-dark(#586074, #a0a8b8);
  --accent: light-dark(#2453bd, #8db4ff); --good: light-dark(#17663a, #74d69a);
  --bad: light-dark(#ae1f28, #ff9b97); color: light-dark(#1b2130, #e6e9ef);
  background: light-dark(#fff, #1a1e25); border: 1px solid var(--line); border-radius: 8px; }
:host([hidden]) { display: none; }
header { display: flex; justify-content: space-between; gap: 1em; padding: .5em .9em; }
strong { font-weight: 650; }
p { margin: 0; }
.quiet, header p { color: var(--quiet); }
.note { padding: 0 .9em .5em; color: var(--quiet); }
.note:empty { display: none; }
ul { margin: 0; padding: 0; list-style: none; }
li { display: grid; grid-template-columns: minmax(0, 1fr) auto auto; gap: .1em .9em;
  align-items: center; min-height: 2.4em; padding: .3em .9em; border-top: 1px solid var(--line); }
.name { overflow-wrap: anywhere; }
.SUCCESS { color: var(--good); }
.FAILURE { color: var(--bad); }
.STARTED, .PROGRESS { color: var(--accent); }
button { min-height: 24px; padding: .1em .7em; border: 1px solid currentColor; border-radius: 6px;
  background: none; color: inherit; font: inherit; cursor: pointer; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
.bar { grid-column: 1 / -1; height: .4em; overflow: hidden; border-radius: 9px;
  background: var(--line); }
.bar i { display: block; height: 100%; background: var(--accent); transition: width .3s; }
@media (prefers-reduced-motion: reduce) { .bar i { transition: none; } }
`;
