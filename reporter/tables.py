"""What the tables of the settings are made of: their base, and the kinds of value in them."""

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field


class Table(BaseModel):
    """A table of `reporter.toml`: unknown keys and wrong types are refused."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


def setting(description: str, allowed: str, default: Any = ...) -> Any:
    """A key of a table: what it is for, what may stand there, and what holds if it is left out."""
    return Field(default, description=description, json_schema_extra={"allowed": allowed})


def as_list(value: Any) -> Any:
    """One text as a list of it."""
    return [value] if isinstance(value, str) else value


Text = Annotated[str, Field(min_length=1)]
Texts = Annotated[tuple[Text, ...], Field(min_length=1), BeforeValidator(as_list), Field(strict=False)]
"""One text, or a list of them."""
