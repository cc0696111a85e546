"""Forms for notebooks and Voilà: views over the toolkit's verbs, without logic of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ipywidgets

__all__ = ["onboarding_form"]


def onboarding_form() -> ipywidgets.Widget:
    """The form to connect an account, for the last line of a cell.

    Imported when called: starting a server needs this package, but no widgets.
    """
    from toolkit.forms import onboarding

    return onboarding.onboarding_form()
