"""`petri.draft`: what it keeps of unfinished work, and where."""

from __future__ import annotations

import pytest

from .scripts import SCRIPTS, Scripts

FORM = """
    const listeners = [];
    const form = {
      elements: [
        { name: "why", type: "textarea", value: "" },
        { name: "agree", type: "checkbox", checked: false },
        { name: "scale", type: "radio", value: "1", checked: false },
        { name: "scale", type: "radio", value: "2", checked: false },
        { name: "langs", type: "select-multiple", multiple: true,
          options: [{ selected: false }, { selected: false }] },
        { name: "secret", type: "password", value: "" },
        { name: "", type: "text", value: "" },
      ],
      addEventListener: (_, act) => listeners.push(act),
    };
"""
FILL = """
    const [why, agree, , second, langs, secret] = form.elements;
    why.value = "Because"; agree.checked = true; second.checked = true; langs.options[1].selected = true;
    secret.value = "hush";
    listeners.forEach((act) => act());
"""


def page(*, storage: bool = True) -> Scripts:
    scripts = Scripts("dallinger2.js")
    if not storage:
        scripts.run("dallinger.storage.available = false; dallinger.storage.get = () => undefined;")
    scripts.run((SCRIPTS / "petri.js").read_text(encoding="utf-8"))
    return scripts


@pytest.mark.parametrize("storage", [True, False])
def test_a_value_and_the_seen_mark_are_kept_side_by_side_until_cleared(storage: bool) -> None:
    scripts = page(storage=storage)
    scripts.run("petri.draft(7).keep({ words: 3 }); petri.draft(7).markSeen();")
    assert scripts.value("[petri.draft(7).value, petri.draft(7).seen]") == [{"words": 3}, True]
    scripts.run("petri.draft(7).clear();")
    assert scripts.value("[petri.draft(7).value ?? null, petri.draft(7).seen]") == [None, False]


def test_steps_and_participants_do_not_share_drafts() -> None:
    scripts = page()
    scripts.run("petri.draft(7).keep('mine');")
    assert scripts.value("petri.draft(8).value") is None
    scripts.run("dallinger.identity.workerId = 'another';")
    assert scripts.value("petri.draft(7).value") is None


def test_a_form_is_filled_again_except_for_passwords() -> None:
    scripts = page()
    scripts.run(f"{{ {FORM} petri.draft('form').followForm(form); {FILL} }}")
    scripts.run(f"{FORM} petri.draft('form').followForm(form);")
    assert scripts.value("form.elements.map((each) => each.checked ?? each.value ?? null)") == [
        "Because",
        True,
        False,
        True,
        None,
        "",
        "",
    ]
    assert scripts.value("form.elements[4].options.map((option) => option.selected)") == [False, True]
    assert "hush" not in str(scripts.value("[kept, history]"))


def test_a_field_gets_its_text_back_and_is_followed() -> None:
    scripts = page()
    scripts.run(
        "var field = { value: '' }; petri.draft(1).follow(field); field.value = 'Once'; field.oninput();"
    )
    scripts.run("var reloaded = { value: '' }; petri.draft(1).follow(reloaded);")
    assert scripts.value("reloaded.value") == "Once"
