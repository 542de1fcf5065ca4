"""In each generation: how many learn from others, how often each kind is right, and the mean fitness."""

from statistics import fmean

from petri.report import Report, table, text_table

HEADINGS = ("generation", "agents", "learn from others", "right, looking", "right, asking", "mean fitness")
ABOUT = """<p>Learning from others saves the cost of looking. Rogers (1988) showed that this alone does not
make a population fitter: those who ask do well only while enough others look.</p>"""


def by_generation(networks, nodes):
    rounds = {int(network["id"]) for network in networks if network["role"] == "experiment"}
    found = {}
    for node in nodes:
        chose = node["type"] == "rogers_agent" and str(node["property4"]) in {"0", "1"}
        if chose and str(node["failed"]) != "True" and int(node["network_id"]) in rounds:
            found.setdefault(int(node["property2"]), []).append(node)
    return [(str(number), *_cells(found[number])) for number in sorted(found)]


def _cells(agents):
    asking = [int(node["property4"]) for node in agents if node["property5"]]
    looking = [int(node["property4"]) for node in agents if not node["property5"]]
    right = [f"{fmean(scores):.0%}" if scores else "-" for scores in (looking, asking)]
    fitness = fmean(float(node["property1"]) for node in agents)
    return str(len(agents)), f"{len(asking) / len(agents):.0%}", *right, f"{fitness:.2f}"


def report_on(networks, nodes):
    rows, none = by_generation(networks, nodes), ["There are no choices yet."]
    shown = table(HEADINGS, rows) if rows else none[0]
    return Report("Learners by generation", text_table(HEADINGS, rows) if rows else none, ABOUT + shown)
