"""Rogers' paradox: does learning from others help a population that could look for itself?"""

import random
from statistics import fmean

from petri import DiscreteGenerational, Environment, PetriError, State, get_config
from petri.study import End, Form, Join, Page, Rounds, Study, choice, likert

from .bots import Bot
from .models import RogersAgent, fitness, majority

__all__ = ["Bot", "Rogers", "extra_parameters"]

config = get_config()
COUNTS = ("practice_repeats", "experiment_repeats", "catch_repeats", "generations", "generation_size")
SHARES = ("min_acceptable_performance", "environment_change", "practice_difficulty", "catch_difficulty")
#: The probability that a child's way of learning differs from its parent's.
MUTATION_RATE = 0.1


def difficulties(text):
    shares = [float(part) for part in text.split(",")]
    if not all(0.5 <= share <= 1 for share in shares):
        raise ValueError("must be numbers from 0.5 (hardest) to 1.0 (easiest), separated by commas")
    return shares


def extra_parameters():
    for name in COUNTS:
        config.register(name, int, minimum=int(name.startswith("generation")))
    for name in SHARES:
        config.register(name, float, minimum=0.5 * name.endswith("difficulty"), maximum=1)
    for name in ("bonus_payment", "bot_blur"):
        config.register(name, float, minimum=0)
    config.register("difficulties", str, validators=[difficulties])


class Rogers(Study):
    """Networks of generations; a round is one node in one of them."""

    sides = {"blue": "More blue", "yellow": "More yellow"}
    colour = choice("Are there more blue or more yellow dots?", sides, style="buttons", pass_on=True)
    engagement = likert("How engaging did you find it?", 7, low="not engaging at all", high="very engaging")
    difficulty = likert("How difficult did you find it?", 7, low="very easy", high="very difficult")

    @classmethod
    def timeline(cls, config):
        looks = "player.node.advice is none"
        look = Page("look", show_if=looks, button="Show the dots")
        judge = Page("judge", ask="colour", script="keys.js", button="Answer")
        return [
            Page("instructions", button="Begin"),
            Rounds(cls.copies(config), [Join(), look, Page("dots", show_if=looks, seconds=1), judge]),
            Form("questionnaire", title="Almost done", ask=["engagement", "difficulty"]),
            End(),
        ]

    @classmethod
    def network(cls, config):
        generations, size = config.get("generations"), config.get("generation_size")
        return DiscreteGenerational(generations, size, initial_source=True)

    @classmethod
    def copies(cls, config):
        return config.get("practice_repeats") + config.get("experiment_repeats")

    def configure(self):
        self.known_classes["RogersAgent"] = RogersAgent
        if (catch := config.get("catch_repeats")) > (rounds := config.get("experiment_repeats")):
            raise PetriError(f"catch_repeats = {catch} is more than experiment_repeats = {rounds}.")

    def start_network(self, network, number):
        # Catch rounds are the first ones after practice; each participant has the rounds in another order.
        after, catch = number - config.get("practice_repeats"), config.get("catch_repeats")
        network.role = "practice" if after < 0 else "catch" if after < catch else "experiment"
        hard = difficulties(config.get("difficulties"))
        share = config.get(f"{network.role}_difficulty", hard[after % len(hard)])
        Environment(network).update(f"{random.choice((share, 1 - share)):g}")

    def create_node(self, participant, network):
        return RogersAgent(network=network, participant=participant)

    def add_node_to_network(self, node, network):
        """Inherit a way of learning, then learn from the world or from the previous generation."""
        network.add_node(node)
        is_main = network.role == "experiment"
        gene = node.inherit(["asocial", "social"], MUTATION_RATE if is_main else 0)
        teacher = self.work.node_with_things(network.structure["sources"][0])
        node.proportion = float(teacher.state().contents)
        if len(teacher.infos(type=State)) == node.generation:
            changes = is_main and random.random() < config.get("environment_change")
            teacher.update(f"{1 - node.proportion if changes else node.proportion:g}")
        learned = teacher.infos(type=State)[node.generation]
        node.proportion = float(learned.contents)
        if gene == "social":
            teacher = random.choice(self.work.nodes(network.structure["members"][node.generation - 1]))
            learned = teacher.infos()[-1]
            node.advice = learned.contents
        if not teacher.is_connected(node):
            teacher.connect(whom=node)
        teacher.transmit(what=learned, to_whom=node)
        node.receive()

    def info_post_request(self, node, info):
        node.score = int(info.contents == majority(node.proportion))
        node.fitness = fitness(node.score, looked=node.advice is None)

    def scores(self, participant, role):
        return [node.score or 0 for node in participant.nodes() if node.network.role == role]

    def data_check(self, participant):
        return len(participant.nodes()) in (0, self.copies)

    def attention_check(self, participant):
        right = self.scores(participant, "catch")
        return not right or fmean(right) >= config.get("min_acceptable_performance")

    def bonus(self, participant):
        """Pay the full bonus if all answers are correct, and none at chance level or below."""
        right = self.scores(participant, "experiment")
        return round(max(0, 2 * fmean(right) - 1) * config.get("bonus_payment"), 2) if right else 0

    def analyze(self, data):
        from .generations import report_on  # Lazy import: reports are made on your machine only.

        return report_on(data.networks.list, data.nodes.list)
