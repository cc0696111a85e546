"""Steps 4 to 8 of the customer's help page, as verbs the form and the command line share."""

from toolkit.onboarding.mapping import accept_mapping, parse_assignments, saved_mapping
from toolkit.onboarding.onboarding import (
    FolderListing,
    check_servers,
    list_folders,
    load_folders,
    office_users,
    remove_account,
    save_account,
    suggest_settings,
)

__all__ = [
    "FolderListing",
    "accept_mapping",
    "check_servers",
    "list_folders",
    "load_folders",
    "office_users",
    "parse_assignments",
    "remove_account",
    "save_account",
    "saved_mapping",
    "suggest_settings",
]
