"""Builds the contents of a HIT: the experiment's ad in a frame, or a sentence for a compensated worker."""

from __future__ import annotations

from urllib.parse import urlencode
from xml.sax.saxutils import escape

from chalicelib.errors import ConfigError

_SCHEMAS = "http://mechanicalturk.amazonaws.com/AWSMechanicalTurkDataSchemas"
#: The height in pixels of the ad's frame at Mechanical Turk.
FRAME_HEIGHT = 600


def ad_address(base: str, mode: str) -> str:
    """Return the ad's address, to which Mechanical Turk adds worker, assignment and HIT."""
    if not base.startswith("https://"):
        raise ConfigError(
            f"Mechanical Turk shows pages over https only, and this experiment is served at {base}; "
            "deploy it, or use recruiter = hotair on this machine."
        )
    return f"{base}/ad?{urlencode({'recruiter': 'mturk', 'mode': mode})}"


def external_question(address: str) -> str:
    """Return the ExternalQuestion that shows an address."""
    return (
        f'<ExternalQuestion xmlns="{_SCHEMAS}/2006-07-14/ExternalQuestion.xsd">'
        f"<ExternalURL>{escape(address)}</ExternalURL>"
        f"<FrameHeight>{FRAME_HEIGHT}</FrameHeight>"
        "</ExternalQuestion>"
    )


def compensation_question(text: str) -> str:
    """Return a form that the worker only has to submit."""
    return (
        f'<QuestionForm xmlns="{_SCHEMAS}/2017-11-06/QuestionForm.xsd">'
        f"<Overview><Text>{escape(text)}</Text></Overview>"
        "<Question><QuestionIdentifier>accepted</QuestionIdentifier><IsRequired>false</IsRequired>"
        "<QuestionContent><Text>Nothing else is to be done: please submit.</Text></QuestionContent>"
        "<AnswerSpecification><SelectionAnswer><StyleSuggestion>radiobutton</StyleSuggestion>"
        "<Selections><Selection><SelectionIdentifier>yes</SelectionIdentifier>"
        "<Text>I accept this payment.</Text></Selection></Selections>"
        "</SelectionAnswer></AnswerSpecification></Question></QuestionForm>"
    )
