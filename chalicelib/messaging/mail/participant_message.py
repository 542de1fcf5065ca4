"""Makes the email to a participant, with the headers by which mail programs offer to stop such mail."""

from __future__ import annotations

from email.message import EmailMessage
from email.utils import formatdate, make_msgid

from chalicelib.ports import ParticipantMail


def participant_message(mail: ParticipantMail, sender: str) -> EmailMessage:
    """Return the message; `List-Unsubscribe-Post` (RFC 8058) lets a mail program stop it with one request."""
    message = EmailMessage()
    message["Subject"] = " ".join(mail.subject.split())
    message["From"] = sender
    message["To"] = mail.address
    message["Date"] = formatdate()
    message["Message-ID"] = make_msgid(domain=sender.rpartition("@")[2])
    if mail.stop_address:
        message["List-Unsubscribe"] = f"<{mail.stop_address}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(f"{mail.text}\n")
    return message
