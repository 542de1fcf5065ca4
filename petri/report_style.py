"""Defines the style of all reports: light or dark as the reader's system, for screens, phones and paper."""

from __future__ import annotations

from typing import Final

STYLE: Final = """
:root { color-scheme: light dark; --ink: #1f2a30; --paper: #fff; --quiet: #53616a; --line: #d3dad8;
  --panel: #f4f7f6; --accent: #0b5c7a; --second: #a35a00; --third: #b3402a;
  --lost: #fbe3df; --new: #dff1e6; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6ecee; --paper: #14191c; --quiet: #a5b3ba; --line: #37434a;
    --panel: #1d2529; --accent: #6cc3e6; --second: #ffb45c; --third: #ff8a70;
    --lost: #54241d; --new: #17402a; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2rem 1rem 4rem; max-width: 60rem; background: var(--paper); color: var(--ink);
  font: 1rem/1.6 system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", Arial, sans-serif;
  overflow-wrap: break-word; }
h1, h2, h3 { line-height: 1.25; } h1 { margin: 0 0 1rem; font-size: 2rem; }
h2 { margin-top: 2.5rem; border-top: 1px solid var(--line); padding-top: 1.5rem; font-size: 1.35rem; }
a { color: var(--accent); }
.facts { display: flex; flex-wrap: wrap; gap: .7rem 2rem;
  margin: 0 0 2rem; padding: .9rem 1.1rem; background: var(--panel);
  border: 1px solid var(--line); border-radius: 8px; }
.facts div { min-width: 0; } .facts dt { color: var(--quiet); font-size: .82rem; }
.facts dd { margin: 0; font-weight: 600; overflow-wrap: anywhere; }
figure { margin: 1.5rem 0; overflow-x: auto; } figure svg { min-width: 30rem; }
figcaption, caption, .note { color: var(--quiet); font-size: .92rem; }
caption { text-align: left; padding-bottom: .4rem; }
svg { width: 100%; height: auto; } svg text { fill: var(--ink); font-size: 13px; }
.wide { overflow-x: auto; margin: 1rem 0; } table { border-collapse: collapse; }
th, td { padding: .35rem .9rem; border-bottom: 1px solid var(--line); text-align: right; }
thead th { vertical-align: bottom; } td { font-variant-numeric: tabular-nums; }
th[scope=row], th.left, td.left { text-align: left; } th:first-child { padding-left: 0; }
details { border: 1px solid var(--line); border-radius: 8px; padding: .6rem 1rem; margin: .6rem 0; }
summary { cursor: pointer; font-weight: 600; }
pre { overflow-x: auto; padding: 1rem; background: var(--panel); border: 1px solid var(--line);
  border-radius: 8px; }
.text { white-space: pre-line; font-family: Georgia, "Liberation Serif", serif; overflow-wrap: anywhere; }
.pair { display: grid; gap: 1.5rem; grid-template-columns: 1fr 1fr; }
@media (max-width: 640px) {
  .pair { grid-template-columns: 1fr; } h1 { font-size: 1.6rem; } th, td { padding: .3rem .6rem; }
}
@media print { body { padding: 0; max-width: none; } details { break-inside: avoid; } }
del { background: var(--lost); } ins { background: var(--new); text-decoration: none; }
.chart { min-width: 36rem; max-height: 30rem; } .chart text { text-anchor: middle; }
.chart .end { text-anchor: end; } .chart .legend { text-anchor: start; }
.chart .small { font-size: 11px; fill: var(--quiet); } .chart .label { font-weight: 650; }
.chart .node { fill: var(--paper); stroke: var(--ink); stroke-width: 1.5; }
.chart .far { fill: var(--third); }
.chart .link { fill: none; stroke: var(--quiet); stroke-width: 1.5; } .chart .grid { stroke: var(--line); }
.chart .truth { stroke: var(--third); stroke-width: 2; }
.chart .median { stroke: var(--second); stroke-width: 4; }
.chart .dot { fill: var(--accent); fill-opacity: .55; }
.chart .series { fill: none; stroke-width: 2.5; } .chart .series.s1 { stroke: var(--accent); }
.chart .series.s2 { stroke: var(--second); stroke-dasharray: 6 4; }
.chart .series.s3 { stroke: var(--third); stroke-dasharray: 2 4; }
.chart .mark.s1 { fill: var(--accent); } .chart .mark.s2 { fill: var(--second); }
.chart .mark.s3 { fill: var(--third); }
"""
