"""Forms for notebooks and Voilà: views over the toolkit's verbs, without logic of their own.

Each function gives a form for the last line of a cell. Its module is imported when it is called:
starting a server needs this package, but no widgets.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ipywidgets

__all__ = ["office_mailbox_form", "onboarding_form", "sync_report_form", "troubleshoot_form"]


def onboarding_form() -> ipywidgets.Widget:
    """The form to connect an account together with the customer."""
    from toolkit.forms import onboarding

    return onboarding.onboarding_form()


def troubleshoot_form() -> ipywidgets.Widget:
    """The form to find out why a mailbox does not work, and what to tell the customer."""
    from toolkit.forms import troubleshoot

    return troubleshoot.troubleshoot_form()


def sync_report_form() -> ipywidgets.Widget:
    """The form to sync an account and see what arrived, now and in earlier runs."""
    from toolkit.forms import sync_report

    return sync_report.sync_report_form()


def office_mailbox_form() -> ipywidgets.Widget:
    """The form to see what a user of the office sees, and why."""
    from toolkit.forms import office_mailbox

    return office_mailbox.office_mailbox_form()
