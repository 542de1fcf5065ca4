"""Every entry point: HTTP routes by blueprint; queue, schedule and socket handlers in this module.

Chalice would import a blueprint's handler for a queue, a schedule or a socket without this module, so that
nothing would be set up; such handlers are defined here.
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

#: Chalice sets the first while it deploys, too; only Lambda sets the second.
IS_STAGED, IN_LAMBDA = "PETRI_APP" in os.environ, "AWS_LAMBDA_FUNCTION_NAME" in os.environ

# Powertools writes the log; Chalice would write each line a second time.
app = Chalice(app_name="petri", configure_logs=False)
# Chalice deploys sockets only with this flag.
app.experimental_feature_flags.add("WEBSOCKETS")
for _blueprint in BLUEPRINTS:
    app.register_blueprint(_blueprint)


@app.on_sqs_message(queue=os.environ.get("PETRI_QUEUE", "petri-events"), batch_size=10, name="on_message")
def on_message(event: Any) -> dict[str, list[dict[str, str]]]:
    """Handle messages; the failed ones are named, so that only they are delivered again.

    Real-time messages arrive here too: Chalice gives a function one queue, and `petri deploy` connects the
    other.
    """
    if IN_LAMBDA and os.environ.get("PETRI_MAPPING_CONFIRMED") != "1":
        # Without the setting, Lambda would delete the messages that are named as failed.
        raise ConfigError(
            "The queue's event source mapping isn't confirmed to report single failures; messages wait "
            "until it is. Deploy the app again with: petri deploy"
        )
    with within(event.context):
        return queue_consumer.consume(event.to_dict())


@app.on_ws_connect(name="on_connect")
def on_connect(event: Any) -> dict[str, Any]:
    """Accept or refuse a socket."""
    with within(event.context):
        return dispatcher.on_connect(event.to_dict())


@app.on_ws_message(name="on_socket_message")
def on_socket_message(event: Any) -> dict[str, Any]:
    """Handle a frame."""
    with within(event.context):
        return dispatcher.on_message(event.to_dict())


@app.on_ws_disconnect(name="on_disconnect")
def on_disconnect(event: Any) -> dict[str, Any]:
    """Handle the end of a socket."""
    with within(event.context):
        return dispatcher.on_disconnect(event.to_dict())


@app.schedule("rate(1 minute)", name="on_tick")
def on_tick(event: Any) -> None:
    """Run the jobs of the minute."""
    with within(event.context):
        scheduler.tick()


if IS_STAGED:
    from chalicelib.staged_app import open_experiment

    open_experiment(app, Path(__file__).parent, in_lambda=IN_LAMBDA)
