"""Steps 4 to 8 of the customer's help page, as verbs the form and the command line share."""

from toolkit.onboarding.onboarding import (
    FolderListing,
    check_servers,
    list_folders,
    load_folders,
    office_users,
    save_account,
    suggest_settings,
)

__all__ = [
    "FolderListing",
    "check_servers",
    "list_folders",
    "load_folders",
    "office_users",
    "save_account",
    "suggest_settings",
]
