"""What the batch's notebooks call: one verb each, its result as markup."""

from __future__ import annotations

from pathlib import Path

from toolkit import render
from toolkit.batch.overview import read_overview, show_rows
from toolkit.batch.result import diagnose_for_report
from toolkit.language import Text
from toolkit.render import Html
from toolkit.views import show_diagnosis

__all__ = ["show_account_diagnosis", "show_batch"]


def show_account_diagnosis(account_id: str, result: str = "") -> Html:
    """Diagnose a saved account and show it; what `notebooks/diagnose_account.ipynb` calls.

    An office without that account is told so in words; everything else that goes wrong is a
    finding of the diagnosis.
    """
    if not account_id:
        return render.notice(
            "info",
            Text("Es wurde noch kein Konto angegeben.", "No account was named yet."),
            Text(
                "Oben die Id eines Kontos eintragen; „toolkit account list“ zeigt alle.",
                "Enter an account's id above; “toolkit account list” shows all.",
            ),
        )
    return show_diagnosis(diagnose_for_report(account_id, result))


def show_batch(folder: str) -> Html:
    """The overview a batch wrote into a folder."""
    if not folder:
        return render.notice(
            "info",
            Text("Es wurde noch kein Ordner angegeben.", "No folder was named yet."),
            Text(
                "Oben den Ordner eintragen, in den „toolkit batch --out“ geschrieben hat.",
                "Enter the folder above that “toolkit batch --out” wrote into.",
            ),
        )
    return render.join(*show_rows(read_overview(Path(folder))))
