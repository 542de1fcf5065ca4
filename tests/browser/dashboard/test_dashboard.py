"""The dashboard in a real browser: its own host, keyboard, phone, dark colours, and numbers that change."""

from __future__ import annotations

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from tests.browser import accessibility, chromium
from tests.browser.dashboard.conftest import ServedRun

pytestmark = pytest.mark.e2e

PAGES = (
    "overview",
    "participants",
    "participants/1",
    "participants/1/bonus",
    "classes",
    "networks",
    "networks/1",
    "networks/node/100001",
    "responses",
    "responses/grading",
    "responses/reading",
    "responses/annotations",
    "recruitment",
    "recruitment/qr",
    "money",
    "data/infos",
    "data/participants",
    "exports",
    "assets",
    "library",
    "people",
    "people/ada",
    "groups",
    "groups/eyelab",
    "roles",
    "roles/Payday",
    "account",
    "settings",
    "settings/hard_cap",
    "settings/audit/verify",
    "log",
    "messages",
    "messages/1/seen",
    "messages/all/write",
    "stop",
)
WITHIN_SECONDS = 30
#: What a script of an experiment's page can try: to read the dashboard, and to show it in a frame.
_SPY = """
    const [address, done] = arguments;
    const frame = document.createElement("iframe");
    const read = fetch(address, { credentials: "include" }).then((answer) => answer.text(), () => "refused");
    frame.addEventListener("load", async () => {
      let framed;
      try { framed = frame.contentDocument.body.textContent; } catch { framed = "refused"; }
      done([await read, framed]);
    });
    frame.src = address;
    document.body.append(frame);
"""


def sign_in(browser: Chrome, run: ServedRun) -> str:
    """Sign in with the keyboard; return the link that was used."""
    link = run.sign_in_link()
    browser.get(link)
    focused(browser, Keys.TAB)
    assert browser.switch_to.active_element.text == "Open the dashboard"
    browser.switch_to.active_element.send_keys(Keys.ENTER)
    WebDriverWait(browser, WITHIN_SECONDS).until(lambda b: "Overview" in b.title)
    return link


def focused(browser: Chrome, *keys: str) -> str:
    """Press keys; return the text of what has the focus then."""
    browser.switch_to.active_element.send_keys(*keys)
    return str(browser.switch_to.active_element.get_attribute("textContent")).strip()


def in_dark_colours(browser: Chrome, *, on: bool) -> None:
    features = [{"name": "prefers-color-scheme", "value": "dark" if on else "light"}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})


def on_root(browser: Chrome, name: str) -> str:
    """Return what the page's script has noted on the root element."""
    return str(browser.execute_script("return document.documentElement.dataset[arguments[0]];", name))


def completed(browser: Chrome) -> str:
    """Return the number of completed participants, as the overview shows it."""
    return browser.find_element(By.CSS_SELECTOR, ".figure dd").text.partition("\n")[0]


@pytest.fixture
def signed_in(browser: Chrome, served_run: ServedRun) -> ServedRun:
    sign_in(browser, served_run)
    return served_run


def messages_of(browser: Chrome) -> list[str]:
    """Return what the browser has complained about since it was asked last."""
    messages = [str(entry["message"]) for entry in browser.get_log("browser")]
    return [message for message in messages if "favicon" not in message]


def test_a_person_signs_in_with_the_keyboard_and_a_link_works_once(
    browser: Chrome, served_run: ServedRun
) -> None:
    # The browser keeps the messages of the pages that were open before.
    browser.get_log("browser")
    link = sign_in(browser, served_run)
    assert focused(browser, Keys.TAB) == "Skip to the content"
    browser.switch_to.active_element.send_keys(Keys.ENTER)
    assert browser.switch_to.active_element.get_attribute("id") == "main"
    browser.get(link)
    assert "has been used" in browser.find_element(By.TAG_NAME, "main").text
    assert messages_of(browser) == []


@pytest.mark.parametrize("page", PAGES)
def test_a_person_can_use_a_page_of_the_dashboard(browser: Chrome, signed_in: ServedRun, page: str) -> None:
    browser.get_log("browser")
    browser.get(f"{signed_in.dashboard}/{page}")
    name = f"dashboard-{page.replace('/', '-')}"
    found = accessibility.problems(browser, name)
    in_dark_colours(browser, on=True)
    found += accessibility.problems(browser, f"{name}-dark", sizes=(accessibility.DESKTOP,))
    in_dark_colours(browser, on=False)
    assert found == [], "\n".join(found)
    assert messages_of(browser) == []


def test_a_double_click_sends_a_form_once(browser: Chrome, served_run: ServedRun) -> None:
    sign_in(browser, served_run)
    browser.get(f"{served_run.dashboard}/people/ada")
    sent = browser.execute_script("""
        const form = document.querySelector("form[action$='/make-token']");
        let sent = 0;
        window.addEventListener("submit", (event) => {
          sent += !event.defaultPrevented;
          event.preventDefault();
        });
        form.elements.namedItem("name").value = "twice";
        for (const _ of [1, 2]) form.requestSubmit();
        return sent;
    """)
    assert sent == 1


def test_the_menu_on_a_phone_opens_and_closes_with_the_keyboard(
    browser: Chrome, served_run: ServedRun
) -> None:
    sign_in(browser, served_run)
    chromium.resize_to_phone(browser)
    button = browser.find_element(By.ID, "menu-button")
    assert not browser.find_element(By.ID, "side").is_displayed()
    button.send_keys(Keys.ENTER)
    assert browser.switch_to.active_element.text == "Overview"
    assert focused(browser, Keys.TAB) == "Participants"
    browser.switch_to.active_element.send_keys(Keys.ESCAPE)
    assert browser.switch_to.active_element == button
    assert button.get_attribute("aria-expanded") == "false"


def test_the_chosen_colours_stay_on_the_next_page(browser: Chrome, served_run: ServedRun) -> None:
    sign_in(browser, served_run)
    browser.find_element(By.ID, "theme-button").click()
    browser.get(f"{served_run.dashboard}/log")
    theme = browser.execute_script("return document.documentElement.dataset.theme;")
    assert theme == "dark"
    assert browser.find_element(By.ID, "theme-button").get_attribute("aria-pressed") == "true"
    browser.execute_script("localStorage.clear();")


def test_numbers_change_while_bots_take_part_without_a_reload(browser: Chrome, served_run: ServedRun) -> None:
    sign_in(browser, served_run)
    before = int(completed(browser))
    WebDriverWait(browser, WITHIN_SECONDS).until(lambda b: on_root(b, "doorbell") == "open")
    # Without the clock, only rings refresh the page; bots take longer than the server needs to notice it.
    browser.execute_script(
        "window.isSamePage = true; document.querySelector('[data-live]').dataset.seconds = '86400';"
    )
    served_run.let_bots_in(2)
    WebDriverWait(browser, WITHIN_SECONDS).until(lambda b: completed(b) == str(before + 2))
    assert on_root(browser, "refreshedBy") == "ring"
    assert browser.execute_script("return window.isSamePage;")
    assert not [line for line in browser.get_log("browser") if line["level"] == "SEVERE"]


def test_a_script_of_an_experiments_page_reads_nothing_of_the_dashboard(
    browser: Chrome, served_run: ServedRun
) -> None:
    sign_in(browser, served_run)
    browser.get(f"{served_run.pages}/consent")
    for path in ("overview", "participants/1"):
        read, framed = browser.execute_async_script(_SPY, f"{served_run.dashboard}/{path}")
        assert (read, framed) == ("refused", "refused")
    browser.get(
        f"http://localhost:{served_run.dashboard.partition('localhost:')[2].partition('/')[0]}/consent"
    )
    assert browser.current_url.startswith(served_run.pages)
