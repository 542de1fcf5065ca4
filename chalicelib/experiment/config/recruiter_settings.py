"""Defines the settings of Prolific and of entry links."""

from __future__ import annotations

from functools import partial

from .setting import Setting
from .validation import at_least, between, matching, one_of

_OBJECT = matching(r"\s*\{[\s\S]*\}\s*", 'a JSON object such as {"filters": []}')

_prolific = partial(Setting, group="Prolific")
_link = partial(Setting, group="Links")
_fees = partial(Setting, group="Classes")

#: in the order of the documentation
RECRUITER_SETTINGS: tuple[Setting, ...] = (
    _prolific(
        "prolific_token",
        str,
        "The researcher's API token at Prolific.",
        synonyms=("prolific_api_token",),
        sensitive=True,
    ),
    _prolific(
        "prolific_workspace", str, "The id of the workspace that pays; needed for webhooks and groups."
    ),
    _prolific("prolific_project", str, "The id of the project in which studies are created."),
    _prolific(
        "prolific_estimated_completion_minutes",
        int,
        "Minutes that the study takes, as shown to participants; `duration` by default.",
        validators=(at_least(1),),
    ),
    _prolific(
        "prolific_currency",
        str,
        "The currency of the workspace, USD or GBP, for all amounts in the experiment.",
        default="USD",
        public=True,
        validators=(one_of("USD", "GBP"),),
    ),
    _prolific(
        "prolific_fee_percent",
        float,
        "Prolific's fee on top of each payment, in percent.",
        default=33.33,
        validators=(between(0, 100),),
    ),
    _prolific(
        "prolific_vat_percent",
        float,
        "The tax on that fee, in percent, where one applies.",
        default=0.0,
        validators=(between(0, 100),),
    ),
    _prolific(
        "prolific_recruitment_config",
        str,
        "A JSON object with further fields of the study, such as filters, under Prolific's names.",
        default="{}",
        # Its filters can be allow lists and block lists with the ids of participants.
        personal=True,
        validators=(_OBJECT,),
    ),
    _prolific(
        "prolific_screen_out_slots",
        int,
        "How many participants may be screened out before Prolific pauses the study.",
        default=20,
        validators=(at_least(1),),
    ),
    _prolific(
        "prolific_group_blocklist",
        str,
        "Comma-separated participant groups whose members don't see the study.",
        default="",
    ),
    _prolific(
        "prolific_webhook_secret",
        str,
        "The secret with which Prolific signs its webhooks; requested from Prolific when not set.",
        sensitive=True,
    ),
    _link(
        "link_workers",
        str,
        "Ids of your own, separated by commas or spaces, for which entry links are created.",
        default="",
        personal=True,
    ),
    _link(
        "link_exit_address",
        str,
        "The address to which participants go at the end; {worker_id} and {assignment_id} are filled in.",
        default="",
        validators=(matching(r"https?://\S+", "an address such as https://example.org/done"),),
    ),
    _fees(
        "fee_service",
        str,
        "How members of classes pay fees: `stripe`, or empty for paying by hand.",
        default="",
        public=True,
        validators=(one_of("", "stripe"),),
    ),
    _fees(
        "stripe_secret_key",
        str,
        "The secret key of your Stripe account, or a restricted key that may write Checkout Sessions.",
        sensitive=True,
    ),
    _fees(
        "stripe_webhook_secret",
        str,
        "The signing secret of the webhook that Stripe sends to this run.",
        sensitive=True,
    ),
    _link(
        "link_credit",
        str,
        "With `sona`, participants get credit in SONA; needs link_workers = any and sona_credit_url.",
        default="",
        validators=(one_of("", "sona"),),
    ),
    _link(
        "sona_credit_url",
        str,
        "The Server-Side Completion URL of the study in SONA, whole; it contains the study's credit token.",
        sensitive=True,
        validators=(matching(r"https?://\S+", "the address that SONA shows on the page of the study"),),
    ),
)
