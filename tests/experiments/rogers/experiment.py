"""Rogers' paradox: does learning from others help a population that could look for itself?"""

from __future__ import annotations

from petri import DiscreteGenerational, Experiment, Meme, PetriError, get_config

from .bots import Bot
from .generations import by_generation, report_html, report_lines
from .models import LearningGene, RogersAgent, RogersEnvironment, written

__all__ = ["Bot", "RogersExperiment", "config_defaults", "extra_parameters"]

config = get_config()


def share(value):
    if not 0 <= value <= 1:
        raise ValueError("must be between 0 and 1")


def difficulty(value):
    if not 0.5 <= value <= 1:
        raise ValueError("must be between 0.5 (hardest) and 1.0 (easiest)")


def difficulties(text):
    for value in numbers(text):
        difficulty(value)


def at_least(least):
    def check(value):
        if value < least:
            raise ValueError(f"must be at least {least}")

    return check


def numbers(text):
    return [float(part) for part in text.split(",") if part.strip()]


def extra_parameters():
    for name, least in (
        ("experiment_repeats", 0),
        ("practice_repeats", 0),
        ("catch_repeats", 0),
        ("generations", 1),
        ("generation_size", 1),
    ):
        config.register(name, int, validators=[at_least(least)])
    for name in ("practice_difficulty", "catch_difficulty"):
        config.register(name, float, validators=[difficulty])
    config.register("difficulties", str, validators=[difficulties])
    for name in ("min_acceptable_performance", "environment_change"):
        config.register(name, float, validators=[share])
    for name in ("bonus_payment", "bot_blur"):
        config.register(name, float, validators=[at_least(0)])


def config_defaults():
    return {
        "experiment_repeats": 0,
        "practice_repeats": 10,
        "catch_repeats": 0,
        "practice_difficulty": 0.8,
        "catch_difficulty": 0.8,
        "difficulties": "0.525, 0.5625, 0.65",
        "min_acceptable_performance": 0.833,
        "generations": 4,
        "generation_size": 4,
        "environment_change": 0.0,
        "bonus_payment": 1.0,
        "bot_blur": 0.08,
    }


class RogersExperiment(Experiment):
    """Networks of generations; a round is one node in one of them."""

    def configure(self):
        self.experiment_repeats = config.get("experiment_repeats")
        self.practice_repeats = config.get("practice_repeats")
        self.catch_repeats = config.get("catch_repeats")
        if self.catch_repeats > self.experiment_repeats:
            raise PetriError(
                f"catch_repeats = {self.catch_repeats} is more than experiment_repeats = "
                f"{self.experiment_repeats}: catch rounds are some of the experiment rounds."
            )
        self.generations = config.get("generations")
        self.generation_size = config.get("generation_size")
        self.initial_recruitment_size = self.generation_size
        for known in (LearningGene, RogersAgent, RogersEnvironment):
            self.known_classes[known.__name__] = known

    # Setup

    def setup(self):
        """Create the networks, choose the attention checks, and create each network's environment."""
        if self.networks():
            return
        super().setup()
        for network in self.random.sample(self.networks(role="experiment"), self.catch_repeats):
            network.role = "catch"
        hard = numbers(config.get("difficulties"))
        shares = {"practice": config.get("practice_difficulty"), "catch": config.get("catch_difficulty")}
        rounds = 0
        for network in self.networks():
            if network.role == "experiment":
                shares["experiment"] = hard[rounds % len(hard)]
                rounds += 1
            self.populate(network, shares[network.role])

    def create_network(self):
        return DiscreteGenerational(
            generations=self.generations, generation_size=self.generation_size, initial_source=True
        )

    def populate(self, network, share_of_majority):
        """Create an environment with a majority of blue or yellow dots."""
        environment = RogersEnvironment(network)
        # Found again by its id, without listing the network's nodes.
        network.details = {"environment": environment.id}
        environment.change = config.get("environment_change") if network.role == "experiment" else 0.0
        blue = self.random.random() < 0.5
        environment.update(written(share_of_majority if blue else 1 - share_of_majority))

    # A round

    def create_node(self, participant, network):
        return RogersAgent(network=network, participant=participant)

    def add_node_to_network(self, node, network):
        """Inherit a way of learning, then learn from the environment or from the previous generation."""
        network.add_node(node)
        node.receive()
        environment = network.work.node_with_things(network.details["environment"])
        state = environment.state_of(node.generation)
        node.proportion = float(state.contents)
        teacher = self.choose_teacher(node, network) if node.learns_socially else environment
        if not teacher.is_connected(node):
            teacher.connect(whom=node)
        teacher.transmit(what=state if teacher is environment else teacher.choice, to_whom=node)
        node.receive()

    def choose_teacher(self, node, network):
        """Return a random member of the previous generation; all of them have chosen by now."""
        elders = network.structure["members"][node.generation - 1]
        return self.random.choice(network.work.nodes(elders))

    def info_post_request(self, node, info):
        if isinstance(info, Meme):
            node.choose(info.contents)

    # When a participant has finished

    def data_check(self, participant):
        """Check that every round has a choice; a participant without rounds passes."""
        nodes = participant.nodes()
        rounds = self.practice_repeats + self.experiment_repeats
        return not nodes or (len(nodes) == rounds and all(node.score is not None for node in nodes))

    def attention_check(self, participant):
        """Check that enough catch rounds were answered correctly."""
        right = self.scores(participant, "catch")
        return not right or sum(right) / len(right) >= config.get("min_acceptable_performance")

    def bonus(self, participant):
        """Pay the full bonus if all answers are correct, and none at chance level or below."""
        right = self.scores(participant, "experiment")
        if not right:
            return 0
        above_chance = max(0.0, 2 * sum(right) / len(right) - 1)
        return round(above_chance * config.get("bonus_payment"), 2)

    def bonus_reason(self):
        return "Thank you for taking part! The bonus is for your correct answers."

    def scores(self, participant, role):
        return [node.score or 0 for node in participant.nodes() if node.network.role == role]

    def submission_successful(self, participant):
        del participant
        self.state["approved"] = self.state.get("approved", 0) + 1

    def recruit(self):
        """Recruit the next generation when this one is complete, and replace participants who left."""
        approved = self.state.get("approved", 0)
        follows_approval = approved > self.state.get("recruited_at", 0)
        self.state["recruited_at"] = approved
        if not self.networks(full=False):
            self.recruiter.close_recruitment()
        elif not follows_approval:
            self.recruiter.recruit(n=1)
        elif approved % self.generation_size == 0:
            self.recruiter.recruit(n=self.generation_size)

    def analyze(self, data):
        """Report both kinds of learners, generation by generation."""
        from petri.report import Report  # Lazy import: reports are made on your machine only.

        found = by_generation(data.networks.list, data.nodes.list, data.infos.list)
        return Report("Learners by generation", report_lines(found), report_html(found))
