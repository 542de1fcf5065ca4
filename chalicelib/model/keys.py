"""The layout of keys: where each record is stored. The key follows from the id, so no index is needed.

Operations and storage build their keys here, and nowhere else.

networks          #                    header: the newest that `save` has made, large set-ups
networks          <network>            root: version, size, structure, gate, lease
net#<network>     at#<node>/#          node
net#<network>     at#<node>/info#<id>  its infos; vec#, trans#, sent# beside them
net#<network>     to#<node>/<id>       transmissions to it, each with a copy of the info
part#<id>         #                    participant; question#, payment#, conn#, draws# below it
assignment#<a>    #                    the participant of an assignment
worker#<w>        #                    the participants of a worker
notifications#<n> <id>                 notifications of recruiters
listed#<shard>    <participant>        participants by status, small
over#<shard>      <participant>        the same for participants with a final status, which are only counted
ledger#<shard>    <participant>#<kind> payments by status, small, to be added up
due#<shard>       <time>#<id>          messages to send after a commit
experiment        #                    launched, state, seed; awake, deployment, erasure and secrets beside it
recruitment       <id>                 requests to recruiters
counter           <name>               counters, such as network; tries#<message> counts delivery attempts
connections#<n>   <connection>         open sockets; more of them at channel#<name> and part#<id>
lobby             <participant>        participants who wait for a room
rooms             #                    header: how many have opened; <room> its members
draws             draws#<operation>    how often a hook has drawn random numbers
ticks             <minute>#<job>       the scheduler's jobs of the last day
timers            <minute>             how many chained timers ran in a minute
slot#<series>     <number>             slots of a design: who holds each, and its cell
freed#<series>    <number>             slots that the next participants get; # how many were compared
part#<id>         place                in a study: where they are; also resp#<serial>, trial#, event#
part#<id>         annotation#<path>#<name>   in a study: a note of a reader on a page of a book
part#<id>         practice#<item>      in a study: when a reader practises an item next; also review#<serial>#
part#<id>         reading#<path>       in a study: a page, test, chapter or book that they have opened
live#<n>          <number>             a row of a live element or chat: once for each number in the group
net#<network>     group                in a study: a group's members, roles and state
pool#<element>    <participant>        in a study: participants who wait for a group
peers#<item>#<r>  <participant>#<serial> in a study: answers that others grade, by item and round
cohort#<element>  <participant>        in a study: a cohort, under its first member
visits#<shard>    <participant>#<n>    in a study: participants' visits after the first
dead              <time>#<id>          dead letters
messages          <number>             what people who manage the run wrote to participants; # header
part#<id>         messages             the numbers of the messages to this participant and few others
receipts#<number> <participant>        when a participant saw and closed a message
notes#<kind>#<id> <time>#<mark>       notes of people who manage the run, about a record
audit#<actor>     <number>             an actor's changes, each with the hash of the one before; head
auditvalues#<a>   <number>             the values that a change has set, which can be erased
audit             <actor>              the actors who have changed something
audit#seals       <number>             hourly seals of all heads; last
exports           <export>             export jobs; exportrequests says which one an actor asked for last
users             <username>           people who manage the run
usernames         <folded username>    the user who has this name, or one that looks like it
roles             <folded name>        roles of the run's own
invitations       <id>                 invitations, with the hashes of their links
grants#<user>     <role or right>      what a user was granted; grants#group:<nickname> what a group was
groups            <nickname>           groups of users
groupnames        <folded nickname>    the group that has this nickname, or one that looks like it
members#<group>   <username>           the members of a group; the same under memberof#<username>
admissions#<g>    <username>           users who ask to become members of a group
tokens#<user>     <name>               a user's tokens for programs
token             <hash>               whose token this is
api#<actor>       <request id>         answers to changes over the API, for repeated requests
tickets           <hash>               tickets with which operators sign in to the dashboard, each once
sessions          <hash>               sessions of the dashboard
credentials#<u>   <credential>         a user's password, one-time codes, recovery codes and passkeys
sign-in-limits    <hash>               failed attempts to sign in, by account and address together
openid-accounts   <hash>               which user signs in with an account at a provider
passkeys          <hash>               which user signs in with a passkey
used-sign-ins     <hash>               sign-ins that were used and could be sent again
labs              <lab>                labs that may sign people in to this app, with their public keys
labapps           <app>                in a lab: its apps; labgrants#<app> who may do what in one
labreports        <app>                in a lab: what each app last answered, or why it didn't
labcosts          <app>                in a lab: what AWS charged for each app
lives             <number>             live sessions; livepin#<pin> names the one that a PIN belongs to
liveplayers#<n>   <seat>               who has joined a live session; livename#<n> keeps each name once
liveanswers#<n>   <page>#<participant> the answers to the pages of a live session, each once; liveresult#<n>
classes           <number>             classes; classcode#<code> names the one that a join code belongs to
classmembers#<n>  <seat>               the members of a class; classmember#<n> keeps each address once
classcharge#<id>  #                    the member whose fee a charge has paid
part#<id>         class                the class and the seat of a participant who is a member
classwork#<n>     task#<assignment>    assignments of a class; except#<seat>#<assignment>; # the gradebook
classpoints#<n>   <assignment>#<seat>  points that people have given in the gradebook of a class
assets            <sha256>             pictures, sound and video; assetpreviews has their thumbnails
assetnames        <name>               the asset that has this name
assetbin          <time>#<sha256>      assets that are deleted and can be restored
assetspace        #                    how much space assets take, and what is reserved for uploads
library           <name>               entries of the library of studies; libraryversions#<n> their versions
libraryuse#<n>    <username>           what a user has done with an entry; librarycounts#<number> the sums
libraryspace      #                    how much space packages take, and what is reserved for uploads
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
AWAKE: Key = ("experiment", "awake")
#: The key with which the ids of erased participants are hashed.
ERASURE: Key = ("experiment", "erasure")
RECRUITMENT = "recruitment"
COUNTER = "counter"
ROOMS = "rooms"
LOBBY = "lobby"
DEAD_LETTERS = "dead"
TICKS = "ticks"
TIMERS = "timers"
TICKETS = "tickets"
SESSIONS = "sessions"
SIGN_IN_LIMITS = "sign-in-limits"
OPENID_ACCOUNTS = "openid-accounts"
PASSKEYS = "passkeys"
USED_SIGN_INS = "used-sign-ins"
#: The private key of the run for learning platforms.
LTI_KEY: Key = ("lti", "key")
LABS = "labs"
LAB_APPS = "labapps"
LAB_REPORTS = "labreports"
LAB_COSTS = "labcosts"
#: The private keys of a lab.
LAB_KEYS: Key = ("experiment", "lab-keys")
LIVE_SESSIONS = "lives"
CLASSES = "classes"
ASSETS = "assets"
ASSET_NAMES = "assetnames"
ASSET_BIN = "assetbin"
ASSET_SPACE: Key = ("assetspace", "#")
LIBRARY = "library"
LIBRARY_SPACE: Key = ("libraryspace", "#")
#: How many parts of the users count what they do with an entry.
LIBRARY_SHARDS = 4
ROOMS_HEADER: Key = (ROOMS, "#")


EXPORTS = "exports"
AUDIT_ACTORS = "audit"
AUDIT_SEALS = "audit#seals"
USERS = "users"
ROLES = "roles"
INVITATIONS = "invitations"
GROUPS = "groups"
LAST_AUDIT_SEAL: Key = (AUDIT_SEALS, "last")


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


#: The prefix of all that the nodes of a network have made, in the order of the nodes.
OF_NODES = "at#"


def info_prefix(node_id: int) -> str:
    """Return the prefix of the infos that a node has made."""
    return at(node_id, "info#")


def vectors_of(node_id: int) -> str:
    """Return the prefix of the vectors to and from a node."""
    return at(node_id, "vec#")


def transformations_of(node_id: int) -> str:
    """Return the prefix of the transformations that a node has made."""
    return at(node_id, "trans#")


#: What the keys of infos, of the incoming ends of vectors, and of transformations contain.
AN_INFO, AN_INCOMING_VECTOR, A_TRANSFORMATION = "/info#", "/vec#in#", "/trans#"
#: The prefix of all transmissions of a network, in the order of those who receive them.
TO_NODES = "to#"
#: The prefix of a participant's answers to questionnaires.
QUESTIONS = "question#"


def node_in(sort_key: str) -> int:
    """Return the node under which something is stored, of a key that `at` has made."""
    return int(sort_key.partition("#")[2].partition("/")[0])


def to(node_id: int) -> str:
    return f"to#{node_id:010d}/"


def node(node_id: int) -> Key:
    return partition(network_of(node_id)), at(node_id, "#")


def info(info_id: int) -> Key:
    node_id = node_of(info_id)
    return partition(network_of(node_id)), at(node_id, f"info#{info_id:015d}")


def infos_of(node_id: int) -> tuple[str, str]:
    """Return the collection and the prefix of a node's infos."""
    return partition(network_of(node_id)), info_prefix(node_id)


def sent_by(node_id: int) -> tuple[str, str]:
    """Return the collection and the prefix of what identifies a node's outgoing transmissions."""
    return partition(network_of(node_id)), at(node_id, "sent#")


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


def ledger_line(participant_id: int, kind: str) -> Key:
    return f"ledger#{participant_id % SHARDS}", f"{participant_id:010d}#{kind}"


def due(shard: int) -> str:
    return f"due#{shard}"


def message(moment: datetime, mark: str) -> Key:
    shard = zlib.crc32(mark.encode()) % DUE_SHARDS
    return due(shard), f"{iso(moment)}#{mark}"


def counter(name: str) -> Key:
    return COUNTER, name


def room(number: int) -> Key:
    return ROOMS, f"{number:06d}"


def lobby(participant_id: int) -> Key:
    return LOBBY, f"{participant_id:010d}"


def connections(shard: int) -> str:
    return f"connections#{shard}"


def connection(connection_id: str) -> Key:
    return connections(zlib.crc32(connection_id.encode()) % SHARDS), connection_id


def channel(name: str) -> str:
    return f"channel#{name}"


def subscriber(channel_name: str, connection_id: str) -> Key:
    return channel(channel_name), f"conn#{connection_id}"


def participant_connection(participant_id: int, connection_id: str) -> Key:
    return f"part#{participant_id}", f"conn#{connection_id}"


def participant_connections(participant_id: int) -> tuple[str, str]:
    """Return the collection and the prefix under which a participant's connections are stored."""
    return participant_connection(participant_id, "")


def draws(participant_id: int | None, operation: str) -> Key:
    return "draws" if participant_id is None else f"part#{participant_id}", f"draws#{operation}"


def slot_count(series: str) -> Key:
    """Return the counter that numbers the slots of a series, which is a design or one of its strata."""
    return counter(f"slot#{series}")


def slot(series: str, number: int) -> Key:
    return f"slot#{series}", f"{number:010d}"


def compared_slots(series: str) -> Key:
    """Return where it is noted how many of the first slots are known to be held or freed."""
    return freed_slots(series), "#"


def freed_slots(series: str) -> str:
    return f"freed#{series}"


def freed_slot(series: str, number: int) -> Key:
    return freed_slots(series), f"{number:010d}"


def peer_formations(path: str) -> Key:
    """Return the counter of commits that form groups of peers at an element."""
    return counter(f"peers#{path}")


def network_count() -> Key:
    """Return the counter that numbers the networks which requests make at the same time."""
    return counter("network")


def attempts(name: str) -> Key:
    return counter(f"tries#{name}")


def dead_letter(now: datetime, mark: str) -> Key:
    return DEAD_LETTERS, f"{iso(now)}#{mark[-16:]}"


MESSAGES = "messages"
#: Counts the messages, and names the newest that any participant may have to see.
MESSAGES_HEADER: Key = (MESSAGES, "#")


def run_message(number: int) -> Key:
    """Return where a message to participants is stored."""
    return MESSAGES, f"{number:08d}"


def message_box(participant_id: int) -> Key:
    """Return where the numbers of the messages to a participant are stored."""
    return f"part#{participant_id}", "messages"


def message_receipts(number: int) -> str:
    """Return the collection of the participants who have seen a message."""
    return f"receipts#{number}"


def message_receipt(number: int, participant_id: int) -> Key:
    return message_receipts(number), f"{participant_id:010d}"


NOTES = "notes"


def notes(kind: str, record_id: str) -> str:
    """Return the collection of the notes about a record."""
    return f"{NOTES}#{kind}#{record_id}"


def note(kind: str, record_id: str, name: str) -> Key:
    return notes(kind, record_id), name


def note_name(now: datetime, mark: str) -> str:
    """Return the name of a note among those about its record, which are in order of time."""
    return f"{iso(now)}#{mark}"


API_ANSWERS = "api#"
EXPORT_REQUESTS = "exportrequests"
#: What begins the keys of records that are worthless once they have expired: `expires`, a number, says when.
#: DynamoDB deletes them by itself.
EXPIRING = (API_ANSWERS, EXPORT_REQUESTS)


def api_answer(actor_id: str, request_id: str) -> Key:
    """Return where the answer to a request of a person or a program who manages the run is stored."""
    return f"{API_ANSWERS}{actor_id}", request_id


def export(export_id: str) -> Key:
    return EXPORTS, export_id


def export_request(actor_id: str, options: str) -> Key:
    """Return where it is stored which export an actor has asked for last, with some options."""
    return EXPORT_REQUESTS, f"{actor_id}#{options}"


def ticket(digest: str) -> Key:
    return TICKETS, digest


def session(digest: str) -> Key:
    return SESSIONS, digest


def credentials(username: str) -> str:
    """Return the collection of a user's credentials."""
    return f"credentials#{username}"


def credential(username: str, name: str) -> Key:
    return credentials(username), name


def sign_in_limit(digest: str) -> Key:
    return SIGN_IN_LIMITS, digest


def openid_account(digest: str) -> Key:
    """Return where it is stored who signs in with an account of which this is the hash."""
    return OPENID_ACCOUNTS, digest


def passkey(digest: str) -> Key:
    """Return where it is stored who signs in with a passkey of which this is the hash."""
    return PASSKEYS, digest


def used_sign_in(digest: str) -> Key:
    return USED_SIGN_INS, digest


def trusted_lab(lab_id: str) -> Key:
    return LABS, lab_id


def lab_app(app_id: str) -> Key:
    return LAB_APPS, app_id


def lab_report(app_id: str) -> Key:
    return LAB_REPORTS, app_id


def lab_cost(app_id: str) -> Key:
    return LAB_COSTS, app_id


def lab_grants(app_id: str) -> str:
    """Return the collection of what users of a lab may do in an app."""
    return f"labgrants#{app_id}"


def lab_grant(app_id: str, username: str) -> Key:
    return lab_grants(app_id), username


def tick(job: str, minute_of_day: int) -> Key:
    return TICKS, f"{minute_of_day:04d}#{job}"


def before_ticks(minute_of_day: int) -> str:
    """Return the text behind which lie all ticks from a minute on."""
    return f"{minute_of_day:04d}"


def timer_count(minute: int) -> Key:
    return TIMERS, f"{minute:012d}"


def place(participant_id: int) -> Key:
    return f"part#{participant_id}", "place"


RESPONSES = "resp#"


def response(participant_id: int, serial: int) -> Key:
    return f"part#{participant_id}", f"{RESPONSES}{serial:08d}"


def draft(participant_id: int) -> Key:
    return f"part#{participant_id}", "draft"


READING = "reading#"


def readings(participant_id: int, path: str = "") -> tuple[str, str]:
    """Return the collection and the prefix of what a participant has read, or of what is below a path."""
    return f"part#{participant_id}", f"{READING}{path}"


def reading(participant_id: int, path: str) -> Key:
    return readings(participant_id, path)


ANNOTATIONS = "annotation#"


def annotations_of(participant_id: int, path: str) -> tuple[str, str]:
    """Return the collection and the prefix of a participant's annotations of a page."""
    return f"part#{participant_id}", f"{ANNOTATIONS}{path}#"


def annotation(participant_id: int, path: str, name: str) -> Key:
    pk, prefix = annotations_of(participant_id, path)
    return pk, f"{prefix}{name}"


REVIEWS = "review#"


def reviews(participant_id: int, serial: int) -> tuple[str, str]:
    """Return the collection and the prefix of the reviews that were made on one page."""
    return f"part#{participant_id}", f"{REVIEWS}{serial:08d}#"


def review(participant_id: int, serial: int, item: str) -> Key:
    pk, prefix = reviews(participant_id, serial)
    return pk, f"{prefix}{item}"


def practice_cards(participant_id: int) -> tuple[str, str]:
    """Return the collection and the prefix of the items that a participant practises."""
    return f"part#{participant_id}", "practice#"


def practice_card(participant_id: int, item: str) -> Key:
    pk, prefix = practice_cards(participant_id)
    return pk, f"{prefix}{item}"


GRADES = "grade#"


def grades(participant_id: int, serial: int, item: str) -> tuple[str, str]:
    """Return the collection and the prefix of the grades of an answer."""
    return f"part#{participant_id}", f"{GRADES}{serial:08d}#{item}#"


def grade(participant_id: int, serial: int, item: str, number: int) -> Key:
    pk, prefix = grades(participant_id, serial, item)
    return pk, f"{prefix}{number:04d}"


TRIALS = "trial#"


def trial_batches(participant_id: int, serial: int) -> tuple[str, str]:
    """Return the partition and the prefix of the batches of trials of one page."""
    return f"part#{participant_id}", f"{TRIALS}{serial:08d}#"


def trial_batch(participant_id: int, serial: int, first: int) -> Key:
    pk, prefix = trial_batches(participant_id, serial)
    return pk, f"{prefix}{first:06d}"


EVENTS = "event#"


def event_batch(participant_id: int, serial: int, received_at: str) -> Key:
    return f"part#{participant_id}", f"{EVENTS}{serial:08d}#{received_at}"


UPLOADS = "upload#"


def uploads(participant_id: int, serial: int | None = None, item: str = "") -> tuple[str, str]:
    """Return the collection and the prefix of a participant's uploads: all, or those to an item of a page."""
    of_item = "" if serial is None else f"{serial:08d}#{item}#"
    return f"part#{participant_id}", f"{UPLOADS}{of_item}"


def upload(participant_id: int, serial: int, item: str, token: str) -> Key:
    pk, prefix = uploads(participant_id, serial, item)
    return pk, f"{prefix}{token}"


def part_result(participant_id: int, serial: int) -> Key:
    """Return where the result of a timed part is stored: beside the response with which it ended."""
    return f"part#{participant_id}", f"{RESPONSES}{serial:08d}#part"


def live_rows(network_id: int) -> str:
    """Return the partition of the rows that live elements store for a group."""
    return f"live#{network_id}"


def live_row(network_id: int, number: int) -> Key:
    return live_rows(network_id), f"{number:010d}"


def study_group(network_id: int) -> Key:
    return partition(network_id), "group"


def pool(element: str) -> str:
    return f"pool#{element}"


def pooled(element: str, participant_id: int) -> Key:
    return pool(element), f"{participant_id:010d}"


def peer_answers(item: str, scope: str) -> str:
    """Return the partition of the answers to an item in a round that other participants grade."""
    return f"peers#{item}#{scope}"


def peer_answer(item: str, scope: str, participant_id: int, serial: int) -> Key:
    return peer_answers(item, scope), f"{participant_id:010d}#{serial:08d}"


def cohort(name: str) -> Key:
    """Return where a cohort is stored, by its name."""
    element, _, first = name.rpartition("#")
    return f"cohort#{element}", f"{int(first):010d}"


def cohort_name(element: str, first: int) -> str:
    """Return the name of a cohort: the element that forms it, and the id of its first member."""
    return f"{element}#{first}"


def slot_series(design: str, stratum: str) -> str:
    """Return the name of a design's slots in a stratum."""
    return f"{design}#{stratum}"


def slot_text(series: str, number: int) -> str:
    """Return a slot as its owner's record stores it."""
    return f"{series}#{number}"


def read_slot_text(stored: str) -> tuple[str, int]:
    """Return the series and the number of a stored slot."""
    series, _, number = stored.rpartition("#")
    return series, int(number)


def visits(participant_id: int) -> tuple[str, str]:
    """Return the collection and the prefix under which a participant's later visits are stored."""
    return visit_shard(participant_id % SHARDS), f"{participant_id:010d}#"


def visit_shard(shard: int) -> str:
    return f"visits#{shard}"


def visit(participant_id: int, number: int) -> Key:
    collection, prefix = visits(participant_id)
    return collection, f"{prefix}{number:04d}"


def audit_chain(actor_id: str) -> str:
    """Return the partition of an actor's changes."""
    return f"audit#{actor_id}"


def audit_head(actor_id: str) -> Key:
    return audit_chain(actor_id), "head"


def audit_entry(actor_id: str, number: int) -> Key:
    return audit_chain(actor_id), f"{number:012d}"


def audit_values_of(actor_id: str) -> str:
    """Return the partition of what an actor's changes have set."""
    return f"auditvalues#{actor_id}"


def audit_values(actor_id: str, number: int) -> Key:
    """Return where the values of a change are stored: outside of its chain, whose items are never deleted."""
    return audit_values_of(actor_id), f"{number:012d}"


def audit_actor(actor_id: str) -> Key:
    return AUDIT_ACTORS, actor_id


def audit_seal(number: int) -> Key:
    return AUDIT_SEALS, f"{number:08d}"


def user(username: str) -> Key:
    return USERS, username


def username_claim(folded: str) -> Key:
    """Return where it is stored which user has a name that folds to this."""
    return "usernames", folded


def invitation(id_: str) -> Key:
    return INVITATIONS, id_


def role(folded: str) -> Key:
    return ROLES, folded


def grants(holder: str) -> str:
    """Return the partition of what a user was granted, or a group."""
    return f"grants#{holder}"


def grant(holder: str, what: str) -> Key:
    return grants(holder), what


def group(nickname: str) -> Key:
    return GROUPS, nickname


def group_claim(folded: str) -> Key:
    """Return where it is stored which group has a nickname that folds to this."""
    return "groupnames", folded


def group_members(nickname: str) -> str:
    """Return the partition of a group's members."""
    return f"members#{nickname}"


def group_member(nickname: str, username: str) -> Key:
    return group_members(nickname), username


def memberships(username: str) -> str:
    """Return the partition of a user's groups."""
    return f"memberof#{username}"


def membership(username: str, nickname: str) -> Key:
    return memberships(username), nickname


def admissions(nickname: str) -> str:
    """Return the partition of those who ask to become members of a group."""
    return f"admissions#{nickname}"


def admission(nickname: str, username: str) -> Key:
    return admissions(nickname), username


def api_tokens(username: str) -> str:
    """Return the partition of a user's tokens for programs."""
    return f"tokens#{username}"


def api_token(username: str, name: str) -> Key:
    return api_tokens(username), name


def api_token_digest(digest: str) -> Key:
    """Return where it is stored whose token has this hash."""
    return "token", digest


def live_session(number: int) -> Key:
    return LIVE_SESSIONS, f"{number:010d}"


def live_pin(pin: str) -> Key:
    return f"livepin#{pin}", "#"


def live_players(session: int) -> str:
    """Return the partition of the people who have joined a live session."""
    return f"liveplayers#{session}"


def live_player(session: int, seat: str) -> Key:
    return live_players(session), seat


def live_name(session: int, folded: str) -> Key:
    """Return what makes a name unique in a live session; `folded`: the name without case and marks."""
    return f"livename#{session}", folded


def live_form(session: int, mark: str) -> Key:
    """Return what a form for joining has led to, so that one that is sent twice joins once."""
    return f"liveforms#{session}", mark


def live_place(session: int, number: int) -> Key:
    """Return what a player takes where the number of players is limited; each has one player."""
    return f"liveplaces#{session}", f"{number:06d}"


def live_answers(session: int, position: int) -> tuple[str, str]:
    """Return the partition and the prefix of the answers to one page of a live session."""
    return f"liveanswers#{session}", f"{position:04d}#"


def live_answer(session: int, position: int, participant_id: int) -> Key:
    pk, prefix = live_answers(session, position)
    return pk, f"{prefix}{participant_id:010d}"


def live_result(session: int, part: int) -> Key:
    """Return where a part of a frozen result is stored; part 0 says how many there are."""
    return f"liveresult#{session}", f"{part:04d}"


#: Numbers the classes of a run.
STUDY_CLASS_COUNTER = counter("study-class")


def study_class(number: int) -> Key:
    return CLASSES, f"{number:010d}"


def class_code(code: str) -> Key:
    """Return where it is stored which class a join code belongs to."""
    return f"classcode#{code}", "#"


def class_members(number: int) -> str:
    """Return the partition of the members of a class."""
    return f"classmembers#{number}"


def class_member(number: int, seat: str) -> Key:
    return class_members(number), seat


def class_identities(number: int) -> str:
    """Return the partition of what no two members of a class may have."""
    return f"classmember#{number}"


def class_identity(number: int, identity: str) -> Key:
    """Return what makes an email address or a student number unique in a class."""
    return class_identities(number), identity


def class_charge(charge: str) -> Key:
    """Return where it is stored which fee a charge has paid, so that it is recorded once."""
    return f"classcharge#{charge}", "#"


def class_of_participant(participant_id: int) -> Key:
    """Return where it is stored which member of a class a participant is."""
    return f"part#{participant_id}", "class"


def class_work(class_number: int) -> str:
    """Return the partition of the assignments of a class, and of the exceptions from their due dates."""
    return f"classwork#{class_number}"


CLASS_TASKS, CLASS_EXCEPTIONS = "task#", "except#"


def gradebook(class_number: int) -> Key:
    """Return where the settings of a class's gradebook are stored."""
    return class_work(class_number), "#"


def class_assignment(class_number: int, number: int) -> Key:
    return class_work(class_number), f"{CLASS_TASKS}{number:06d}"


def exceptions_of_seat(class_number: int, seat: str) -> tuple[str, str]:
    """Return the partition and the prefix of the exceptions of one member."""
    return class_work(class_number), f"{CLASS_EXCEPTIONS}{seat}#"


def deadline_exception(class_number: int, number: int, seat: str) -> Key:
    pk, prefix = exceptions_of_seat(class_number, seat)
    return pk, f"{prefix}{number:06d}"


def class_points(class_number: int) -> str:
    """Return the partition of the points that people have given in the gradebook of a class."""
    return f"classpoints#{class_number}"


def points_of_seat(class_number: int, seat: str) -> tuple[str, str]:
    """Return the partition and the prefix of the points given to one member."""
    return class_points(class_number), f"{seat}#"


def given_points(class_number: int, number: int, seat: str, entry: str) -> Key:
    pk, prefix = points_of_seat(class_number, seat)
    return pk, f"{prefix}{number:06d}#{entry}"


def asset(sha256: str) -> Key:
    return ASSETS, sha256


def asset_preview(sha256: str) -> Key:
    """Return where the thumbnail of an asset is stored."""
    return "assetpreviews", sha256


def asset_name(name: str) -> Key:
    """Return where it is stored which asset has a name."""
    return ASSET_NAMES, name


def deleted_asset(deleted: str, sha256: str) -> Key:
    """Return where it is stored that an asset is deleted; `deleted`: the moment."""
    return ASSET_BIN, f"{deleted}#{sha256}"


def library_entry(name: str) -> Key:
    return LIBRARY, name


def library_versions(number: int) -> str:
    """Return the partition of the versions of an entry of the library."""
    return f"libraryversions#{number}"


def library_version(number: int, version: int) -> Key:
    return library_versions(number), f"{version:06d}"


def library_uses(number: int) -> str:
    """Return the partition of what users have done with an entry of the library."""
    return f"libraryuse#{number}"


def library_use(number: int, username: str) -> Key:
    """Return where it is stored what a user has done with an entry of the library."""
    return library_uses(number), username


def library_counts(number: int) -> list[Key]:
    """Return where an entry's views, copies, plays and ratings are counted, each by a part of the users."""
    return [(f"librarycounts#{number}", str(shard)) for shard in range(LIBRARY_SHARDS)]


def library_count(number: int, username: str) -> Key:
    """Return where it is counted what a user does with an entry."""
    return library_counts(number)[zlib.crc32(username.encode()) % LIBRARY_SHARDS]
