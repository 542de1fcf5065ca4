"""Pages for scripted studies, with the markup that items have."""

from __future__ import annotations

from collections.abc import Mapping


def number(name: str, prompt: str, *, help_text: str = "") -> str:
    aid = f'<p class="item-help" id="item-{name}-help">{help_text}</p>' if help_text else ""
    described = f"item-{name}-help item-{name}-error" if help_text else f"item-{name}-error"
    return (
        f'<div class="item" data-item="{name}" data-kind="number">'
        f'<label class="item-prompt" for="item-{name}">{prompt}</label>{aid}'
        f'<input type="number" inputmode="numeric" step="1" id="item-{name}" name="{name}"'
        f' aria-required="true" aria-describedby="{described} item-{name}-unit">'
        f' <span class="item-unit" id="item-{name}-unit">points</span>'
        f'<p class="item-error" id="item-{name}-error" hidden></p></div>'
    )


def text(name: str, prompt: str, *, long: bool = False) -> str:
    attributes = f'id="item-{name}" name="{name}" aria-required="true" aria-describedby="item-{name}-error"'
    field = f'<textarea rows="4" {attributes}>\n</textarea>' if long else f'<input type="text" {attributes}>'
    return (
        f'<div class="item" data-item="{name}" data-kind="text">'
        f'<label class="item-prompt" for="item-{name}">{prompt}</label>{field}'
        f'<p class="item-error" id="item-{name}-error" hidden></p></div>'
    )


def options(
    name: str, prompt: str, labels: Mapping[str, str], *, kind: str = "choice", style: str = "radio"
) -> str:
    box = "checkbox" if kind == "choices" else "radio"
    shown = "".join(
        f'<div class="item-option"><input type="{box}" id="item-{name}-{place}" name="{name}" value="{key}"> '
        f'<label for="item-{name}-{place}"><span>{label}</span></label></div>'
        for place, (key, label) in enumerate(labels.items(), 1)
    )
    role = ' role="radiogroup" aria-required="true"' if kind == "choice" else ""
    return (
        f'<fieldset class="item" data-item="{name}" data-kind="{kind}"{role}'
        f' aria-describedby="item-{name}-error">'
        f'<legend class="item-prompt">{prompt}</legend><div class="item-options item-{style}">{shown}</div>'
        f'<p class="item-error" id="item-{name}-error" hidden></p></fieldset>'
    )


def likert(name: str, prompt: str, labels: list[str]) -> str:
    steps = "".join(
        f'<div class="item-step"><input type="radio" id="item-{name}-{step}" name="{name}" value="{step}"> '
        f'<label for="item-{name}-{step}">{label}</label></div>'
        for step, label in enumerate(labels, 1)
    )
    return (
        f'<fieldset class="item" data-item="{name}" data-kind="likert" role="radiogroup"'
        f' aria-required="true" aria-describedby="item-{name}-error">'
        f'<legend class="item-prompt">{prompt}</legend><div class="item-scale">{steps}</div>'
        f'<p class="item-error" id="item-{name}-error" hidden></p></fieldset>'
    )


AGREEMENT = ["Strongly disagree", "Disagree", "Neither agree nor disagree", "Agree", "Strongly agree"]
OFFER = number("offer", "How much do you offer?", help_text="From 0 to 10. The rest is yours.")
OFFER_RULES = {"kind": "number", "required": True, "minimum": "0", "maximum": "10", "decimals": 0}
