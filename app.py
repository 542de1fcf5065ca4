"""Every way in, on one screen: HTTP routes by blueprint; queue, topic, schedule and socket handlers here.

Chalice imports a handler that a blueprint declares for a queue, a schedule or a socket without this
module, so that nothing would be set up: such handlers stand here.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from chalice.app import Chalice

from chalicelib.errors import ConfigError
from chalicelib.invocation import within
from chalicelib.realtime import dispatcher
from chalicelib.web import BLUEPRINTS
from chalicelib.workers import queue_consumer, scheduler

#: Chalice sets this one while it deploys, too; the second only Lambda sets.
IS_STAGED, IN_LAMBDA = "PETRI_APP" in os.environ, "AWS_LAMBDA_FUNCTION_NAME" in os.environ

# Powertools writes the log; Chalice would write each line a second time.
app = Chalice(app_name="petri", configure_logs=False)
# Chalice's deployer takes sockets only where this is said.
app.experimental_feature_flags.add("WEBSOCKETS")
for _blueprint in BLUEPRINTS:
    app.register_blueprint(_blueprint)


@app.on_sqs_message(queue=os.environ.get("PETRI_QUEUE", "petri-events"), batch_size=10, name="on_message")
def on_message(event: Any) -> dict[str, list[dict[str, str]]]:
    """Do what messages say; those that fail are named, and only they come again.

    Real-time messages come here too: Chalice gives a function one queue; `petri deploy` connects the other.
    """
    if IN_LAMBDA and os.environ.get("PETRI_MAPPING_CONFIRMED") != "1":
        # Lambda would take those that are named as failed for done, and delete them.
        raise ConfigError(
            "It isn't confirmed that the queue's mapping reports failures one by one; messages wait until "
            "then. Deploy the app again with: petri deploy"
        )
    with within(event.context):
        return queue_consumer.consume(event.to_dict())


@app.on_ws_connect(name="on_connect")
def on_connect(event: Any) -> dict[str, Any]:
    """Let a socket in, or refuse it."""
    with within(event.context):
        return dispatcher.on_connect(event.to_dict())


@app.on_ws_message(name="on_socket_message")
def on_socket_message(event: Any) -> dict[str, Any]:
    """Hear a frame."""
    with within(event.context):
        return dispatcher.on_message(event.to_dict())


@app.on_ws_disconnect(name="on_disconnect")
def on_disconnect(event: Any) -> dict[str, Any]:
    """Forget a socket."""
    with within(event.context):
        return dispatcher.on_disconnect(event.to_dict())


@app.schedule("rate(1 minute)", name="on_tick")
def on_tick(event: Any) -> None:
    """Do what is due each minute."""
    with within(event.context):
        scheduler.tick()


if IS_STAGED:
    from chalicelib.staged_app import open_experiment

    open_experiment(app, Path(__file__).parent, in_lambda=IN_LAMBDA)
