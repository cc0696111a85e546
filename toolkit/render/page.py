"""A whole stand-alone HTML document."""

from __future__ import annotations

import base64
import hashlib
from html import escape

from toolkit.language import Text, current_language
from toolkit.render.markup import Html, join, label, style_sheet

__all__ = ["page"]


def page(
    title: Text | str,
    *body: Html | Text | str,
    subtitle: Text | str = "",
    footer: Text | str = "",
) -> str:
    """A whole stand-alone HTML document: no script, nothing loaded, readable in ten years.

    Args:
        title: shown as the heading and in the browser's tab.
        body: the pieces of the page in order.
        subtitle: one line below the heading, for example date and number of accounts.
        footer: one line at the end.
    """
    css = style_sheet()
    digest = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode("ascii")
    policy = (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    below = f'<p class="tk-subtitle">{label(subtitle)}</p>' if subtitle else ""
    end = f"<footer>{label(footer)}</footer>" if footer else ""
    return (
        f'<!DOCTYPE html>\n<html lang="{current_language()}" class="tk-page">\n<head>\n'
        '<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{escape(policy)}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        '<meta name="referrer" content="no-referrer">\n'
        f"<title>{label(title)}</title>\n<style>{css}</style>\n</head>\n"
        f'<body class="tk"><header><h1>{label(title)}</h1>{below}</header>\n'
        f"<main>{join(*body)}</main>{end}</body>\n</html>\n"
    )
