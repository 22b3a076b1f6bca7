"""Alerts by mail."""

from __future__ import annotations

import asyncio
import smtplib
import ssl
from email.message import EmailMessage
from email.utils import formatdate, make_msgid

from ..schemas.alerts import About, Alert
from ..schemas.channels import EmailChannel
from .egress import NotDelivered
from .wording import body, headline

_SECONDS = 20.0
_PORTS = {"starttls": 587, "tls": 465, "none": 25}


async def send_mail(
    rule: EmailChannel, password: str | None, alert: Alert, about: About, delivery: str
) -> None:
    """Hand one mail to the server.

    Raises:
        NotDelivered: The server did not take it.
    """
    mail = EmailMessage()
    mail["Subject"] = headline(alert, about)
    mail["From"] = rule.sender
    mail["To"] = ", ".join(rule.to)
    mail["Date"] = formatdate()
    mail["Message-ID"] = make_msgid(idstring=delivery, domain=rule.sender.rpartition("@")[2])
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(body(alert, about))
    try:
        async with asyncio.timeout(_SECONDS):
            await asyncio.to_thread(_hand_over, rule, password, mail)
    except TimeoutError:
        raise NotDelivered(f"The mail server took more than {_SECONDS:g} s.") from None
    except ssl.SSLCertVerificationError as error:
        raise NotDelivered(f"Its certificate is not trusted: {error.verify_message}.") from None
    except smtplib.SMTPAuthenticationError as error:
        raise NotDelivered(
            f"The mail server refused user and password ({error.smtp_code})."
        ) from None
    except smtplib.SMTPRecipientsRefused as error:
        refused = ", ".join(error.recipients)
        raise NotDelivered(f"The mail server refused every recipient: {refused}.") from None
    except smtplib.SMTPResponseException as error:
        raise NotDelivered(f"The mail server answered {error.smtp_code}.") from None
    except smtplib.SMTPNotSupportedError as error:
        raise NotDelivered(f"{error} Choose another `tls`, or leave out the password.") from None
    except (OSError, ssl.SSLError, smtplib.SMTPException) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        raise NotDelivered(f"The mail server cannot be reached: {reason}.") from None


def _hand_over(rule: EmailChannel, password: str | None, mail: EmailMessage) -> None:
    port = rule.port or _PORTS[rule.tls]
    trusted = None if rule.tls == "none" else ssl.create_default_context(cafile=rule.ca_file)
    if rule.tls == "tls":
        server = smtplib.SMTP_SSL(rule.host, port, timeout=_SECONDS, context=trusted)
    else:
        server = smtplib.SMTP(rule.host, port, timeout=_SECONDS)
    with server:
        if rule.tls == "starttls":
            server.starttls(context=trusted)
        if rule.username is not None and password is not None:
            server.login(rule.username, password)
        if refused := server.send_message(mail):
            raise smtplib.SMTPRecipientsRefused(refused)
