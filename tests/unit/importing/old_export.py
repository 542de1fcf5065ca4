"""An export as Dallinger writes them: ids 1, 2, 3 in each table, in no order, booleans as t and f."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

COMMON: Final = "id,creation_time,property1,property2,property3,property4,property5,failed,time_of_death"
MONEY_AND_MORE: Final = "mode,end_time,base_pay,bonus,status,shoe"
DAY: Final = "2017-01-01 12:0"


def row(id_: int, minute: int, *own: object, failed: bool = False, property2: str = "") -> str:
    """One line: the common columns, then a table's own."""
    time = f"{DAY}{minute}:00.000"
    common = [str(id_), time, "", property2, "", "", "", "t" if failed else "f", time if failed else ""]
    return ",".join([*common, *map(str, own)])


OLD: Final[dict[str, list[str]]] = {
    "network": [
        f"{COMMON},type,max_size,full,role",
        row(2, 0, "scale-free", 10, "f", "experiment"),
        row(1, 0, "chain", 4, "f", "experiment"),
    ],
    "node": [
        f"{COMMON},type,network_id,participant_id",
        row(2, 2, "node", 1, 1),
        row(1, 1, "generic_source", 1, ""),
        row(3, 3, "node", 1, 2, failed=True),
        row(4, 4, "agent", 1, 2),
        row(5, 4, "base", 2, 1),
        row(6, 5, "base", 2, 2),
    ],
    "vector": [
        f"{COMMON},origin_id,destination_id,network_id",
        row(1, 2, 1, 2, 1),
        row(2, 3, 2, 3, 1, failed=True),
        row(3, 4, 2, 4, 1),
        row(4, 5, 5, 6, 2),
        row(5, 5, 6, 5, 2),
    ],
    "info": [
        f"{COMMON},type,origin_id,network_id,contents",
        row(1, 1, "base", 1, 1, "story"),
        row(2, 2, "meme", 2, 1, '"sto""ry"'),
        row(3, 3, "meme", 3, 1, "s", failed=True),
        row(4, 4, "tracking", 4, 1, '""'),
    ],
    "transmission": [
        f"{COMMON},vector_id,info_id,origin_id,destination_id,network_id,receive_time,status",
        row(1, 2, 1, 1, 1, 2, 1, "2017-01-01 12:02:30", "received"),
        row(2, 4, 3, 2, 2, 4, 1, "", "pending"),
    ],
    "transformation": [
        f"{COMMON},type,info_in_id,info_out_id,node_id,network_id",
        row(1, 2, "base", 1, 2, 2, 1),
    ],
    "participant": [
        f"{COMMON},type,recruiter_id,worker_id,assignment_id,unique_id,hit_id,{MONEY_AND_MORE}",
        row(2, 3, "participant", "mturk", "WB", "AB", "WB:AB", "H", "live", "", "", "", "working", ""),
        row(
            1, 2, "participant", "mturk", 1, "AA", "1:AA", "H", "live", f"{DAY}9:00", 1.5, 0.2, "approved", 43
        ),
    ],
    "question": [
        f"{COMMON},type,participant_id,number,question,response",
        row(1, 8, "question", 1, 1, "questionnaire", '"{""engagement"": 4}"'),
    ],
    "notification": [f"{COMMON},assignment_id,event_type", row(1, 9, "AA", "AssignmentSubmitted")],
}


def write(path: Path, tables: Mapping[str, list[str]] = OLD) -> Path:
    """Zip the tables as an export."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("experiment_id.md", "old")
        for table, lines in tables.items():
            archive.writestr(f"data/{table}.csv", "\n".join(lines) + "\n")
    return path
