"""Providers: presets, discovery and the advised route, from an address alone.

>>> from toolkit.providers import discover
>>> discover("kanzlei@gmx.de", resolver=None).imap
Server(host='imap.gmx.net', port=993, security=<Security.SSL: 'ssl'>)
"""

from __future__ import annotations

from toolkit.providers.address import Address, Rejected, parse_address
from toolkit.providers.catalogue import Catalogue, load_providers
from toolkit.providers.discovery import InvalidRecord, discover, discover_record
from toolkit.providers.hints import HINTS
from toolkit.providers.model import Mechanism, Provider, Segment, SentFiling, Status, UsernameForm
from toolkit.providers.resolver import Answer, InvalidSnapshot, Lookup, Resolver, Snapshot
from toolkit.providers.result import Candidate, Discovery, Outcome, Step
from toolkit.providers.route import Route, RouteAdvice, advise_route

__all__ = [
    "HINTS",
    "Address",
    "Answer",
    "Candidate",
    "Catalogue",
    "Discovery",
    "InvalidRecord",
    "InvalidSnapshot",
    "Lookup",
    "Mechanism",
    "Outcome",
    "Provider",
    "Rejected",
    "Resolver",
    "Route",
    "RouteAdvice",
    "Segment",
    "SentFiling",
    "Snapshot",
    "Status",
    "Step",
    "UsernameForm",
    "advise_route",
    "discover",
    "discover_record",
    "load_providers",
    "parse_address",
]
