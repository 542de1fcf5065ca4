"""A lab: an app without participants, whose users open the dashboards of other apps."""

from petri import Experiment


class Lab(Experiment):
    """Has no networks, no pages and no participants."""
