"""The advised route, where discovery alone cannot show it."""

from __future__ import annotations

from toolkit.providers import Catalogue, Route, advise_route


def test_jimdo_rules_out_domain_integration(catalogue: Catalogue) -> None:
    """A domain at Jimdo stays with IMAP, and the advice says why."""
    advice = advise_route(catalogue["google-workspace"], own_domain=True, at_jimdo=True)
    assert (advice.route, advice.alternatives) == (Route.IMAP, ())
    assert any("Jimdo" in reason.de for reason in advice.reasons)
    closed = advise_route(catalogue["tuta"], own_domain=True, at_jimdo=True)
    assert closed.route is Route.UNSUPPORTED


def test_domain_integration_names_its_benefits(catalogue: Catalogue) -> None:
    """For an own domain the alternative's benefits and its consequence are told."""
    advice = advise_route(catalogue["strato"], own_domain=True)
    text = " ".join(reason.de for reason in advice.reasons)
    assert all(word in text for word in ("Kalender", "Kontakte", "Outlook-Add-in", "deaktivieren"))


def test_not_email_is_never_moved(catalogue: Catalogue) -> None:
    """A beA is no mailbox, whoever owns the domain."""
    assert advise_route(catalogue["bea"], own_domain=True).route is Route.UNSUPPORTED
