"""What Petri's core needs from outside: a store, files, queues, a clock, sockets, mail, recruiters, a runner.

A port is a `Protocol`. Operations, services and workers depend on ports only; `bootstrap.py` chooses an
adapter for each, so the same code runs on a laptop and in the cloud:

========== ===================================== ==========================================
Port       On a laptop                           On AWS
========== ===================================== ==========================================
store      SQLite (`storage/sqlite`)             DynamoDB (`storage/dynamodb`)
files      a folder (`storage/files`)            S3 (`storage/files`)
queue      `messaging/local_queue.py`            SQS, and an EventBridge rule for the ticks
exports    a folder (`storage/files`)            S3 (`storage/files`)
clock      `messaging/system_clock.py`           the same
sockets    `messaging/local_channels.py`         API Gateway's management API
mail       SMTP, or the log (`messaging/mail`)   the same
log        `infra/local/dashboard/run_log_file.py` CloudWatch (`messaging/cloudwatch_log.py`)
recruiter  `recruiters/`, by nickname            the same
facts      `infra/local/dashboard`               the record of the deployment
runner     `infra/local/lifecycle`               not used inside Lambda
seals      a folder (`storage/files`)            none yet: the table alone has them
========== ===================================== ==========================================

All adapters of a port pass one contract suite, in `tests/contract` or `tests/recruiters`. An adapter turns
its vendor's errors into those of `chalicelib.errors`, so that no caller needs to know the vendor.
"""

from __future__ import annotations

from chalicelib.model.keys import Key

from .clock import Clock
from .exports import ExportFiles, ExportOptions, ExportPart, ExportWriter
from .files import FileStore, FoundFile, UploadForm
from .mail import Mailer, ParticipantMail
from .queue import MAX_QUEUE_DELAY, TRANSIENT, Message, Queue, TickSchedule
from .recruiter import (
    Capabilities,
    Listing,
    Recruiter,
    RecruitmentResult,
    Transfer,
    VendorReport,
)
from .run_log import LogLine, LogReading, RunLog
from .run_provenance import Provenance
from .runner import Runner
from .seals import Seal, SealStore
from .sockets import Channels
from .store import ItemPage, Store, UnitOfWork

__all__ = [
    "MAX_QUEUE_DELAY",
    "TRANSIENT",
    "Capabilities",
    "Channels",
    "Clock",
    "ExportFiles",
    "ExportOptions",
    "ExportPart",
    "ExportWriter",
    "FileStore",
    "FoundFile",
    "ItemPage",
    "Key",
    "Listing",
    "LogLine",
    "LogReading",
    "Mailer",
    "Message",
    "ParticipantMail",
    "Provenance",
    "Queue",
    "Recruiter",
    "RecruitmentResult",
    "RunLog",
    "Runner",
    "Seal",
    "SealStore",
    "Store",
    "TickSchedule",
    "Transfer",
    "UnitOfWork",
    "UploadForm",
    "VendorReport",
]
