#include "record/html.h"

namespace moola::record {

std::string_view page_style() {
  return R"css(
:root {
  --paper: #f6f7f9; --sheet: #ffffff; --ink: #1b2230; --soft: #5b6675; --line: #e3e7ed; --code: #f1f3f6;
  --good: #0f8a5f; --good-wash: #e6f5ee; --warning: #a15c00; --warning-wash: #fdf3e0; --bad: #b42318; --bad-wash: #fdecea;
  --accent: #1f5fd0; --plain-bar: #c4cdd9;
  --plot-first: #1f5fd0; --plot-second: #d9570a; --plot-third: #0f8a5f; --plot-backdrop: #b9cff5;
  --plot-axis: #8a94a3; --plot-grid: #e9ecf1; --plot-text: #4a5361; --plot-baseline: #6b7280;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --paper: #0d1117; --sheet: #151b24; --ink: #e6eaf0; --soft: #98a4b5; --line: #29313d; --code: #1d2530;
    --good: #4fd1a0; --good-wash: #10291f; --warning: #f0b45a; --warning-wash: #2b2111; --bad: #ff8a7a; --bad-wash: #331714;
    --accent: #7ba9ff; --plain-bar: #45505f;
    --plot-first: #7ba9ff; --plot-second: #ff9d5c; --plot-third: #4fd1a0; --plot-backdrop: #33486e;
    --plot-axis: #6b7686; --plot-grid: #242b36; --plot-text: #aeb7c4; --plot-baseline: #98a2b0;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); -webkit-text-size-adjust: 100%;
  font: 15px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
main { max-width: 1000px; margin: 0 auto; padding: 40px 24px 56px; }
header { margin-bottom: 24px; }
.kicker { color: var(--accent); font-size: 13px; font-weight: 600; letter-spacing: .06em; text-transform: uppercase; }
h1 { margin: 4px 0 2px; font-size: 30px; line-height: 1.2; letter-spacing: -.01em; overflow-wrap: anywhere; }
.subtitle { color: var(--soft); overflow-wrap: anywhere; }
section { background: var(--sheet); border: 1px solid var(--line); border-radius: 12px; padding: 20px 24px 22px; margin: 18px 0; }
h2 { margin: 0 0 14px; font-size: 18px; letter-spacing: -.005em; }
h3 { margin: 18px 0 8px; font-size: 15px; }
p { margin: 0 0 12px; }
.muted, figcaption, footer { color: var(--soft); }
code, pre { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; font-size: .88em; }
code { overflow-wrap: anywhere; }
code.hash { color: var(--soft); white-space: nowrap; }
pre { background: var(--code); border-radius: 8px; padding: 14px 16px; margin: 0; overflow-x: auto; line-height: 1.5; }
.columns { columns: 20em; column-gap: 28px; background: var(--code); border-radius: 8px; padding: 14px 16px 4px; }
.columns pre { padding: 0 0 12px; background: none; break-inside: avoid; }
.callout { border-left: 4px solid var(--plain-bar); background: var(--code); border-radius: 6px; padding: 12px 16px; margin: 0 0 16px; }
.callout.good { border-color: var(--good); background: var(--good-wash); }
.callout.warning { border-color: var(--warning); background: var(--warning-wash); }
.callout.bad { border-color: var(--bad); background: var(--bad-wash); }
.callout.verdict, header + .callout { font-size: 18px; line-height: 1.45; padding: 16px 20px; border-radius: 10px; margin-bottom: 18px; }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(136px, 1fr)); gap: 12px; margin: 18px 0; }
.card { background: var(--sheet); border: 1px solid var(--line); border-radius: 12px; padding: 14px 16px; }
.card .label { color: var(--soft); font-size: 13px; }
.card .value { font-size: 26px; font-weight: 650; line-height: 1.25; letter-spacing: -.02em; font-variant-numeric: tabular-nums; }
.card .note { color: var(--soft); font-size: 13px; line-height: 1.35; }
.card .value.long { font-size: 19px; line-height: 1.7; white-space: nowrap; }
.card.good .value { color: var(--good); }
.card.warning .value { color: var(--warning); }
.card.bad .value { color: var(--bad); }
.scroll { overflow-x: auto; margin-bottom: 16px; }
.scroll:last-child { margin-bottom: 0; }
table { border-collapse: collapse; width: 100%; font-size: 14px; }
th { text-align: left; font-weight: 600; color: var(--soft); font-size: 13px; }
th, td { padding: 7px 14px 7px 0; border-bottom: 1px solid var(--line); vertical-align: top; }
tbody tr:last-child td { border-bottom: 0; }
th:last-child, td:last-child { padding-right: 0; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.facts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 350px), 1fr)); gap: 2px 28px; margin: 0 0 4px; }
.facts > div { display: grid; grid-template-columns: 104px 1fr; gap: 10px; padding: 4px 0; }
.facts dt { color: var(--soft); }
.facts dd { margin: 0; overflow-wrap: anywhere; font-variant-numeric: tabular-nums; }
figure { margin: 0 0 20px; }
figure:last-child { margin-bottom: 0; }
figure svg { display: block; width: 100%; min-width: 620px; height: auto; }
figcaption { font-size: 13px; margin-top: 4px; }
.shares { display: flex; gap: 2px; height: 18px; border-radius: 5px; overflow: hidden; margin: 4px 0 8px; }
.shares span, .legend i { background: var(--plain-bar); }
.shares .good, .legend .good { background: var(--accent); }
.shares .warning, .legend .warning { background: var(--bad); }
.legend { display: flex; flex-wrap: wrap; gap: 4px 20px; font-size: 14px; margin-bottom: 14px; }
.legend i { display: inline-block; width: 10px; height: 10px; border-radius: 3px; margin-right: 6px; }
.lineage, .lineage ul { list-style: none; margin: 0; padding: 0; }
.lineage ul { margin-left: 13px; padding-left: 22px; }
.lineage li { position: relative; padding: 5px 0; }
.lineage ul > li::before { content: ""; position: absolute; left: -22px; top: -5px; width: 18px; height: 32px;
  border: solid var(--line); border-width: 0 0 2px 2px; border-bottom-left-radius: 7px; }
.lineage ul > li:not(:last-child)::after { content: ""; position: absolute; left: -22px; top: 20px; bottom: 0;
  border-left: 2px solid var(--line); }
.node { border: 1px solid var(--line); border-radius: 10px; padding: 11px 15px; }
.node .role { color: var(--accent); font-size: 12px; font-weight: 600; letter-spacing: .05em; text-transform: uppercase; margin-right: 8px; }
.node .facts { margin-top: 5px; font-size: 14px; }
.node .facts > div { padding: 1px 0; }
footer { font-size: 13px; margin-top: 28px; overflow-wrap: anywhere; }
.side-by-side { display: grid; gap: 14px; grid-template-columns: repeat(auto-fill, minmax(min(100%, 340px), 1fr)); }
@media (max-width: 640px) {
  main { padding: 22px 14px 36px; }
  section { padding: 16px; border-radius: 10px; }
  h1 { font-size: 24px; }
  .cards { grid-template-columns: repeat(2, 1fr); gap: 10px; }
  .card .value { font-size: 22px; }
  .facts > div { grid-template-columns: 92px 1fr; }
  .lineage ul { margin-left: 5px; padding-left: 12px; }
  .lineage ul > li::before { left: -12px; width: 10px; }
  .lineage ul > li:not(:last-child)::after { left: -12px; }
}
@media print {
  @page { margin: 14mm 12mm; }
  body { background: #fff; font-size: 10pt; }
  main { max-width: none; padding: 0; }
  section, .card, .node { border-color: #d5dae2; }
  section { padding: 12px 16px; margin: 10px 0; }
  figure, .card, .callout, .node > *, tr, h2, .side-by-side > * { break-inside: avoid; }
  figure.many { break-inside: auto; }
  .side-by-side { grid-template-columns: repeat(auto-fill, minmax(260px, 1fr)); }
  h2 { break-after: avoid; }
  figure svg { min-width: 0; max-height: 260px; }
  .scroll { overflow: visible; }
  pre { white-space: pre-wrap; }
  * { -webkit-print-color-adjust: exact; print-color-adjust: exact; }
}
)css";
}

}  // namespace moola::record
