"""The documented, read-only views of a run's SQLite file: the columns of docs/contract.md, for any SQLite tool.

`failed` means the same as everywhere: a record has failed if it has a mark itself, or if its node or network
has.
"""

from __future__ import annotations

from chalicelib.model.failing import NODE_SPAN

COMMON = ("creation_time", "failed", "failed_reason", "time_of_death")
PROPERTIES = ("property1", "property2", "property3", "property4", "property5")


def _field(name: str, of: str = "item") -> str:
    return f"json_extract({of}.body, '$.{name}')"


def _properties() -> str:
    columns = [f"{_field(name)} AS {name}" for name in PROPERTIES]
    return ", ".join([*columns, f"coalesce({_field('details')}, '{{}}') AS details"])


def _own_fields(*names: str) -> str:
    return ", ".join(f"{_field(name)} AS {name}" for name in names)


def _plain_view(kind: str, own: str) -> str:
    """A view of records that fail only by themselves."""
    return f"""
DROP VIEW IF EXISTS {kind};
CREATE VIEW {kind} AS SELECT
    {_field("id")} AS id, {_field("creation_time")} AS creation_time,
    coalesce({_field("failed")}, 0) AS failed, {_field("failed_reason")} AS failed_reason,
    {_field("time_of_death")} AS time_of_death, {_properties()}, {own}
FROM item WHERE kind = '{kind}';
"""


#: The network of a record, and the node with which it failed: the first one that failed.
_ABOVE = """
LEFT JOIN item AS net ON net.pk = 'networks' AND net.sk = printf('%05d', {network})
LEFT JOIN item AS above ON above.pk = item.pk AND above.sk = printf('at#%010d/#', (
    SELECT value FROM json_each({failed_nodes}) WHERE value IN ({ends}) ORDER BY key LIMIT 1))
"""
_NETWORK_MARK = f"(coalesce({_field('failed', 'net')}, 0) AND coalesce({_field('deep', 'net')}, 1))"


def _oldest(ends: tuple[str, ...]) -> str:
    return ends[0] if len(ends) == 1 else f"min({', '.join(ends)})"


def _view_below(kind: str, ends: tuple[str, ...], own: str, where: str = "", link: str = "''") -> str:
    """A view of records that fail with a node at their ends, or with their network.

    `link`: the records of a cascade between that node and the record; `{node}` in it is the node's id.
    """
    joins = _ABOVE.format(
        network=_field("network_id"), failed_nodes=_field("failed_nodes", "net"), ends=", ".join(ends)
    )
    node = f"coalesce({_field('id', 'above')}, {_oldest(ends)})" if ends else ""
    from_node = f"'->Node' || {_field('id', 'above')} || "
    from_network = f"'->Network' || {_field('id', 'net')} || "
    if ends:
        from_network += f"'->Node' || {_oldest(ends)} || "
    between = link.format(node=node)
    return f"""
DROP VIEW IF EXISTS {kind};
CREATE VIEW {kind} AS SELECT
    {_field("id")} AS id, {_field("creation_time")} AS creation_time,
    (coalesce({_field("failed")}, 0) OR above.pk IS NOT NULL OR {_NETWORK_MARK}) AS failed,
    CASE WHEN {_field("failed")} THEN {_field("failed_reason")}
        WHEN above.pk IS NOT NULL
            THEN coalesce({_field("failed_reason", "above")}, '') || {from_node}{between}
        WHEN {_NETWORK_MARK}
            THEN coalesce({_field("failed_reason", "net")}, '') || {from_network}{between}
    END AS failed_reason,
    CASE WHEN {_field("failed")} THEN {_field("time_of_death")}
        WHEN above.pk IS NOT NULL THEN {_field("time_of_death", "above")}
        WHEN {_NETWORK_MARK} THEN {_field("time_of_death", "net")}
    END AS time_of_death,
    {_properties()}, {own}
FROM item {joins} WHERE item.kind = '{kind}'{where};
"""


def _counted(expression: str) -> str:
    return f"""(SELECT {expression} FROM item AS n
        WHERE n.pk = 'net#' || {_field("id")} AND n.kind = 'node')"""


_DEAD = f"(coalesce({_field('failed', 'n')}, 0) OR (coalesce({_field('failed')}, 0) AND coalesce({_field('deep')}, 1)))"
_ANSWERED = f"(coalesce({_field('answered', 'n')}, 0) OR {_field('participant_id', 'n')} IS NULL)"
_LIVING_INFOS = f"coalesce({_field('n_infos', 'n')}, 0)"

_NETWORK_OWN = ", ".join(
    [
        _own_fields("type", "max_size"),
        f"coalesce({_field('full')}, 0) AS full",
        _own_fields("role"),
        _counted(f"count(CASE WHEN NOT {_DEAD} AND NOT {_ANSWERED} THEN 1 END)") + " AS n_pending_infos",
        _counted(f"coalesce(sum(CASE WHEN {_DEAD} THEN 0 ELSE {_LIVING_INFOS} END), 0)")
        + " AS n_completed_infos",
        _counted(
            f"coalesce(sum(coalesce({_field('n_failed_infos', 'n')}, 0)"
            f" + CASE WHEN {_DEAD} THEN {_LIVING_INFOS} ELSE 0 END), 0)"
        )
        + " AS n_failed_infos",
        _counted(f"count(CASE WHEN NOT {_DEAD} THEN 1 END)") + " AS n_alive_nodes",
        _counted(f"count(CASE WHEN {_DEAD} THEN 1 END)") + " AS n_failed_nodes",
        "'Network' AS object_type",
    ]
)

_PARTICIPANT_OWN = ", ".join(
    [
        _own_fields("type", "recruiter", "worker_id", "assignment_id", "hit_id", "mode", "end_time"),
        f"{_field('worker_id')} || ':' || {_field('assignment_id')} AS unique_id",
        f"CAST({_field('base_pay')} AS REAL) AS base_pay",
        f"CAST({_field('bonus')} AS REAL) AS bonus",
        _own_fields("status"),
        "'Participant' AS object_type",
        f"coalesce({_field('entry_information')}, '{{}}') AS entry_information",
        _own_fields("fingerprint_hash", "consent"),
    ]
)

_BOTH_ENDS = (_field("origin_id"), _field("destination_id"))
_INFO_IN_AT = f"({_field('info_in_id')} / {NODE_SPAN})"
_INFO_OUT_AT = f"({_field('info_out_id')} / {NODE_SPAN})"
#: Of the infos that a transformation has at the failed node, the one that its cascade meets first.
_FIRST_INFO = f"""CASE
    WHEN {_INFO_IN_AT} = {{node}} AND {_INFO_OUT_AT} = {{node}}
        THEN min({_field("info_in_id")}, {_field("info_out_id")})
    WHEN {_INFO_IN_AT} = {{node}} THEN {_field("info_in_id")}
    ELSE {_field("info_out_id")} END"""


def _answered(name: str) -> str:
    return f"json_extract(given.value, '$.{name}')"


_PLACE = _own_fields("participant_id", "node_id", "network_id")
_PAGE = _own_fields("page", "path", "round")
_TIMES = _own_fields("shown_at", "answered_at")
_SECONDS = _own_fields("seconds", "seconds_client")
#: The number of the visit; records of runs from before there were later sessions lack it.
_VISIT = f"coalesce({_field('visit')}, 1) AS visit"
_BY = f"coalesce({_field('by')}, 'participant') AS \"by\""
_GRADE = ", ".join(
    [
        *(f"{_answered(name)} AS {name}" for name in ("attempt", "answer", "correct", "percent")),
        f"CAST({_answered('points')} AS REAL) AS points",
        f"{_answered('graded_by')} AS graded_by",
    ]
)
#: The answers of a study: each response holds those of one page.
_RESPONSE_VIEW = f"""
DROP VIEW IF EXISTS response;
CREATE VIEW response AS SELECT
    {_PLACE}, {_answered("item")} AS item, {_answered("kind")} AS kind, {_PAGE}, {_GRADE}, {_TIMES},
    {_SECONDS}, {_BY}, {_answered("comment")} AS comment, {_field("serial")} AS serial, {_VISIT},
    {_answered("missed")} AS missed, {_answered("item_version")} AS item_version
FROM item, json_each(item.body, '$.answers') AS given WHERE item.kind IN ('response', 'grade');
"""
_PAGE_TIMES_VIEW = f"""
DROP VIEW IF EXISTS page_times;
CREATE VIEW page_times AS SELECT
    {_PLACE}, {_field("serial")} AS serial, {_PAGE}, {_TIMES}, {_SECONDS}, {_BY}, {_VISIT}
FROM item WHERE kind = 'response';
"""

_TRIAL = ", ".join(
    f'{_answered(name)} AS "{name}"' for name in ("number", "key", "response", "correct", "rt_ms")
)
#: The trials of a study: each batch holds those that were sent together. Stimuli and data are JSON here.
_TRIAL_VIEW = f"""
DROP VIEW IF EXISTS trial;
CREATE VIEW trial AS SELECT
    {_PLACE}, {_own_fields("page", "path")}, {_TRIAL}, {_field("answered_at")} AS answered_at, {_BY},
    {_field("serial")} AS serial, {_VISIT}, {_answered("stimulus")} AS stimulus,
    {_answered("data")} AS data
FROM item, json_each(item.body, '$.trials') AS given WHERE item.kind = 'trial_batch';
"""

_EVENT = ", ".join(f'{_answered(name)} AS "{name}"' for name in ("event", "act", "item", "at_ms"))
#: The events on the pages of a study: each batch holds those that were sent together.
_EVENT_VIEW = f"""
DROP VIEW IF EXISTS event;
CREATE VIEW event AS SELECT
    {_own_fields("participant_id", "serial", "page", "path")}, {_EVENT},
    {_field("received_at")} AS received_at
FROM item, json_each(item.body, '$.events') AS given WHERE item.kind = 'event_batch';
"""
#: The rows of a study's live elements and chats. Their values are JSON here.
_LIVE_VIEW = f"""
DROP VIEW IF EXISTS live;
CREATE VIEW live AS SELECT
    {_own_fields("network_id", "number", "name", "participant_id", "path", "at")},
    {_field("values")} AS "values"
FROM item WHERE kind = 'live_row';
"""

#: The files that answers of a study refer to.
_UPLOAD_VIEW = f"""
DROP VIEW IF EXISTS upload;
CREATE VIEW upload AS SELECT
    {_own_fields("participant_id", "serial", "page", "path", "item", "reference", "type", "size", "sha256")},
    {_own_fields("stored_at", "erased_at")}
FROM item WHERE kind = 'upload' AND {_field("stored_at")} IS NOT NULL;
"""


def _shared_words(name: str) -> str:
    return f"CASE WHEN {_field('visibility')} <> 'private' THEN {_field(name)} END AS \"{name}\""


#: What participants have opened in books.
_READING_VIEW = f"""
DROP VIEW IF EXISTS reading;
CREATE VIEW reading AS SELECT
    {_own_fields("participant_id", "book", "chapter", "page", "path", "what", "started_at", "last_at")},
    {_own_fields("finished_at", "opened", "position", "serial")}
FROM item WHERE kind = 'reading';
"""

#: The reviews of readers who practise.
_REVIEW_VIEW = f"""
DROP VIEW IF EXISTS review;
CREATE VIEW review AS SELECT
    {_own_fields("participant_id", "serial", "path", "item", "page", "number", "reviewed_at", "correct")},
    {_own_fields("percent", "rating", "seconds", "next_due", "stability", "difficulty")}
FROM item WHERE kind = 'review';
"""
#: The annotations of readers; those that are for the reader alone without their words.
_ANNOTATION_VIEW = f"""
DROP VIEW IF EXISTS annotation;
CREATE VIEW annotation AS SELECT
    {_own_fields("participant_id", "book", "chapter", "page", "path", "name", "visibility")},
    {", ".join(_shared_words(name) for name in ("exact", "prefix", "suffix", "start", "end", "note"))},
    {_own_fields("created_at", "changed_at")}
FROM item WHERE kind = 'annotation';
"""

VIEWS = "".join(
    [
        _EVENT_VIEW,
        _UPLOAD_VIEW,
        _READING_VIEW,
        _ANNOTATION_VIEW,
        _REVIEW_VIEW,
        _RESPONSE_VIEW,
        _TRIAL_VIEW,
        _LIVE_VIEW,
        _PAGE_TIMES_VIEW,
        _plain_view("network", _NETWORK_OWN),
        _view_below(
            "node",
            (),
            _own_fields("type", "network_id", "participant_id") + ", 'Node' AS object_type",
        ),
        _view_below(
            "vector",
            _BOTH_ENDS,
            _own_fields("origin_id", "destination_id", "network_id") + ", 'Vector' AS object_type",
            " AND item.sk GLOB '*/vec#in#*'",
        ),
        _view_below(
            "info",
            (_field("origin_id"),),
            _own_fields("type", "origin_id", "network_id", "contents") + ", 'Info' AS object_type",
        ),
        _view_below(
            "transmission",
            _BOTH_ENDS,
            _own_fields(
                "vector_id", "origin_id", "destination_id", "info_id", "network_id", "receive_time", "status"
            )
            + ", 'Transmission' AS object_type",
            link=f"'->Vector' || {_field('vector_id')}",
        ),
        _view_below(
            "transformation",
            (_field("node_id"), _INFO_IN_AT),
            _own_fields("type", "info_in_id", "info_out_id", "node_id", "network_id")
            + ", 'Transformation' AS object_type",
            link=f"'->Info' || {_FIRST_INFO}",
        ),
        _plain_view("participant", _PARTICIPANT_OWN),
        _plain_view(
            "question",
            _own_fields("number", "type", "participant_id", "question", "response")
            + ", 'Question' AS object_type",
        ),
        _plain_view("notification", _own_fields("assignment_id", "event_type")),
        _plain_view("recruitment", _own_fields("recruiter", "event_type", "n")),
        _plain_view(
            "payment",
            ", ".join(
                [
                    f"{_field('participant_id')} AS participant_id, {_field('payment_kind')} AS kind",
                    f"CAST({_field('amount')} AS REAL) AS amount",
                    _own_fields("status", "reason", "recruiter_reference", "sent_time"),
                ]
            ),
        ),
    ]
)
