"""The demonstration: German law-firm mailboxes on real servers, some broken on purpose."""
