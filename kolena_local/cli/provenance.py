"""Print what was captured of code and environment; ``kolena-local models diff``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kolena_local.cli.completion import names_of
from kolena_local.cli.output.output_options import output_options
from kolena_local.cli.output.printing import Listing, print_fields, print_heading, print_listing
from kolena_local.cli.store_option import reading
from kolena_local.provenance.difference import Difference, differences, leaves

if TYPE_CHECKING:
    from kolena_local.repository.records import Facts

_DIFFERENCES = Listing(
    Difference._fields,
    {name: name for name in Difference._fields},
    "The models do not differ.",
)


@click.command("diff")
@click.argument("first", shell_complete=names_of("model"))
@click.argument("second", shell_complete=names_of("model"))
@output_options
def diff_models(first: str, second: str) -> None:
    """Show how two models differ in metadata, tags, and provenance.

    The provenance is what was captured of code and environment when the models were created; infer
    is the fingerprint of the function that made their inferences. Inferences and metrics are not
    compared here; see `compare`.
    """
    with reading() as unit:
        left, right = (unit.provenances.describe(unit.models.get(it)) for it in (first, second))
    print_listing(_DIFFERENCES, [one._asdict() for one in differences(left, right)])


def print_provenance(heading: str, facts: Facts | None, known: Facts | None = None) -> None:
    """Print what was captured, below a heading.

    Args:
        heading: what it was captured of.
        facts: what was captured; None if nothing was.
        known: what was printed before; it is not printed again.
    """
    print_heading(heading)
    if facts is None or facts == known:
        print_fields({"  captured": "nothing" if facts is None else "the same as above"})
        return
    packages = facts.get("packages")
    fields = leaves({name: value for name, value in facts.items() if name != "packages"})
    if isinstance(packages, dict):
        fields["packages"] = ", ".join(f"{name} {version}" for name, version in packages.items())
    print_fields({f"  {name}": value for name, value in fields.items()})
