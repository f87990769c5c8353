/** The report's style sheet: one page for light and dark, for a phone and a wide screen, and for paper. */
export const pageStyle = `
:root {
  color-scheme: light dark;
  --paper: #f7f6f3; --card: #ffffff; --ink: #17181c; --muted: #5d6069; --line: #dfddd6; --faint: #efede8;
  --better: #0b7a43; --worse: #b3261e; --shade: 0 1px 2px #17181c12, 0 8px 24px #17181c0d;
  --run-1: #2457d6; --run-2: #d2480c; --run-3: #0a7f72; --run-4: #8a35c9; --run-5: #b0780a; --run-6: #c2256b; --run-7: #3f7d1c; --run-8: #5b6472;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #0f1115; --card: #181b21; --ink: #eceef2; --muted: #a0a6b2; --line: #2c313a; --faint: #20242c;
    --better: #52d08d; --worse: #ff8a80; --shade: 0 0 0 1px #2c313a;
    --run-1: #7aa5ff; --run-2: #ff9461; --run-3: #4fd1c0; --run-4: #c79bff; --run-5: #f0c24f; --run-6: #ff85b8; --run-7: #9bd86d; --run-8: #b3bccb;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
main, .foot { max-width: 1120px; margin: 0 auto; padding: 0 clamp(16px, 4vw, 40px); }
main { padding-top: clamp(28px, 6vw, 64px); }
section { margin-top: clamp(44px, 7vw, 76px); }
h1, h2, h3 { line-height: 1.2; margin: 0; text-wrap: balance; overflow-wrap: anywhere; }
h1 { font-size: clamp(1.9rem, 5.2vw, 3.1rem); letter-spacing: -0.025em; }
section > h2 { font-size: 1.5rem; letter-spacing: -0.015em; padding-top: 14px; border-top: 1px solid var(--line); }
h3 { font-size: 1rem; }
p { margin: 0; }
ul { list-style: none; margin: 0; padding: 0; }
code, pre { font: 0.86em/1.5 ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, monospace; }
abbr { text-decoration: none; }
.eyebrow { color: var(--muted); font-size: 0.85rem; font-weight: 600; letter-spacing: 0.02em; margin-bottom: 10px; }
.eyebrow span { opacity: 0.5; padding: 0 3px; }
.lede { margin-top: 14px; font-size: clamp(1.02rem, 2vw, 1.18rem); color: var(--muted); max-width: 66ch; }
.lede b, .lede strong, .hint b { color: var(--ink); font-weight: 600; }
.hint { color: var(--muted); font-size: 0.92rem; margin-top: 8px; max-width: 78ch; }

.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 240px), 1fr)); gap: 16px; margin-top: 30px; }
.tile { background: var(--card); border-radius: 14px; padding: 18px 20px 16px; box-shadow: var(--shade); border-top: 4px solid var(--run); min-width: 0; }
.tile h2 { font-size: 1rem; font-weight: 600; color: var(--run); }
.figure { display: flex; flex-wrap: wrap; align-items: baseline; gap: 4px 8px; margin: 6px 0 12px; }
.number { font-size: 2.7rem; font-weight: 680; letter-spacing: -0.04em; line-height: 1.05; font-variant-numeric: tabular-nums; }
.unit { color: var(--muted); font-size: 0.95rem; }
.chip { border-radius: 99px; padding: 1px 9px; font-size: 0.88rem; font-weight: 600; font-variant-numeric: tabular-nums; background: var(--faint); }
.better { color: var(--better); } .worse { color: var(--worse); } .equal { color: var(--muted); }
.tile dl { display: flex; gap: 22px; margin: 0; border-top: 1px solid var(--line); padding-top: 10px; }
.tile dt { color: var(--muted); font-size: 0.78rem; } .tile dd { margin: 0; font-weight: 600; font-variant-numeric: tabular-nums; }
.remark { color: var(--muted); font-size: 0.82rem; margin-top: 8px; }

.scroll { overflow-x: auto; margin-top: 16px; background: var(--card); border-radius: 14px; box-shadow: var(--shade); }
.scroll:focus-visible, summary:focus-visible, .enlarge:focus-visible { outline: 3px solid var(--run-1); outline-offset: 2px; }
table { border-collapse: separate; border-spacing: 0; width: 100%; font-variant-numeric: tabular-nums; font-size: 0.93rem; }
th, td { text-align: left; padding: 8px 16px; border-top: 1px solid var(--line); vertical-align: middle; }
thead th { border-top: 0; color: var(--muted); font-weight: 600; font-size: 0.85rem; white-space: nowrap; }
tbody th { font-weight: 500; white-space: nowrap; }
tr > :first-child { position: sticky; left: 0; background: var(--card); z-index: 1; }
.totals th { font-weight: 700; }
.totals .score { font-weight: 600; }
.group th { color: var(--muted); font-size: 0.82rem; font-weight: 600; padding-top: 16px; }
tfoot { color: var(--muted); }
.metrics td { min-width: 138px; position: relative; padding-bottom: 13px; }
.metrics td::after { content: ""; position: absolute; left: 16px; bottom: 6px; height: 3px; border-radius: 2px; width: 104px; background: linear-gradient(90deg, var(--run) var(--value), var(--faint) 0); }
.metrics tfoot td::after { display: none; }
.best { font-weight: 700; } .paper { color: var(--muted); } .dense th, .dense td { padding: 7px 10px; white-space: nowrap; } .dense { font-size: 0.88rem; } td small { margin-left: 8px; font-size: 0.8rem; font-weight: 600; }
.dot, .swatch { display: inline-block; width: 0.72em; height: 0.72em; border-radius: 50%; margin-right: 8px; }
.swatch { width: 0.95em; height: 0.95em; border-radius: 4px; vertical-align: -0.1em; box-shadow: inset 0 0 0 1px #8884; }
.unlabeled { background: repeating-conic-gradient(#9995 0 25%, #0000 0 50%) 0 0 / 8px 8px; }
.differences td { min-width: 110px; overflow-wrap: anywhere; } .same, .absent { color: var(--muted); } .differs { font-weight: 600; }

.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 420px), 1fr)); gap: 20px; margin-top: 18px; }
.charts > * { min-width: 0; }
.charts > :only-child { max-width: 640px; } .tile:only-child { max-width: 460px; }
.chart { margin: 0; background: var(--card); border-radius: 14px; box-shadow: var(--shade); padding: 16px 14px 12px; }
.chart figcaption { font-weight: 600; font-size: 0.95rem; padding: 0 6px 8px; }
.chart figcaption small { color: var(--muted); font-weight: 400; margin-left: 4px; }
.plot { height: 270px; }
.x-label { text-align: center; font-size: 0.8rem; color: var(--muted); }
.key { display: flex; flex-wrap: wrap; gap: 2px 16px; padding: 6px 6px 0; font-size: 0.85rem; font-variant-numeric: tabular-nums; min-height: 1.9em; }
.key i { display: inline-block; width: 16px; height: 3px; border-radius: 2px; vertical-align: middle; margin-right: 6px; }
.key output { color: var(--muted); padding-left: 5px; }
details { margin-top: 14px; font-size: 0.93rem; }
summary { cursor: pointer; color: var(--muted); font-weight: 500; width: fit-content; border-radius: 4px; }
details pre { background: var(--faint); border-radius: 10px; padding: 14px 16px; overflow: auto; max-height: 480px; margin: 10px 0 0; }

.drawing { margin: 18px 0 0; background: #fff; border-radius: 14px; box-shadow: var(--shade); padding: 10px; overflow-x: auto; }
.drawing img { display: block; width: 100%; height: auto; min-width: min(100%, 520px); }

.legend { display: flex; flex-wrap: wrap; gap: 4px 18px; margin-top: 16px; font-size: 0.88rem; }
.scales { display: flex; flex-wrap: wrap; gap: 10px 36px; margin-top: 12px; font-size: 0.82rem; color: var(--muted); }
.scale { width: 220px; } .scale i { display: block; height: 8px; border-radius: 4px; margin: 3px 0 1px; }
.ticks { display: flex; justify-content: space-between; font-variant-numeric: tabular-nums; }
.example { background: var(--card); border-radius: 14px; box-shadow: var(--shade); padding: 16px; margin-top: 20px; }
.example h3 { font: 600 0.85rem/1.3 ui-monospace, "SF Mono", Menlo, Consolas, monospace; color: var(--muted); margin-bottom: 12px; }
.row + .row { margin-top: 14px; }
.row-name { font-size: 0.9rem; font-weight: 600; margin-bottom: 6px; padding-left: 10px; border-left: 4px solid var(--run); line-height: 1.2; overflow-wrap: anywhere; }
.panels { display: grid; grid-template-columns: repeat(3, minmax(0, 1fr)); gap: clamp(6px, 1.2vw, 14px); }
.panel { margin: 0; min-width: 0; }
.panel img { display: block; width: 100%; aspect-ratio: var(--aspect); object-fit: cover; border-radius: 8px; background: repeating-conic-gradient(#9993 0 25%, #0000 0 50%) 0 0 / 12px 12px; }
.labels img, dialog.labels img { image-rendering: pixelated; }
.panel figcaption { font-size: 0.84rem; margin-top: 4px; line-height: 1.3; } .panel small { color: var(--muted); white-space: nowrap; }
.enlarge { display: block; width: 100%; padding: 0; border: 0; background: none; cursor: zoom-in; border-radius: 8px; }
.missing { align-self: center; color: var(--muted); font-size: 0.86rem; padding: 0 8px; }
dialog { border: 0; padding: 0; background: none; max-width: none; max-height: none; width: 100vw; height: 100dvh; color: #fff; }
dialog::backdrop { background: #0b0c0fee; }
dialog form { height: 100%; display: grid; place-content: center; justify-items: center; gap: 10px; padding: 12px; }
dialog img { display: block; max-width: 100%; max-height: calc(100dvh - 90px); width: min(96vw, 1200px); object-fit: contain; }
dialog button { font: inherit; color: inherit; background: #fff2; border: 0; border-radius: 8px; padding: 6px 14px; cursor: pointer; }
dialog p { display: flex; flex-wrap: wrap; gap: 8px 14px; align-items: center; justify-content: center; }

.run-details { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 420px), 1fr)); gap: 16px; margin-top: 18px; align-items: start; }
.run-card { background: var(--card); border-radius: 14px; box-shadow: var(--shade); padding: 16px 20px; border-left: 4px solid var(--run); min-width: 0; }
.run-card dl { margin: 8px 0 0; font-size: 0.9rem; } .run-card dl div { display: grid; grid-template-columns: 104px minmax(0, 1fr); gap: 10px; padding: 3px 0; }
.run-card dt { color: var(--muted); } .run-card dd { margin: 0; overflow-wrap: anywhere; }
#configuration > h3 { margin-top: 20px; }
.contents { display: flex; flex-wrap: wrap; gap: 4px 20px; margin-top: 26px; font-size: 0.92rem; }
.contents a { color: var(--ink); text-decoration-color: var(--line); text-underline-offset: 4px; }
.contents a:hover { text-decoration-color: currentColor; }
.foot { margin-top: 70px; padding-bottom: 40px; color: var(--muted); font-size: 0.84rem; }
.foot p { border-top: 1px solid var(--line); padding-top: 14px; }
@media (max-width: 560px) {
  th, td { padding-left: 12px; padding-right: 12px; } .metrics td { min-width: 116px; } .metrics td::after { left: 12px; width: 90px; }
  .example { padding: 12px; } .panel figcaption { font-size: 0.74rem; } .panel small { display: block; } .plot { height: 230px; }
}
@media print { .scroll, .tile, .chart, .example, .run-card { box-shadow: none; border: 1px solid var(--line); break-inside: avoid; } }
`;
