"""`petri debug` serves sockets on either engine; with moto, through the management API as in the cloud."""

from __future__ import annotations

from pathlib import Path

import pytest

from chalicelib import services
from chalicelib.messaging.gateway_channels import GatewayChannels
from tests.realtime.hosting import OPERATOR_TOKEN, EngineName, Hosted, hosted_as_by_debug

FOLDER = '''
from petri import Experiment, FullyConnected, scheduled


class Pair(Experiment):
    """Two who talk."""

    channel = "talk"
    room_size = 2
    experiment_repeats = 1

    def create_network(self):
        return FullyConnected(max_size=100)

    def receive_message(self, message, channel_name=None, participant=None, node=None, receive_time=None):
        if message == "marco":
            self.after(0.1, "answer")

    def answer(self):
        self.publish_to_subscribers("polo")


@scheduled(minutes=1)
def each_minute():
    pass
'''


@pytest.fixture(params=["sqlite", "moto"])
def engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> EngineName:
    monkeypatch.setenv("PETRI_OPERATOR_TOKEN", OPERATOR_TOKEN)
    found: EngineName = request.param
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "pair"
    made.mkdir()
    (made / "experiment.py").write_text(FOLDER, encoding="utf-8")
    return made


def two_in_a_room(here: Hosted) -> None:
    lines = [here.arrive_with_line("quorum", "talk")[1] for _ in range(2)]
    for line in lines:
        assert line.until_room()["room"] == 1
    lines[0].say("talk:marco")
    assert [line.until("talk:polo") for line in lines] == ["talk:polo"] * 2


def test_two_participants_meet_and_chat_and_a_timer_fires(folder: Path, engine: EngineName) -> None:
    with hosted_as_by_debug(folder, engine) as here:
        two_in_a_room(here)


def test_with_moto_posts_go_through_the_management_api(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PETRI_OPERATOR_TOKEN", OPERATOR_TOKEN)
    with hosted_as_by_debug(folder, "moto"):
        assert isinstance(services.current().channels, GatewayChannels)


def test_scheduled_functions_of_the_folder_are_known(folder: Path, engine: EngineName) -> None:
    with hosted_as_by_debug(folder, engine):
        assert [one.name for one in services.current().scheduled] == ["each_minute"]
