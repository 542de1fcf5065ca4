"""Statistics of a chat: the turns and words of each person."""

from dataclasses import dataclass

from petri.report import Report, table

HEAD = ("name", "turns", "words")


@dataclass(frozen=True)
class Talk:
    """One room: how many turns and words each person had, by name."""

    room: int
    shares: tuple[tuple[str, int, int], ...]

    @property
    def evenness(self):
        """1 if all wrote equally many words, 0 if one wrote all of them; None without messages."""
        words = [words for _, _, words in self.shares]
        if not sum(words) or len(words) < 2:
            return None
        even = sum(words) / len(words)
        return 1 - sum(abs(each - even) for each in words) / (2 * (sum(words) - even))

    @property
    def headline(self):
        even = "nothing was said" if self.evenness is None else f"evenness {self.evenness:.2f}"
        return f"Room {self.room}: {sum(turns for _, turns, _ in self.shares)} turns, {even}"


def talks(people, rows):
    """Count each person's turns and words, room by room."""
    said = {one["participant_id"]: [] for one in people}
    for row in rows:
        if row["name"] == "chat":
            said[row["participant_id"]].append(row["value.text"])
    rooms = sorted({one["network_id"] for one in people if one["network_id"] is not None})
    members = {room: [one for one in people if one["network_id"] == room] for room in rooms}
    return [
        Talk(room, tuple(_share(one, said[one["participant_id"]]) for one in members[room])) for room in rooms
    ]


def _share(person, said):
    return person["role"], len(said), sum(len(text.split()) for text in said)


def report_on(data):
    found = talks(data.wide().list, data.live.list)
    lines = [
        line
        for talk in found
        for line in (talk.headline, f"{HEAD[0]:8}  {HEAD[1]}  {HEAD[2]}", *_lines(talk))
    ]
    rooms = "".join(f"<h2>{talk.headline}</h2>\n{table(HEAD, talk.shares)}" for talk in found)
    about = (
        "<p>Evenness is 1 when all of a room said as many words, and 0 when one person said everything.</p>"
    )
    none = "There are no messages yet."
    return Report("Who said how much", lines or [none], f"{about}\n{rooms or f'<p>{none}</p>'}")


def _lines(talk):
    return [f"{name:8}  {turns:5}  {words:5}" for name, turns, words in talk.shares]
