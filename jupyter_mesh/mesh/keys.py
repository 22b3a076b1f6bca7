"""Making and revoking API keys: never wider than the rights of whoever makes them."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Protocol, cast

from ..config import HubVoucher, KeyRule, new_key
from ..errors import Conflict, InvalidRequest, NotFound, NotPermitted
from ..schemas.admin import Key, KeyRequest, NewKey
from ..schemas.json import Json, JsonObject
from ..schemas.principal import Principal, Scope
from ..schemas.setting import Setting
from .governance import Governance
from .key_holders import in_utc
from .snapshots import SnapshotKeeper


class People(Protocol):
    """Where a Hub says who there is."""

    async def knows(self, name: str, /) -> bool:
        """Whether there is such a user.

        Raises:
            IdentityUnavailable: The Hub does not say.
        """
        ...


class ApiKeys:
    """The keys of a mesh. A user sees and revokes their own, an admin everybody's.

    Attributes:
        people: Of the Hub whose service this is; None where there is no Hub.
    """

    def __init__(self, governance: Governance, keeper: SnapshotKeeper) -> None:
        self._governance = governance
        self._keeper = keeper
        self.people: People | None = None

    def listed(self, principal: Principal) -> list[Key]:
        """The caller's keys and those of service accounts they own; for an admin, all."""
        accounts = self._governance.config.service_accounts
        return [
            _shown(rule, setting)
            for _, rule, setting in self._governance.listed("keys")
            if isinstance(rule, KeyRule)
            and (
                principal.may(Scope.ADMIN)
                or principal.user in (rule.user, rule.maker)
                or ((one := accounts.get(rule.user)) is not None and one.owner == principal.user)
            )
        ]

    async def create(self, principal: Principal, asked: KeyRequest) -> NewKey:
        """Make a key. Its secret is in the answer, and nowhere else.

        Raises:
            NotPermitted: It would do more than whoever makes it, or is made with a key or from a
                kernel.
            InvalidRequest: It cannot be as asked.
            Conflict: There is a key of this name.
        """
        _within_rights(principal, asked, self._keeper.snapshot.groups_of(principal))
        self._models_are_open(principal, asked)
        await self._is_somebodys(principal, asked)
        if any(name == asked.name for name, _, _ in self._governance.listed("keys")):
            raise Conflict(f"There is a key {asked.name!r} already; choose another name.")
        secret, hashed = new_key()
        body = {**_body(principal, asked, hashed), **self._voucher(principal)}
        await self._governance.put(principal, "keys", asked.name, body, None)
        key = next(one for one in self.listed(principal) if one.name == asked.name)
        return NewKey(key=key, secret=secret)

    async def revoke(self, principal: Principal, name: str) -> None:
        """Take a key back; calls with it are refused at once.

        Raises:
            NotFound: There is none, or it is not the caller's.
            ConfigError: It is managed by mesh.yaml.
        """
        key = next((one for one in self.listed(principal) if one.name == name), None)
        if key is None:
            raise NotFound(f"There is no key {name[:80]!r} of yours.")
        await self._governance.put(principal, "keys", name, None, key.version)

    async def _is_somebodys(self, principal: Principal, asked: KeyRequest) -> None:
        """On a Hub nobody may sign up under the name of a program that has keys already."""
        user = asked.user or principal.user
        if self.people is None or user == principal.user:
            return
        if user in self._governance.config.service_accounts or await self.people.knows(user):
            return
        raise InvalidRequest(
            f"JupyterHub has no user {user[:80]!r}: for a program make a service account of this "
            "name first, so that nobody can sign up as it.",
            param="user",
        )

    def _voucher(self, principal: Principal) -> JsonObject:
        """Who of the Hub's users stands behind a key; of one made with a key, as behind that."""
        if self.people is None:
            return {}
        if principal.key_id is None:
            found = HubVoucher(user=principal.user, groups=tuple(sorted(principal.groups)))
        else:
            keys = self._governance.config.keys
            found = next((one.vouched_by for one in keys if one.name == principal.key_id), None)
        return {} if found is None else {"vouched_by": cast(Json, found.model_dump(mode="json"))}

    def _models_are_open(self, principal: Principal, asked: KeyRequest) -> None:
        open_models = self._keeper.snapshot.visible(principal)
        for name in asked.models:
            if "*" not in name and "?" not in name and name not in open_models:
                raise InvalidRequest(f"No model {name[:80]!r} is open to you.", param="models")


def _within_rights(principal: Principal, asked: KeyRequest, groups: frozenset[str]) -> None:
    if principal.may(Scope.ADMIN):
        return
    if principal.via in ("kernel", "service") or principal.key_id is not None:
        raise NotPermitted("A key is made by a person in JupyterLab, or by an admin: ask one.")
    if asked.admin:
        raise NotPermitted("Only an admin makes a key with an admin's rights.")
    if asked.auditor and not principal.may(Scope.AUDIT):
        raise NotPermitted("Only an auditor or an admin makes a key that reads every record.")
    if asked.user not in (None, principal.user):
        raise NotPermitted("Only an admin makes a key for somebody else.")
    if wider := sorted(set(asked.groups) - groups):
        raise NotPermitted(f"You are not in {', '.join(wider)}, so no key of yours can be.")


def _body(principal: Principal, asked: KeyRequest, hashed: str) -> JsonObject:
    if asked.expires is not None and in_utc(asked.expires) <= datetime.now(UTC):
        raise InvalidRequest("`expires` is in the past.", param="expires")
    if asked.budget_usd is not None:
        try:
            amount = Decimal(asked.budget_usd)
        except InvalidOperation:
            amount = Decimal(-1)
        if not amount.is_finite() or amount < 0:
            raise InvalidRequest(
                "`budget_usd` is an amount such as 25 or 0.50.", param="budget_usd"
            )
    values: JsonObject = {
        "hash": hashed,
        "user": asked.user or principal.user,
        "application": asked.application,
        "groups": list(asked.groups),
        "models": list(asked.models),
        "purpose": asked.purpose,
        "budget_usd": asked.budget_usd,
        "window": asked.window,
        "admin": asked.admin,
        "auditor": asked.auditor,
        "expires": in_utc(asked.expires).isoformat() if asked.expires else None,
        "maker": principal.user,
    }
    return {name: value for name, value in values.items() if value not in (None, [], False)}


def _shown(rule: KeyRule, setting: Setting | None) -> Key:
    return Key(
        name=rule.name,
        user=rule.user,
        application=rule.application,
        groups=list(rule.groups),
        models=list(rule.models),
        expires=rule.expires,
        purpose=rule.purpose,
        budget_usd=None if rule.budget_usd is None else f"{rule.budget_usd:f}",
        window=None if rule.budget_usd is None else rule.window,
        admin=rule.admin,
        auditor=rule.auditor,
        managed_by="admin" if setting else "mesh.yaml",
        version=setting.version if setting else None,
        maker=rule.maker,
    )
