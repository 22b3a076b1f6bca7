"""What `mesh.yaml` says about a connection to Google Vertex AI."""

from __future__ import annotations

import re
from typing import Self, cast

from pydantic import Field, field_validator, model_validator

from ..outbound.settings import SECRET, SecretReference
from .remote_config import ConvertedConfig

_PROJECT = re.compile(r"[a-z0-9][a-z0-9.:-]*")
_LOCATION = re.compile(r"[a-z0-9][a-z0-9-]*")
"""Both stand in the address of every request: they hold nothing that would change it."""

_MULTI_REGIONS = frozenset({"us", "eu"})


class VertexConfig(ConvertedConfig):
    """Settings of a connection to Google Vertex AI.

    Who asks is one of: `credentials`, `access_token`, `api_key`, or else Google's application
    default credentials (a service account of the machine, a workload identity, `gcloud`).

    Attributes:
        project: Id or number of the Google Cloud project; needed but with an API key.
        location: Such as `europe-west4`, a multi-region (`us`, `eu`), or `global`.
        base_url: Without version and path; by default that of the location. Write a private
            endpoint's here.
        credentials: A reference to the JSON of a service account's key, or of a workload identity
            federation.
        access_token: A reference to a token that something else keeps fresh.
        quota_project: Another project to charge the quota to.
        thoughts: Ask for summaries of what a model thinks wherever a call says how much it shall
            think.
    """

    base_url: str = ""
    project: str | None = None
    location: str = "global"
    credentials: SecretReference | None = Field(default=None, json_schema_extra=SECRET)
    access_token: SecretReference | None = Field(default=None, json_schema_extra=SECRET)
    quota_project: str | None = None
    thoughts: bool = True

    @model_validator(mode="before")
    @classmethod
    def _at_its_location(cls, value: object) -> object:
        fields = cast("dict[str, object]", value) if isinstance(value, dict) else None
        if fields is None or fields.get("base_url"):
            return cast(object, value)
        return {**fields, "base_url": address_of(str(fields.get("location", "global")))}

    @field_validator("project", "quota_project")
    @classmethod
    def _is_a_project(cls, value: str | None) -> str | None:
        if value is not None and not _PROJECT.fullmatch(value):
            raise ValueError("write its id, such as my-project")
        return value

    @field_validator("location")
    @classmethod
    def _is_a_location(cls, value: str) -> str:
        if not _LOCATION.fullmatch(value):
            raise ValueError("write its id, such as europe-west4")
        return value

    @model_validator(mode="after")
    def _says_who_asks(self) -> Self:
        if sum(one is not None for one in (self.api_key, self.credentials, self.access_token)) > 1:
            raise ValueError("write one of `api_key`, `credentials` and `access_token`")
        if self.project is None and self.api_key is None:
            raise ValueError("name the `project`; only with an `api_key` can it be left out")
        return self


def address_of(location: str) -> str:
    """Where the API is for a location, as Google's own client has it."""
    if location == "global":
        return "https://aiplatform.googleapis.com"
    if location in _MULTI_REGIONS:
        return f"https://aiplatform.{location}.rep.googleapis.com"
    return f"https://{location}-aiplatform.googleapis.com"
