"""Print how the models of a built site did, feed by feed: the table of docs/models.md.

    python benchmarks/scores_of_site.py site

Scores are against first values. Live and backfilled forecasts are never mixed: `--live` prints the live ones.
"""

import argparse
from pathlib import Path

import pandas as pd

from reporter import evaluate


def rows(scores: pd.DataFrame, feed: str) -> list[str]:
    """Lay out a feed's table, a row for each target and model."""
    lines = []
    for target, group in scores.groupby("target"):
        dates = group["reference_date"]
        span = f"{dates.nunique()}, {dates.min()} to {dates.max()}"
        held = evaluate.coverage(group)["share"].to_dict()
        for model, row in evaluate.skill(group).iterrows():
            shares = f"{held[model, 50]:.0%} | {held[model, 95]:.0%}".replace("%", " %")
            lines.append(
                f"| `{feed}`, {target} | {span} | `{model}` | {row['tasks']:,.0f} | {row['skill']:.3f} | {shares} |"
            )
    return lines


def main() -> None:
    """Read a site's scores and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("site", type=Path)
    parser.add_argument("--live", action="store_true")
    options = parser.parse_args()
    print("| feed | reference dates | model | tasks | skill | likely | wide |\n|---|---|---|---|---|---|---|")
    for path in sorted((options.site / "data").glob("*/scores.parquet")):
        scores = pd.read_parquet(path)
        kind = scores[(scores["against"] == "first") & (scores["live"] == options.live)]
        print(*rows(kind, path.parent.name), sep="\n")


if __name__ == "__main__":
    main()
