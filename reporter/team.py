"""The `[team]` table: who answers for the forecasts, in the words of the hubs' model metadata."""

from typing import Annotated, Literal

from pydantic import Field

from reporter.tables import Table, Text, Texts, setting

LICENCES = ("CC0-1.0", "CC-BY-4.0", "CC-BY_SA-4.0", "PPDL", "ODC-by", "ODbL", "OGL-3.0")
"""What the CDC hubs allow."""

_Url = Annotated[str, Field(pattern=r"^https?://[^\s/]\S*$")]


class Contributor(Table):
    """One `[[team.contributors]]` table."""

    name: Text = setting("The contributor's name.", "a text")
    affiliation: Text = setting("Where they work.", "a text")
    email: Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")] = setting(
        "Where to reach them; published with the metadata.", "an email address"
    )
    orcid: Annotated[str, Field(pattern=r"^\d{4}-\d{4}-\d{4}-[\dX]{4}$")] | None = setting(
        "Their ORCID.", 'an ORCID as "0000-0002-1825-0097"', None
    )


class Team(Table):
    """The `[team]` table."""

    name: Text = setting("The team's name.", "a text")
    abbr: Annotated[str, Field(pattern=r"^[a-zA-Z0-9_+]{1,21}$")] = setting(
        "Its short form, the first part of a submission's file name.", "up to 21 letters, digits, _ and +"
    )
    contributors: Annotated[tuple[Contributor, ...], Field(min_length=1, strict=False)] = setting(
        "Who made the forecasts; the first is the contact.", "one or more [[team.contributors]] tables"
    )
    licence: Literal["CC0-1.0", "CC-BY-4.0", "CC-BY_SA-4.0", "PPDL", "ODC-by", "ODbL", "OGL-3.0"] = setting(
        "The licence of the forecasts.", f"one of {', '.join(LICENCES)}", "CC-BY-4.0"
    )
    website_url: _Url | None = setting(
        "The models' public page; `base_url` of `[site]` if left out.", "an http or https address", None
    )
    repo_url: _Url | None = setting("Where the code of the blog is.", "an http or https address", None)
    designated: Texts | None = setting(
        "The models offered for a hub's ensemble; at most two.", "a list of the feeds' models", None
    )
    github_users: Texts | None = setting("Who may submit for the team.", "a list of GitHub users", None)
