"""`petri.channel` with a socket that the test holds in its hands: order, limits, heartbeats, coming back."""

from __future__ import annotations

import json

import pytest

from tests.browser.pages import Page
from tests.browser.standin import refusal, success

QUERY = "hitId=H1&assignmentId=A1&workerId=W1&participant_id=1"
#: Stands in for WebSocket: keeps what was sent, lets the test open, speak and close.
FAKE_SOCKETS = """
    window.sockets = [];
    window.WebSocket = class {
        constructor(address) { this.address = address; this.sent = []; sockets.push(this); }
        send(frame) { this.sent.push(frame); }
        close() { this.onclose && this.onclose(); }
        open() { this.onopen(); this.confirm(); }
        confirm() {
            for (const frame of this.sent) {
                const order = frame.startsWith('petri:') ? JSON.parse(frame.slice(6)) : {};
                if (order.type !== 'subscribe') continue;
                this.say('petri', {type: 'subscribed', channel: order.channel});
            }
        }
        say(channel, data) { this.onmessage({data: `${channel}:${JSON.stringify(data)}`}); }
        get frames() { return this.sent.filter((frame) => !frame.startsWith('petri:')); }
    };
    window.newest = () => sockets[sockets.length - 1];
    window.heard = [];
    Object.assign(petri.timing, {firstPause: 20, longestPause: 50, inOrderWithin: 400, newSender: 150});
    window.talk = petri.channel('talk').on('message', (data) => heard.push(data));
"""


@pytest.fixture
def page(plain, browser):
    page = Page(browser)
    browser.set_script_timeout(20)
    browser.get(f"{plain.url}/exp?{QUERY}")
    page.arrive_at("/exp")
    browser.execute_script(FAKE_SOCKETS)
    return page


@pytest.fixture
def talking(page):
    run(page, "newest().open();")
    return page


def run(page, script):
    return page.browser.execute_script(script)


def comes_true(page, condition):
    page.wait().until(lambda _: run(page, f"return Boolean({condition});"))


def refused(page, call):
    return run(page, f"try {{ {call} }} catch (error) {{ return error.errorCode; }} return null;")


def say_numbered(page, *numbers, sender="her"):
    for number in numbers:
        run(page, f"newest().say('talk', {{n: {number}, _seq: ['{sender}', {number}]}});")


def heard_numbers(page):
    return run(page, "return heard.map((data) => data.n);")


# Opening


def test_a_channel_is_open_when_its_subscription_is_confirmed(page):
    before = run(page, "return talk.state;")
    run(page, "newest().open();")
    assert (before, run(page, "return talk.state;")) == ("connecting", "open")


def test_two_channels_share_one_socket(talking):
    run(talking, "window.other = petri.channel('room-2'); newest().confirm();")
    assert run(talking, "return [sockets.length, other.state];") == [1, "open"]


def test_the_same_name_is_the_same_channel(talking):
    assert run(talking, "return petri.channel('talk') === talk;")


def test_a_closed_channel_is_unsubscribed(talking):
    run(talking, "petri.channel('room-2'); talk.close();")
    orders = run(talking, "return newest().sent.map((frame) => JSON.parse(frame.slice(6)));")
    assert {"type": "unsubscribe", "channel": "talk"} in orders


def test_the_socket_closes_with_its_last_channel(talking):
    run(talking, "newest().close = () => { window.isGone = true; }; talk.close();")
    assert run(talking, "return window.isGone === true;")


def test_a_channel_gets_an_error_for_a_refused_subscription(page):
    run(
        page,
        "talk.on('error', (error) => { window.reason = error.errorCode; }); newest().onopen();"
        "newest().say('petri', {type: 'error', error_code: 'not_yours', channel: 'talk'});",
    )
    assert run(page, "return [reason, talk.state];") == ["not_yours", "refused"]


def test_no_channel_opens_before_taking_part(plain, browser):
    page = Page(browser)
    browser.get(f"{plain.url}/exp")
    assert refused(page, "petri.channel('talk', {participantId: null});") == "no_participant"


# Hearing


def test_an_object_arrives_without_its_number(talking):
    say_numbered(talking, 1)
    assert run(talking, "return heard;") == [{"n": 1}]


def test_a_text_arrives_unchanged(talking):
    run(talking, "newest().onmessage({data: 'talk:a:b'});")
    assert run(talking, "return heard;") == ["a:b"]


def test_numbered_frames_are_put_in_order(talking):
    say_numbered(talking, 1, 3, 2, 4)
    assert heard_numbers(talking) == [1, 2, 3, 4]


def test_a_frame_that_arrives_twice_is_delivered_once(talking):
    say_numbered(talking, 1, 1, 2)
    assert heard_numbers(talking) == [1, 2]


def test_a_lost_frame_holds_the_others_up_for_a_while_only(talking):
    say_numbered(talking, 1, 3)
    held = heard_numbers(talking)
    comes_true(talking, "heard.length === 2")
    assert (held, heard_numbers(talking)) == ([1], [1, 3])


def test_a_late_frame_is_not_lost(talking):
    say_numbered(talking, 1, 3)
    comes_true(talking, "heard.length === 2")
    say_numbered(talking, 2)
    assert heard_numbers(talking) == [1, 3, 2]


def test_a_message_sent_before_this_page_listened_arrives(talking):
    say_numbered(talking, 58, 57)
    comes_true(talking, "heard.length === 2")
    assert heard_numbers(talking) == [57, 58]


def test_senders_do_not_wait_for_each_other(talking):
    say_numbered(talking, 3, sender="her")
    say_numbered(talking, 1, sender="him")
    assert heard_numbers(talking) == [1]


def test_own_frames_are_marked(talking):
    own = run(
        talking,
        "const marks = []; talk.on('message', (_, {own}) => marks.push(own)); talk.send({n: 1});"
        "newest().onmessage({data: newest().frames[0]}); return marks;",
    )
    assert own == [True]


def test_a_handler_that_fails_leaves_the_next_frame_alone(talking):
    run(talking, "talk.on('message', () => { throw new Error('of the page'); });")
    say_numbered(talking, 1, 2)
    assert heard_numbers(talking) == [1, 2]


# Sending


def test_objects_are_numbered(talking):
    run(talking, "talk.send({a: 1}); talk.send({a: 2});")
    frames = run(talking, "return newest().frames;")
    assert [json.loads(frame.partition(":")[2])["_seq"][1] for frame in frames] == [1, 2]


def test_a_text_is_sent_unchanged(talking):
    run(talking, "talk.send('hello: you');")
    assert run(talking, "return newest().frames;") == ["talk:hello: you"]


def test_more_than_30_kb_is_refused_before_it_is_sent(talking):
    code = refused(talking, "talk.send('x'.repeat(30 * 1024));")
    assert (code, run(talking, "return newest().frames;")) == ("too_large", [])


def test_size_counts_in_bytes(talking):
    assert refused(talking, "talk.send({text: '漢'.repeat(11 * 1024)});") == "too_large"


@pytest.mark.parametrize("data", ["null", "5", "[1]", "undefined"])
def test_only_objects_and_texts_can_be_sent(talking, data):
    assert refused(talking, f"talk.send({data});") == "not_an_object"


def test_a_flood_is_slowed_down(talking):
    run(talking, "for (let i = 0; i < 30; i += 1) talk.send({i});")
    at_once = run(talking, "return newest().frames.length;")
    comes_true(talking, "newest().frames.length === 30")
    assert at_once == 20


def test_a_page_in_a_loop_is_stopped(talking):
    assert refused(talking, "for (let i = 0; i < 1000; i += 1) talk.send({i});") == "too_many"


def test_messages_published_while_disconnected_are_sent_later(talking):
    run(talking, "newest().onclose(); talk.send({late: true});")
    comes_true(talking, "sockets.length === 2")
    run(talking, "newest().open();")
    assert "late" in run(talking, "return newest().frames[0];")


def test_messages_with_only_now_are_dropped_while_disconnected(talking):
    sent = run(talking, "newest().onclose(); return talk.send({typing: true}, {onlyNow: true});")
    assert sent is False


def test_a_closed_channel_accepts_no_messages(talking):
    assert refused(talking, "talk.close(); talk.send({});") == "closed"


# Coming back


def test_a_lost_socket_comes_back_with_all_its_channels(talking):
    run(talking, "petri.channel('room-2'); newest().onclose();")
    comes_true(talking, "sockets.length === 2")
    run(talking, "newest().open();")
    sent = run(talking, "return newest().sent.map((frame) => JSON.parse(frame.slice(6)).channel);")
    assert sent == ["talk", "room-2"]


def test_open_says_whether_it_is_a_return(talking):
    run(talking, "window.opens = []; talk.on('open', ({again}) => opens.push(again)); newest().onclose();")
    comes_true(talking, "sockets.length === 2")
    run(talking, "newest().open();")
    assert run(talking, "return opens;") == [False, True]


def test_the_state_word_follows_the_line(talking):
    run(talking, "window.words = []; talk.on('state', (word) => words.push(word)); newest().onclose();")
    comes_true(talking, "sockets.length === 2")
    run(talking, "newest().open(); talk.close();")
    assert run(talking, "return words;") == ["lost", "open", "closed"]


def test_a_refused_participant_stops_asking(plain, page):
    plain.on("GET", "/participant/1", refusal(401, "token_ended", "Opened again elsewhere."))
    run(page, "talk.on('error', (error) => { window.reason = error.errorCode; });")
    for number in (1, 2, 3):
        comes_true(page, f"sockets.length === {number}")
        run(page, "newest().onclose();")
    comes_true(page, "talk.state === 'refused'")
    assert run(page, "return reason;") == "token_ended"


def test_a_socket_is_renewed_before_its_end_and_the_old_one_serves_until_then(page):
    run(page, "petri.timing.renewAfter = 100; petri.timing.renewSpread = 0; newest().open();")
    comes_true(page, "sockets.length === 2")
    run(page, "petri.timing.renewAfter = 1e6; sockets[0].say('talk', {n: 1}); newest().open();")
    run(page, "sockets[0].say('talk', {n: 2}); newest().say('talk', {n: 3});")
    assert heard_numbers(page) == [1, 3]


def test_a_socket_that_the_server_does_not_know_is_reopened(talking):
    run(talking, "newest().say('petri', {type: 'error', error_code: 'not_connected', channel: 'talk'});")
    comes_true(talking, "sockets.length === 2")


def test_the_line_beats_its_heart(plain, browser):
    page = Page(browser)
    browser.get(f"{plain.url}/exp?{QUERY}")
    page.arrive_at("/exp")
    run(page, "petri.timing.heartbeat = 50;" + FAKE_SOCKETS + "newest().open();")
    comes_true(page, """newest().sent.includes('petri:{"type":"heartbeat"}')""")


def test_the_participant_sees_when_the_connection_stays_lost(page):
    run(
        page,
        "petri.timing.longestPause = petri.timing.firstPause = 1e6; newest().open(); newest().onclose();",
    )
    assert "connection was interrupted" in page.visible(".status-banner").text


# Being let go


def test_a_released_participant_sees_a_kind_message(talking):
    run(talking, "newest().say('quorum', {released: true, q: 0, n: 0});")
    assert "This is not your fault" in talking.visible("#goodbye").text


def test_a_participant_who_returns_learns_that_the_group_has_ended(plain, talking):
    plain.on("GET", "/waiting-room/1", success(quorum={"q": 0, "n": 0, "released": True}))
    run(talking, "newest().onclose();")
    comes_true(talking, "sockets.length === 2")
    run(talking, "newest().open();")
    talking.visible("#goodbye")


def test_a_released_participant_comes_to_the_questionnaire(talking):
    run(talking, "newest().say('quorum', {released: true, q: 0, n: 0});")
    talking.press("#go-to-end")
    talking.arrive_at("/questionnaire")
