"""Where each record lies. An id says where its record is, so nothing has to be looked up.

networks          #                    header: how many there are, large set-ups
networks          <network>            root: version, size, structure, gate, lease
net#<network>     at#<node>/#          node
net#<network>     at#<node>/info#<id>  what it made; vec#, trans#, sent# beside it
net#<network>     to#<node>/<id>       what was sent to it, with a copy of the info
part#<id>         #                    participant; question#, payment# below it
assignment#<a>    #                    whose assignment it is; notification# below it
worker#<w>        #                    who took part already
listed#<shard>    <participant>        participants by status, small
over#<shard>      <participant>        the same, of those for whom it is over: only counted, mostly
due#<shard>       <time>#<id>          what must happen after a commit
experiment        #                    launched, state, seed; awake and deployment beside it
recruitment       <id>                 requests to recruiters
counter           <name>               numbers that only ever grow
connections#<n>   <connection>         open sockets; more of them at channel#<name> and part#<id>
lobby             <participant>        who waits for a room
rooms             #                    header: how many have opened; <room> its members
"""

from __future__ import annotations

import zlib
from datetime import datetime

from .record import iso

Key = tuple[str, str]

SHARDS = 8
DUE_SHARDS = 4
NETWORKS = "networks"
HEADER: Key = (NETWORKS, "#")
EXPERIMENT: Key = ("experiment", "#")
RECRUITMENT = "recruitment"
COUNTER = "counter"
ROOMS = "rooms"
ROOMS_HEADER: Key = (ROOMS, "#")


def network_of(node_id: int) -> int:
    return node_id // 100_000


def node_of(thing_id: int) -> int:
    return thing_id // 100_000


def root(network_id: int) -> Key:
    return NETWORKS, f"{network_id:05d}"


def partition(network_id: int) -> str:
    return f"net#{network_id}"


def at(node_id: int, rest: str = "") -> str:
    return f"at#{node_id:010d}/{rest}"


def to(node_id: int) -> str:
    return f"to#{node_id:010d}/"


def node(node_id: int) -> Key:
    return partition(network_of(node_id)), at(node_id, "#")


def info(info_id: int) -> Key:
    node_id = node_of(info_id)
    return partition(network_of(node_id)), at(node_id, f"info#{info_id:015d}")


def transformation(node_id: int, thing_id: int) -> Key:
    return partition(network_of(node_id)), at(node_id, f"trans#{thing_id:015d}")


def vector_ends(vector_id: int, origin_id: int, destination_id: int) -> tuple[Key, Key]:
    pk = partition(network_of(origin_id))
    return (
        (pk, at(destination_id, f"vec#in#{vector_id:015d}")),
        (pk, at(origin_id, f"vec#out#{vector_id:015d}")),
    )


def transmission(transmission_id: int, destination_id: int) -> Key:
    return partition(network_of(destination_id)), f"{to(destination_id)}{transmission_id:015d}"


def sent(transmission_id: int, origin_id: int) -> Key:
    return partition(network_of(origin_id)), at(origin_id, f"sent#{transmission_id:015d}")


def participant(participant_id: int) -> Key:
    return f"part#{participant_id}", "#"


def question(participant_id: int, question_id: int) -> Key:
    return f"part#{participant_id}", f"question#{question_id:015d}"


def payment(participant_id: int, kind: str) -> Key:
    return f"part#{participant_id}", f"payment#{kind}"


def assignment(assignment_id: str) -> Key:
    return f"assignment#{assignment_id}", "#"


def worker(worker_id: str) -> Key:
    return f"worker#{worker_id}", "#"


def notification(notification_id: int) -> Key:
    return f"notifications#{notification_id % SHARDS}", f"{notification_id:015d}"


def recruitment(recruitment_id: int) -> Key:
    return RECRUITMENT, f"{recruitment_id:015d}"


def listed(participant_id: int) -> Key:
    return f"listed#{participant_id % SHARDS}", f"{participant_id:010d}"


def over(participant_id: int) -> Key:
    return f"over#{participant_id % SHARDS}", f"{participant_id:010d}"


def due(shard: int) -> str:
    return f"due#{shard}"


def message(moment: datetime, mark: str) -> Key:
    shard = zlib.crc32(mark.encode()) % DUE_SHARDS
    return due(shard), f"{iso(moment)}#{mark}"


def counter(name: str) -> Key:
    return COUNTER, name


def room(number: int) -> Key:
    return ROOMS, f"{number:06d}"
