"""Creates the infos with answers for the next participant in the network."""

from __future__ import annotations

from chalicelib.model.info import Info
from chalicelib.operations.network.create_info import check_contents, mark_answered
from chalicelib.operations.shared.context import Context
from chalicelib.operations.study.shared.study_context import study_of
from chalicelib.study.plan import parse_path
from chalicelib.study.study_records import Place
from chalicelib.study.study_session import encode_passed


def pass_on(ctx: Context, place: Place, path: str) -> None:
    """Create the info of collected answers when the participant leaves the loop that asked for them.

    All answers of a For become one info, a list with an entry for each value; it opens the network's next
    place. An answer outside of loops becomes an info of its own, as its text or as JSON.
    """
    loop = _outermost(ctx, place.path)
    if not place.passed or place.node_id is None or (loop and loop == _outermost(ctx, path)):
        return
    node = ctx.uow.node(place.node_id)
    contents = place.passed if loop else place.passed[0]
    place.passed = []
    if node.failed:
        return
    text = encode_passed(contents)
    check_contents(text)
    info = Info(origin=node, contents=text)
    mark_answered(node, info)
    study_of(ctx).info_post_request(node, info)


def _outermost(ctx: Context, path: str) -> str:
    """Return the path of the outermost For around a path, without its value; "" outside of loops."""
    scopes = study_of(ctx).plan().rounds_of(parse_path(path))
    loops = [scope for scope, _, element in scopes if hasattr(element, "variable")]
    return loops[0].rpartition("[")[0] if loops else ""
