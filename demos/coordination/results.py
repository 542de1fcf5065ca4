"""What a run of the game looks like: the efforts of each group, round by round."""

from petri.report import Report, table

FIELDS = ("players", "mean", "lowest", "silent")
HEAD = ("round", "players", "mean effort", "lowest", "silent")
ABOUT = """<p>All earn by the lowest effort of their group and pay for their own, so any effort at which all
meet is stable, and 7 is the best for all (Van Huyck, Battalio &amp; Beil, 1990).</p>"""


def groups_of(rows):
    found = {}
    for row in rows:
        if row["name"] == "round":
            players, mean, lowest, silent = (row[f"value.{one}"] for one in FIELDS)
            one = (row["value.round"], players, f"{float(mean):.1f}", lowest, silent)
            found.setdefault(row["network_id"], []).append(one)
    return found


def report_on(rows):
    lines, sections = [], []
    for group, rounds in groups_of(rows).items():
        lines += [f"Group {group}", "  ".join(HEAD)]
        lines += [f"{one[0]:>5}  {one[1]:>7}  {one[2]:>11}  {one[3]:>6}  {one[4]:>6}" for one in rounds]
        sections.append(f"<h2>Group {group}</h2>\n{table(HEAD, rounds)}")
    none = "No rounds have been played yet."
    return Report("Lowest efforts", lines or [none], "\n".join([ABOUT, *(sections or [f"<p>{none}</p>"])]))
