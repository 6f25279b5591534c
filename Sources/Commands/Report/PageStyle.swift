/// The style sheet of every page: light, dark and on paper, for any width, with the fonts of the system.
enum PageStyle {
    static let text = """
        :root { color-scheme: light dark; --paper: #fff; --ink: #1b1f24; --soft: #57606a; --line: #d0d7de; --band: #f6f8fa;
          --accent: #0a58ca; --good: #1a7f37; --warning: #8a5a00; --error: #b3261e; --warning-band: #fff6dd; --error-band: #fdecea; }
        @media (prefers-color-scheme: dark) { :root { --paper: #12161b; --ink: #e6e9ed; --soft: #a0a8b2; --line: #343b44;
          --band: #1a2027; --accent: #79b0ff; --good: #5fd38a; --warning: #f0c060; --error: #ff8a80; --warning-band: #2b2413;
          --error-band: #321a19; } }
        * { box-sizing: border-box; }
        body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.45 system-ui, sans-serif; }
        header, main, footer { max-width: 1400px; margin: 0 auto; padding: 0 24px; }
        header { padding-top: 24px; }
        footer { padding: 16px 24px 32px; color: var(--soft); font-size: 13px; }
        h1 { font-size: 26px; line-height: 1.2; margin: 0 0 8px; overflow-wrap: anywhere; }
        h2 { font-size: 18px; margin: 32px 0 8px; }
        p { margin: 8px 0; max-width: 90ch; }
        a { color: var(--accent); }
        .good { color: var(--good); } .warning { color: var(--warning); } .error { color: var(--error); }
        .state { font-weight: 600; font-size: 17px; }
        .facts { display: flex; flex-wrap: wrap; gap: 8px 32px; margin: 16px 0; }
        .facts div { min-width: 0; }
        dt { color: var(--soft); font-size: 12px; } dd { margin: 0; overflow-wrap: anywhere; }
        .tiles { display: flex; flex-wrap: wrap; gap: 12px; }
        .tile { border: 1px solid var(--line); border-radius: 8px; padding: 8px 16px; min-width: 108px; background: var(--band); }
        .tile strong { display: block; font-size: 24px; font-variant-numeric: tabular-nums; }
        .tile span { color: var(--soft); font-size: 13px; }
        .frame { overflow-x: auto; border: 1px solid var(--line); border-radius: 8px; }
        table { border-collapse: collapse; width: 100%; font-size: 13px; }
        th, td { text-align: left; vertical-align: top; padding: 6px 10px; border-bottom: 1px solid var(--line); color: var(--ink); }
        td { overflow-wrap: break-word; }
        th { background: var(--band); font-weight: 600; white-space: nowrap; }
        tbody tr:last-child td { border-bottom: 0; }
        tr.error td { background: var(--error-band); } tr.warning td { background: var(--warning-band); }
        tr.error td:first-child { box-shadow: inset 4px 0 var(--error); }
        tr.warning td:first-child { box-shadow: inset 4px 0 var(--warning); }
        tr.good td:first-child { box-shadow: inset 4px 0 var(--good); }
        .date { white-space: nowrap; }
        .number { text-align: right; font-variant-numeric: tabular-nums; }
        svg.use { width: 120px; height: 24px; display: block; }
        svg.changes { width: 100%; max-width: 720px; height: auto; display: block; }
        figure { margin: 8px 0 16px; } figcaption { display: flex; gap: 20px; color: var(--soft); font-size: 13px; }
        figcaption span::before { content: "\\25CF\\00A0"; }
        figcaption .gained::before { color: var(--accent); } figcaption .lost::before { color: var(--warning); }
        figcaption .same::before { color: var(--soft); }
        .bars, circle.gained { fill: var(--accent); } circle.lost { fill: var(--warning); } circle.same { fill: var(--soft); }
        .axis { stroke: var(--line); stroke-width: 1; fill: none; }
        svg text { fill: var(--soft); font-size: 12px; }
        summary { cursor: pointer; font-weight: 600; padding: 8px 0; }
        @media (max-width: 700px) { header, main, footer { padding-left: 12px; padding-right: 12px; } }
        @media print { @page { size: A4 landscape; margin: 12mm; }
          :root { --paper: #fff; --ink: #000; --soft: #444; --line: #999; --band: #f2f2f2; --accent: #0a58ca; --good: #1a7f37;
            --warning: #8a5a00; --error: #b3261e; --warning-band: #fff; --error-band: #fff; }
          body { font-size: 9pt; } table { font-size: 7.5pt; } th, td { padding: 3px 5px; }
          header, main, footer { max-width: none; padding: 0; }
          .frame { overflow: visible; border-radius: 0; } thead { display: table-header-group; }
          tr, .tile, figure { break-inside: avoid; } h2 { break-after: avoid; } svg.use { width: 72px; } }

        """
}
