"""Where alerts go: channels as `mesh.yaml` and the admin API write them."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal, TypeAlias
from urllib.parse import urlsplit

from pydantic import AfterValidator, ConfigDict, Field, model_validator

from .alerts import AlertKind, Severity
from .policy import Duration, Rule

SecretReference = Annotated[
    str,
    Field(pattern=r"^(env|file|store):.", json_schema_extra={"format": "secret"}),
]
"""`env:NAME`, `file:PATH`, or `store:NAME` for what is sealed in the store; never the secret."""


def _web_address(url: str) -> str:
    if url.startswith(("env:", "file:", "store:")):
        return url
    parts = urlsplit(url)
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise ValueError("an address begins with https:// and names a host")
    if parts.username or parts.password:
        raise ValueError("an address holds no password; give a `secret` instead")
    return url


WebAddress = Annotated[str, AfterValidator(_web_address)]
"""An http(s) URL, or a reference to one where the URL itself is a secret."""


class _Channel(Rule):
    """What every channel has.

    Attributes:
        kinds: Which alerts it gets; none ticked: all.
        severities: How grave they must be; none ticked: all.
        quiet: How long it stays silent about a condition after it told of it. One that has ended
            by then is not told any more.
        resolved: It is told the end, too, of what it was told the beginning of.
        enabled: Off: nothing is sent.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    kinds: tuple[AlertKind, ...] = Field(default=(), title="Kinds of alerts")
    severities: tuple[Severity, ...] = ()
    quiet: Duration = Field(default=timedelta(minutes=15), title="Quiet for")
    resolved: bool = Field(default=True, title="Tell the end")
    enabled: bool = Field(default=True, title="Switched on")

    def wants(self, kind: AlertKind, severity: Severity) -> bool:
        """Whether an alert of this kind and severity goes here."""
        return (
            self.enabled
            and (not self.kinds or kind in self.kinds)
            and (not self.severities or severity in self.severities)
        )


class EmailChannel(_Channel):
    """Mail over SMTP.

    Attributes:
        host: The mail server, such as smtp.example.org.
        to: The addresses that get them, one on each line.
        username: For a server that asks who sends; with a password.
        password: That of the user at the mail server.
        ca_file: Certificates to trust instead of the system's: the path of a PEM file.
        tls: `starttls` turns to TLS before anything is said, `tls` begins with it; with `none`
            nothing is encrypted, so there is no password.
        port: 587 for `starttls`, 465 for `tls`, 25 for `none`, unless it is given.
    """

    channel: Literal["email"]
    host: str = Field(min_length=1, title="Mail server")
    port: int | None = Field(default=None, ge=1, le=65_535)
    tls: Literal["starttls", "tls", "none"] = "starttls"
    sender: str = Field(
        alias="from",
        pattern=r"^[^\s@]+@[^\s@]+$",
        description="The address that alerts come from.",
    )
    to: tuple[Annotated[str, Field(pattern=r"^[^\s@]+@[^\s@]+$")], ...] = Field(min_length=1)
    username: str | None = None
    password: SecretReference | None = None
    ca_file: str | None = None

    @model_validator(mode="after")
    def _password_is_covered(self) -> EmailChannel:
        if self.password and self.tls == "none":
            raise ValueError("a password needs `tls: starttls` or `tls: tls`")
        if (self.username is None) != (self.password is None):
            raise ValueError("`username` and `password` go together")
        return self


class _WebChannel(_Channel):
    """What is posted to a web address.

    Attributes:
        url: Where alerts are posted to, such as https://hooks.example.org/mesh.
        private: Allow addresses of this machine and of private networks.
        ca_file: Certificates to trust instead of the system's: the path of a PEM file.
    """

    url: WebAddress
    private: bool = Field(default=False, title="Private addresses")
    ca_file: str | None = None


class WebhookChannel(_WebChannel):
    """JSON by POST. With a `secret`, `X-Mesh-Signature` proves where it comes from.

    Attributes:
        secret: Signs each message: the receiver checks the header `X-Mesh-Signature` with it.
    """

    channel: Literal["webhook"]
    secret: SecretReference | None = None


class SlackChannel(_WebChannel):
    """A message in Slack's shape, which Mattermost and others take as well. Who knows the URL can
    post, so it is a secret: only a reference to it is written.

    Attributes:
        url: The address of the incoming webhook, as Slack gives it.
    """

    channel: Literal["slack"]
    url: SecretReference  # pyright: ignore[reportIncompatibleVariableOverride]


ChannelRule: TypeAlias = Annotated[
    EmailChannel | WebhookChannel | SlackChannel, Field(discriminator="channel")
]
